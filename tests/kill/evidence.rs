//! What an org's own log says of a connection, in the words of records and calls; and what the bus was given.
//!
//! Must not know: what of it is right.

use std::collections::VecDeque;
use std::time::Duration;

use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::record::Record;
use rules::time::Timestamp;
use rules::tries::TryOutcome;
use salesforce_sim::{CallKind, LogEntry, Outcome, RecordLog, Sequence, Simulator};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How long after a request Salesforce may still commit it.
pub(crate) const LATE: Duration = Duration::from_mins(10);

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// One record of one request that Salesforce got.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) sequence: Sequence,
    pub(crate) at: Timestamp,
    pub(crate) key: RecordKey,
    pub(crate) outcome: Outcome,
    /// The source's version, where the payload tells it in the field `V__c`.
    pub(crate) version: i64,
}

impl Sent {
    /// Whether Salesforce looked at the record, or will.
    pub(crate) fn is_processed(&self) -> bool {
        match self.outcome {
            Outcome::Committed { .. } | Outcome::Refused { .. } | Outcome::Pending { .. } => true,
            Outcome::NotProcessed => false,
        }
    }
}

/// The requests that an org got.
pub(crate) fn requests(org: &Simulator) -> Vec<LogEntry> {
    let all = org.log();
    all.into_iter().filter(|entry| !matches!(entry.kind, CallKind::External | CallKind::LateCommit)).collect()
}

/// The records of these requests.
pub(crate) fn sent(connection: &ConnectionId, requests: &[LogEntry]) -> Vec<Sent> {
    let of = |entry: &LogEntry| {
        let (sequence, at) = (entry.sequence, at(entry));
        let sent = |record: &RecordLog| Sent {
            sequence,
            at,
            key: key(connection, record.object.as_str(), record.external_id.as_ref().unwrap().as_str()),
            outcome: record.outcome.clone(),
            version: record.fields.get("V__c").and_then(Value::as_i64).unwrap_or(0),
        };
        entry.records.iter().map(sent).collect::<Vec<_>>()
    };
    requests.iter().flat_map(of).collect()
}

/// The most calls of any 24 hours. The calls are in the order of their times.
pub(crate) fn most_calls_of_a_day(calls: &[Timestamp]) -> u64 {
    let (mut within, mut most) = (VecDeque::new(), 0);
    for &call in calls {
        within.push_back(call);
        while within.front().is_some_and(|&first: &Timestamp| first + DAY <= call) {
            within.pop_front();
        }
        most = most.max(within.len());
    }
    most as u64
}

/// When a request came.
pub(crate) fn at(entry: &LogEntry) -> Timestamp {
    Timestamp::from_millis(entry.started.0)
}

/// A record's key.
pub(crate) fn key(connection: &ConnectionId, object: &str, id: &str) -> RecordKey {
    let (object, id) = (ObjectName::new(object).unwrap(), RecordId::new(id).unwrap());
    RecordKey { connection: connection.clone(), object, id }
}

/// How many of the tries that a record remembers nobody knows the outcome of.
pub(crate) fn unknown_tries(record: &Record) -> usize {
    record.tries.iter().filter(|tried| tried.outcome == TryOutcome::Unknown).count()
}

/// The details of the events of one kind.
pub(crate) fn published_as<T: DeserializeOwned>(published: &[Value], kind: &str) -> Vec<T> {
    let events = published.iter().filter(|event| event["detail-type"] == kind);
    events.map(|event| serde_json::from_value(event["detail"].clone()).unwrap()).collect()
}

#[test]
fn a_day_of_calls_is_counted_to_the_millisecond() {
    let day = i64::try_from(DAY.as_millis()).unwrap();
    let calls = |at: &[i64]| most_calls_of_a_day(&at.iter().map(|&at| Timestamp::from_millis(at)).collect::<Vec<_>>());
    assert_eq!(calls(&[]), 0);
    assert_eq!(calls(&[0, 1, day - 1]), 3);
    assert_eq!(calls(&[0, 1, day]), 2);
    assert_eq!(calls(&[0, day, 2 * day, 2 * day + 5, 3 * day]), 2);
}
