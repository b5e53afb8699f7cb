//! What the store in memory holds, and the one place where a record's item, payload and index entries move together.
//!
//! Must not know: ports' signatures, faults.

use std::collections::BTreeMap;

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{ActionKey, ConnectionId, Epoch, RecordKey, RequestId};
use rules::journal::{Entry, Slot};
use rules::record::{PayloadPlace, Record, Stored};
use rules::resync::Request;
use rules::time::Timestamp;
use rules::usage::Usage;
use rules::version::SourceVersion;

use super::actions::Claim;
use super::directory::{Numbers, Sums};
use super::faults::Faults;
use super::index::Indexes;
use crate::payload::Payload;
use crate::ports::{AuditEntry, DeletionMark, OutcomeWrite, PayloadChange, Put, RunReport, Written};

/// A record's item.
pub(super) struct Item {
    pub(super) stored: Stored,
    pub(super) payload: Option<Payload>,
}

/// A payload in an item of its own.
pub(super) struct Apart {
    pub(super) version: SourceVersion,
    pub(super) payload: Payload,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) items: BTreeMap<RecordKey, Item>,
    pub(super) apart: BTreeMap<RecordKey, Apart>,
    pub(super) indexes: Indexes,
    pub(super) frozen: Option<Indexes>,
    pub(super) controls: BTreeMap<ConnectionId, Control>,
    pub(super) journals: BTreeMap<ConnectionId, BTreeMap<Slot, Entry>>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    /// Of those that are to be deleted.
    pub(super) marks: BTreeMap<ConnectionId, DeletionMark>,
    pub(super) usage: BTreeMap<ConnectionId, Usage>,
    pub(super) error_types: BTreeMap<ConnectionId, BTreeMap<ErrorType, Numbers>>,
    pub(super) sums: BTreeMap<ConnectionId, Sums>,
    pub(super) reports: BTreeMap<ConnectionId, BTreeMap<(Timestamp, Epoch), RunReport>>,
    pub(super) requests: BTreeMap<(ConnectionId, RequestId), Request>,
    pub(super) audit: BTreeMap<(Timestamp, u64), AuditEntry>,
    pub(super) actions: BTreeMap<ActionKey, Claim>,
    pub(super) faults: Faults,
}

impl State {
    /// The indexes as a listing sees them.
    pub(super) fn listed(&self) -> &Indexes {
        self.frozen.as_ref().unwrap_or(&self.indexes)
    }

    pub(super) fn put(&mut self, put: &Put) -> Written {
        let key = put.stored.key();
        let current = self.items.get(key);
        if current.map(|item| item.stored.fence()) != put.expected {
            return conflict(current);
        }
        self.write(&put.stored, &put.payload);
        Written::Done
    }

    pub(super) fn remove(&mut self, key: &RecordKey) {
        if let Some(removed) = self.items.remove(key) {
            self.indexes.remove(&removed.stored);
        }
        self.apart.remove(key);
    }

    pub(super) fn write_outcome(&mut self, write: &OutcomeWrite) -> Written {
        if self.faults.throttles() {
            return Written::Throttled;
        }
        let current = self.items.get(&write.before.key);
        if current.is_none_or(|item| item.stored.fence() != write.before.fence) {
            return conflict(current);
        }
        let after = Stored::Record(Box::new(write.after.clone()));
        let payload = if write.after.is_failing() { PayloadChange::Keep } else { PayloadChange::Drop };
        self.write(&after, &payload);
        Written::Done
    }

    /// The payload that is apart and belongs to this very version of the record.
    pub(super) fn payload_apart(&self, record: &Record) -> Option<Payload> {
        let apart = self.apart.get(&record.key)?;
        (apart.version == record.source_version).then(|| apart.payload.clone())
    }

    fn write(&mut self, stored: &Stored, change: &PayloadChange) {
        let key = stored.key();
        let old = self.items.remove(key);
        if let Some(old) = &old {
            self.indexes.remove(&old.stored);
        }
        let payload = match change {
            PayloadChange::Keep => old.and_then(|item| item.payload),
            PayloadChange::Drop => self.place(stored, None),
            PayloadChange::Set(payload) => self.place(stored, Some(payload)),
        };
        self.indexes.add(stored);
        self.items.insert(key.clone(), Item { stored: stored.clone(), payload });
    }

    /// Puts the payload where the record names, in the place of the one that is there; answers with the inline one.
    fn place(&mut self, stored: &Stored, payload: Option<&Payload>) -> Option<Payload> {
        self.apart.remove(stored.key());
        let record = match stored {
            Stored::Record(record) => record,
            Stored::Success(_) => return None,
        };
        let payload = payload?.clone();
        match record.payload {
            PayloadPlace::Inline => Some(payload),
            PayloadPlace::Apart { .. } => {
                let apart = Apart { version: record.source_version, payload };
                self.apart.insert(record.key.clone(), apart);
                None
            }
        }
    }
}

fn conflict(current: Option<&Item>) -> Written {
    Written::Conflict(current.map(|item| Box::new(item.stored.clone())))
}
