//! What the log of a simulated org says of each record: when it was sent, in which call, and what came of it.
//!
//! Must not know: the table and the bus.

use std::collections::BTreeMap;

use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::time::Timestamp;
use salesforce_sim::{CallKind, LogEntry, Outcome, RecordLog, Sequence};

use super::broken;
use crate::demo::summary::Violation;

/// Per-record codes that blame the org or another record: the record itself was not processed. Source: Salesforce, SOAP
/// API, `StatusCode`.
const NOT_THE_RECORDS_OWN: [&str; 7] = [
    "STORAGE_LIMIT_EXCEEDED",
    "REQUEST_LIMIT_EXCEEDED",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "PROCESSING_HALTED",
    "BATCH_PROCESSING_HALTED",
    "EMAIL_NOT_PROCESSED_DUE_TO_PRIOR_ERROR",
    "FAILED_DUE_TO_OTHER_INPUTS",
];

/// The per-record code that says that nothing is left to do.
const GONE: &str = "ENTITY_IS_DELETED";

/// What one send of one record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Salesforce saved it and said so.
    Saved,
    /// Salesforce processed it and refused it.
    Failed,
    /// Salesforce says that it is gone.
    Gone,
    /// It was not processed, and the answer said so.
    NotProcessed,
    /// The whole request was refused for something in it; it counts for the one record that it comes down to.
    Rejected,
    /// No answer, or one that leaves it open.
    Unknown,
}

/// Whether a send is one of a record's tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    Yes,
    No,
    Maybe,
}

impl Came {
    pub(super) fn counts(self) -> Counts {
        match self {
            Self::Saved | Self::Failed | Self::Gone => Counts::Yes,
            Self::Rejected | Self::Unknown => Counts::Maybe,
            Self::NotProcessed => Counts::No,
        }
    }

    fn of(entry: &LogEntry, record: &RecordLog) -> Self {
        match (&record.outcome, entry.status) {
            (Outcome::Committed { .. }, Some(200..=299)) => Self::Saved,
            (Outcome::Refused { code }, Some(200..=299)) => Self::of_code(code.as_str()),
            (Outcome::NotProcessed, Some(401 | 403 | 503)) => Self::NotProcessed,
            (Outcome::NotProcessed, Some(400..=499)) => Self::Rejected,
            (_, _) => Self::Unknown,
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            GONE => Self::Gone,
            code if NOT_THE_RECORDS_OWN.contains(&code) => Self::NotProcessed,
            _ => Self::Failed,
        }
    }
}

/// One send of one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Send {
    /// The call that carried it.
    pub(super) call: Sequence,
    /// When the call arrived.
    pub(super) at: Timestamp,
    /// When it was processed.
    pub(super) ended: Timestamp,
    /// What came of it.
    pub(super) came: Came,
}

/// The sends of every record, in the order in which they took effect.
pub(super) type Sends = BTreeMap<RecordKey, Vec<Send>>;

/// Collects the sends of a connection. A record that nobody can identify breaks invariant 7: nothing was due.
pub(super) fn collect(connection: &ConnectionId, log: &[LogEntry], sends: &mut Sends, violations: &mut Vec<Violation>) {
    for entry in log.iter().filter(|entry| is_ours(entry.kind)) {
        for record in entry.records.iter() {
            let send = Send {
                call: entry.sequence,
                at: Timestamp::from_millis(entry.started.0),
                ended: Timestamp::from_millis(entry.ended.0),
                came: Came::of(entry, record),
            };
            match key(connection, record) {
                Some(key) => sends.entry(key).or_default().push(send),
                None => {
                    broken(
                        violations,
                        7,
                        format!("{connection}: a record without external id was sent at {}", send.at),
                    );
                }
            }
        }
    }
}

/// Whether an entry is a request of ours, and no write by somebody else or the end of an earlier request.
pub(super) fn is_ours(kind: CallKind) -> bool {
    !matches!(kind, CallKind::External | CallKind::LateCommit)
}

fn key(connection: &ConnectionId, record: &RecordLog) -> Option<RecordKey> {
    let object = ObjectName::new(record.object.as_str()).ok()?;
    let id = RecordId::new(record.external_id.as_ref()?.as_str()).ok()?;
    Some(RecordKey { connection: connection.clone(), object, id })
}
