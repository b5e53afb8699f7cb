//! The independent check: compares what the simulated orgs logged with what the table and the bus say, against the
//! invariants that docs/ARCHITECTURE.md numbers.
//!
//! Must not know: how the engine works. It uses none of its code but the types of records and events.

mod budget;
mod records;

use std::collections::BTreeMap;

use rules::events::Outbound;
use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::record::Stored;
use rules::time::Timestamp;
use salesforce_sim::{CallKind, LogEntry, Outcome};

pub(crate) use budget::{calls, peak};

use super::facts::Facts;
use super::summary::Violation;

/// How long Salesforce may go on with a request that was not answered. Source: Salesforce, REST API, time-outs.
const LATE_COMMIT: std::time::Duration = std::time::Duration::from_mins(10);

/// What one send of one record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// Salesforce processed it and answered.
    Processed,
    /// It was not processed, and the answer said so.
    Refused,
    /// No answer, or one that leaves it open.
    Unknown,
}

/// One send of one record.
#[derive(Clone, Copy, Debug)]
struct Send {
    at: Timestamp,
    ended: Timestamp,
    came: Came,
}

/// What is checked.
pub(crate) struct Evidence<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) policies: BTreeMap<ConnectionId, rules::policy::Policy>,
    pub(crate) stored: BTreeMap<RecordKey, Stored>,
    pub(crate) logs: BTreeMap<ConnectionId, Vec<LogEntry>>,
    pub(crate) published: Vec<Outbound>,
}

/// Checks invariants 1, 2, 4, 5, 6, 7, 8 and 10; gives every break.
pub(crate) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut sends: BTreeMap<RecordKey, Vec<Send>> = BTreeMap::new();
    for (connection, log) in &evidence.logs {
        budget::check(evidence.facts, connection, log, &mut violations);
        collect(connection, log, &mut sends);
    }
    records::check(evidence, &sends, &mut violations);
    violations
}

/// Every send of every record, in order.
fn collect(connection: &ConnectionId, log: &[LogEntry], sends: &mut BTreeMap<RecordKey, Vec<Send>>) {
    for entry in log.iter().filter(|entry| entry.kind == CallKind::Collections) {
        let answered = entry.status == Some(200);
        for record in entry.records.iter() {
            let key = record.external_id.as_ref().and_then(|id| {
                let object = ObjectName::new(record.object.as_str()).ok()?;
                let id = RecordId::new(id.as_str()).ok()?;
                Some(RecordKey { connection: connection.clone(), object, id })
            });
            let came = match (&record.outcome, entry.status) {
                (Outcome::Committed { .. } | Outcome::Refused { .. }, _) if answered => Came::Processed,
                (Outcome::NotProcessed, Some(400 | 401 | 403 | 404 | 503)) => Came::Refused,
                (_, _) => Came::Unknown,
            };
            let at = Timestamp::from_millis(entry.started.0);
            let ended = Timestamp::from_millis(entry.ended.0);
            if let Some(key) = key {
                sends.entry(key).or_default().push(Send { at, ended, came });
            }
        }
    }
}

/// Notes a break.
fn broken(violations: &mut Vec<Violation>, invariant: u8, seen: String) {
    violations.push(Violation { invariant, seen });
}
