//! What must be true whatever became of the processes, by Salesforce's own log and by what the commands answer.
//!
//! Must not know: when a process died.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::time::Timestamp;
use salesforce_sim::{CallKind, LogEntry};
use serde_json::Value;

use super::world::{CAP, OBJECTS, World, ids, is_refused};

/// How long after a request Salesforce may still commit it.
const LATE: Duration = Duration::from_mins(10);

const DAY: Duration = Duration::from_hours(24);

fn at(entry: &LogEntry) -> Timestamp {
    Timestamp::from_millis(entry.started.0)
}

/// Exclusion: no record is sent again while its last request may still be committed, nor twice for one tick.
pub(crate) fn sent_apart(world: &World) {
    let mut last = BTreeMap::<String, Timestamp>::new();
    for entry in world.simulator.log().iter().filter(|entry| entry.kind == CallKind::Collections) {
        for record in entry.records.iter() {
            let key = format!("{:?}/{:?}", record.object, record.external_id);
            let before = last.insert(key.clone(), at(entry));
            let apart = before.is_none_or(|before| at(entry) >= before + LATE);
            assert!(apart, "{key} was sent at {before:?} and again at {}", at(entry));
        }
    }
}

/// Budget: no 24 hours hold more calls than the cap.
pub(crate) fn within_budget(world: &World) {
    let calls: Vec<Timestamp> = world.simulator.log().iter().filter(|entry| entry.counted).map(at).collect();
    for &from in &calls {
        let within = calls.iter().filter(|&&call| from <= call && call < from + DAY).count();
        assert!(within <= CAP, "{within} calls in the 24 hours from {from}");
    }
}

/// Conservation: every record that was taken in is there, saved in Salesforce or refused by it.
pub(crate) fn nothing_is_lost(world: &World) {
    for object in OBJECTS {
        for id in ids() {
            let record = world.resync(world.now(), &["explain", &format!("acme/{object}/{id}")]);
            let resolved = &record["record"]["state"]["resolved"]["how"];
            let saved = world.simulator.record(object, "Ext__c", id.as_str()).is_some();
            let expected = if is_refused(&id) { Value::Null } else { Value::from("retried") };
            assert_eq!((resolved, saved), (&expected, !is_refused(&id)), "{object} {id}: {record}");
        }
    }
}
