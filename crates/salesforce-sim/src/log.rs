//! The simulator's own log: what arrived, what was answered, what was committed and when.
//! It must not decide anything; it is appended to and read.

use std::sync::Arc;

use serde::Serialize;

use crate::names::{ExternalId, FieldName, Fields, Millis, ObjectName, SalesforceId, StatusCode};
use crate::org::faults::Effect;

/// The place of an entry in the log, from 1. Entries are in the order in which they took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// What a log entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// A login.
    Token,
    /// The list of API versions.
    Versions,
    /// The list of resources of one version.
    Resources,
    /// A collections upsert.
    Collections,
    /// An upsert of one record by external id.
    Upsert,
    /// A record created without an external id.
    Create,
    /// A record updated by its Salesforce id.
    Update,
    /// A record deleted by its Salesforce id.
    Delete,
    /// A record read, by either id.
    Get,
    /// A query.
    Query,
    /// The org's limits.
    Limits,
    /// A request to an address that does not exist.
    Unknown,
    /// A write by somebody else: no HTTP request.
    External,
    /// A commit that was promised to an earlier request and happened after it: no HTTP request.
    LateCommit,
}

/// What became of one record of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Written.
    Committed {
        /// The record written.
        id: SalesforceId,
        /// Whether it did not exist before.
        created: bool,
        /// When it was written, on the simulator's clock.
        at: Millis,
    },
    /// Processed and refused.
    Refused {
        /// The record's error code.
        code: StatusCode,
    },
    /// Never looked at.
    NotProcessed,
    /// Will be processed at `due`; an entry of kind `LateCommit` will tell the outcome.
    Pending {
        /// The instant of processing, on the simulator's clock.
        due: Millis,
    },
}

/// One record of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordLog {
    /// The record's object.
    pub object: ObjectName,
    /// The external-id field of the request; `None` for a call by Salesforce id.
    pub field: Option<FieldName>,
    /// The record's external id; `None` when the payload had none.
    pub external_id: Option<ExternalId>,
    /// The fields as they were sent, without `attributes`.
    pub fields: Arc<Fields>,
    /// What became of it.
    pub outcome: Outcome,
}

/// One entry: an HTTP request, a write by somebody else, or a late commit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Its place in the log.
    pub sequence: Sequence,
    /// When the request arrived, on the simulator's clock.
    pub started: Millis,
    /// When it was processed, on the simulator's clock: later than `started` by the fault's latency.
    pub ended: Millis,
    /// What it was.
    pub kind: CallKind,
    /// The HTTP status; `None` when no answer was sent.
    pub status: Option<u16>,
    /// Whether it counted against the org's limit.
    pub counted: bool,
    /// The fault that was applied; with latency and another fault, the other one.
    pub fault: Option<Effect>,
    /// For a late commit, the entry of the request that promised it.
    pub late_commit_of: Option<Sequence>,
    /// The records the request asked to write, in its order.
    pub records: Arc<[RecordLog]>,
}

/// The entries so far.
#[derive(Debug, Default)]
pub(crate) struct Log(Vec<LogEntry>);

impl Log {
    /// The sequence number of the next entry.
    pub(crate) fn next(&self) -> Sequence {
        Sequence(self.0.len() as u64 + 1)
    }

    /// Appends an entry, which must carry the number of [`Log::next`].
    pub(crate) fn append(&mut self, entry: LogEntry) {
        debug_assert_eq!(entry.sequence, self.next(), "entries are numbered without gaps");
        self.0.push(entry);
    }

    /// The entries after `sequence`, in order.
    pub(crate) fn after(&self, sequence: Sequence) -> &[LogEntry] {
        let skip = usize::try_from(sequence.0).unwrap_or(usize::MAX).min(self.0.len());
        &self.0[skip..]
    }
}
