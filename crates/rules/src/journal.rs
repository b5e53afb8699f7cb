//! The journal: what was sent before its outcome is known, and what recovery makes of it.
//!
//! Must not know: how slots are stored, or how a record's outcome is written.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counts::TryKind;
use crate::ids::{BatchId, Epoch, Fence, FieldName, ObjectName, RecordId};
use crate::record::{Resolution, State, Stored};
use crate::time::Timestamp;
use crate::tries::Try;
use crate::version::SourceVersion;

/// How long after the end of a request Salesforce may still commit it: 10 minutes, and one for skew.
pub const LATE_COMMIT: Duration = Duration::from_mins(11);

/// One of a connection's journal slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u16);

/// The content of a slot as last seen: who wrote it and with which of its writes. No two contents have the same stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// The writer's epoch.
    pub epoch: Epoch,
    /// The writer's count of slot writes.
    pub write: u32,
}

/// A record in a batch, and the version of its item that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sent {
    /// Its external id.
    pub id: RecordId,
    /// Its item's version when it was read.
    pub fence: Fence,
    /// The source version of the payload that was sent.
    pub version: SourceVersion,
}

/// How far an entry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Sent, or about to be; the outcome is not written.
    Open,
    /// All outcomes are written and published, but some are unknown: the keys stay quarantined.
    Settled,
    /// Done: the slot may be overwritten.
    Closed,
}

/// One batch that was sent or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Where it is.
    pub slot: Slot,
    /// Its content's stamp.
    pub stamp: Stamp,
    /// The request.
    pub batch: BatchId,
    /// The records' object.
    pub object: ObjectName,
    /// The external-id field.
    pub field: FieldName,
    /// The records. Empty once it is closed.
    pub sent: Vec<Sent>,
    /// Who asked for the try.
    pub kind: TryKind,
    /// The tick of the run that sent it: recovery computes the next try from it.
    pub tick: Timestamp,
    /// The sender drops the batch when it has not sent it by then.
    pub send_by: Timestamp,
    /// Until when Salesforce may still commit it.
    pub quarantined_until: Timestamp,
    /// How far it has come.
    pub phase: Phase,
}

impl Entry {
    /// The end of the quarantine of a batch that is sent by `send_by`.
    #[must_use]
    pub fn quarantine(send_by: Timestamp, request_timeout: Duration) -> Timestamp {
        send_by + request_timeout + LATE_COMMIT
    }

    /// Whether a later run than that of `epoch` wrote it. Whoever finds such an entry was deposed, and leaves all of them alone.
    #[must_use]
    pub fn is_of_later_run(&self, epoch: Epoch) -> bool {
        self.stamp.epoch > epoch
    }

    /// Whether its keys may not be sent at `now`.
    #[must_use]
    pub fn quarantines(&self, now: Timestamp) -> bool {
        match self.phase {
            Phase::Open => true,
            Phase::Settled => self.quarantined_until > now,
            Phase::Closed => false,
        }
    }
}

/// What recovery finds out about one key of an entry that an older epoch left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// Its outcome was written: publish the stored one again.
    Settled(Try),
    /// A later batch left an outcome: count nothing.
    Later,
    /// Nobody knows whether it was sent: count the try once, as unknown.
    Unknown,
    /// Its source reported a success of a newer version after it was read: our payload may have followed that write.
    Overtaken,
    /// The record is gone, or was resolved in another way.
    Over,
}

/// Looks up what became of one key, whose payload was sent in version `sent`.
#[must_use]
pub fn recover(batch: BatchId, sent: SourceVersion, stored: Option<&Stored>) -> Recovered {
    let overtaken = |newer: SourceVersion| if newer == sent { Recovered::Over } else { Recovered::Overtaken };
    let record = match stored {
        None => return Recovered::Over,
        Some(Stored::Success(mark)) => return overtaken(mark.source_version),
        Some(Stored::Record(record)) => record,
    };
    if let Some(tried) = record.tries.of_batch(batch) {
        return Recovered::Settled(*tried);
    }
    if record.tries.later_than(batch) {
        return Recovered::Later;
    }
    match record.state {
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(_) => Recovered::Unknown,
        State::Resolved { how: Resolution::SucceededElsewhere, .. } => overtaken(record.source_version),
        State::Resolved { how: Resolution::Retried | Resolution::Gone | Resolution::Deleted, .. } => Recovered::Over,
    }
}
