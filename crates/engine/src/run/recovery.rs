//! Recovery: settles the journal entries that older epochs left open, before anything is sent.
//!
//! Must not know: why those runs ended.

use std::collections::HashMap;

use rules::events::PossibleOverwrite;
use rules::ids::RecordKey;
use rules::journal::{Entry, Phase, Recovered, recover};
use rules::record::{Record, Stored};
use rules::verdict::{Attempt, Reading};
use rules::version::SourceVersion;

use super::interrupt::Interrupt;
use super::quarantine::Quarantine;
use super::settle::{Settled, Tried, settle_all};
use super::slots::Slots;
use super::source::readable;
use super::work::Worker;
use crate::parts::Ports;
use crate::ports::{Clock, Journal, PortError, Records, SlotWritten, StopReason};

impl<P: Ports> Worker<'_, P> {
    /// Reads the journal and settles what is open.
    pub(super) async fn recover(&mut self) -> Result<(), Interrupt> {
        let now = self.context.ports.clock().now();
        let id = &self.context.connection.id;
        let entries = self.context.ports.store().entries(id).await?;
        // This run slept longer than its lease: what it finds open is in flight, and not left behind.
        if entries.iter().any(|entry| entry.is_of_later_run(self.held.epoch)) {
            return Err(Interrupt::Deposed);
        }
        self.slots = Slots::new(self.held.epoch, &entries, now);
        self.quarantine = Quarantine::of(id, &entries, now);
        for entry in entries.into_iter().filter(|entry| entry.phase == Phase::Open) {
            self.recover_entry(entry).await?;
        }
        self.publish().await
    }

    async fn recover_entry(&mut self, entry: Entry) -> Result<(), Interrupt> {
        let entry = self.stamp(entry, Phase::Open).await?;
        let settled = self.settle_entry(&entry).await?;
        if settled.throttled {
            self.stop = Some(StopReason::Throttled);
            return Ok(());
        }
        self.deliver(entry, settled);
        Ok(())
    }

    /// Writes the entry anew under our epoch, in this phase: whoever was deposed cannot write it any more.
    pub(super) async fn stamp(&mut self, entry: Entry, phase: Phase) -> Result<Entry, Interrupt> {
        let place = self.slots.rewrite(entry.slot);
        let stamped = Entry { stamp: place.stamp, phase, ..entry };
        let store = self.context.ports.store();
        match store.write_entry(&self.context.connection.id, &stamped, place.expected).await? {
            SlotWritten::Done => Ok(stamped),
            SlotWritten::Conflict => Err(Interrupt::Deposed),
        }
    }

    async fn settle_entry(&mut self, entry: &Entry) -> Result<Settled, PortError> {
        let id = &self.context.connection.id;
        let key = |sent: &rules::journal::Sent| RecordKey {
            connection: id.clone(),
            object: entry.object.clone(),
            id: sent.id.clone(),
        };
        let keys: Vec<RecordKey> = entry.sent.iter().map(key).collect();
        let read: Vec<_> = readable(self.context.ports.store().read_each(&keys).await?);
        let stored: HashMap<RecordKey, Stored> =
            read.into_iter().map(|read| (read.stored.key().clone(), read.stored)).collect();
        let mut found = Settled::default();
        let mut tries = Vec::new();
        for (key, sent) in keys.iter().zip(&entry.sent) {
            sort(entry, key, sent.version, stored.get(key), &mut found, &mut tries);
        }
        let attempt = Attempt {
            batch: entry.batch,
            kind: entry.kind,
            tick: entry.tick,
            at: self.context.ports.clock().now(),
            commits_until: entry.quarantined_until,
        };
        let counted = settle_all(self.context, &attempt, tries).await?;
        Ok(found.and(counted))
    }
}

fn sort(
    entry: &Entry,
    key: &RecordKey,
    sent: SourceVersion,
    stored: Option<&Stored>,
    found: &mut Settled,
    tries: &mut Vec<Tried>,
) {
    match (recover(entry.batch, sent, stored), stored) {
        (Recovered::Settled(known), Some(Stored::Record(record))) => found.note(record, &known),
        (Recovered::Unknown, Some(Stored::Record(record))) => {
            let current = record.as_ref().clone();
            let record = Record { source_version: sent, ..current.clone() };
            tries.push(Tried { record, current: Some(current), reading: Reading::Unknown });
        }
        (Recovered::Overtaken, Some(stored)) => {
            let (connection, object, id) = (key.connection.clone(), key.object.clone(), key.id.clone());
            found.overtaken.push(PossibleOverwrite::of(connection, object, id, sent, stored.source_version()));
            found.unknown = true;
        }
        // Nothing is to be written, and yet Salesforce may still commit what was sent.
        (Recovered::Over, _) => found.unknown = true,
        (Recovered::Settled(_) | Recovered::Unknown | Recovered::Overtaken | Recovered::Later, _) => {}
    }
}
