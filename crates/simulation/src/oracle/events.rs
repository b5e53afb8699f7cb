//! Invariant 10, Events: every outcome that is written was published, no other was, and an event that is published again does not
//! contradict itself.
//!
//! Must not know: how events are kept until the bus takes them.

use std::collections::BTreeMap;

use rules::events::{Outbound, RecordsRetried};
use rules::ids::{BatchId, RecordKey};
use rules::record::Stored;
use rules::tries::{REMEMBERED, TryOutcome};

use super::Evidence;

type Said = BTreeMap<(RecordKey, BatchId), TryOutcome>;

pub(super) fn check(evidence: &Evidence<'_>) {
    let mut said = Said::new();
    for event in evidence.posted.iter().filter_map(retried) {
        if event.connection == evidence.connection.id {
            hear(evidence, &mut said, event);
        }
    }
    for record in evidence.records() {
        for tried in record.tries.iter() {
            let told = said.get(&(record.key.clone(), tried.batch));
            if told != Some(&tried.outcome) {
                let text = format!("its try {} came to {:?}, and {told:?} was published", tried.batch, tried.outcome);
                evidence.violated("events", Some(&record.key), text);
            }
        }
    }
    for ((key, batch), outcome) in &said {
        is_written(evidence, key, *batch, *outcome);
    }
}

fn retried(event: &Outbound) -> Option<&RecordsRetried> {
    match event {
        Outbound::RecordsRetried(event) => Some(event),
        Outbound::RecordsTimedOut(_)
        | Outbound::BudgetSpent(_)
        | Outbound::PossibleOverwrite(_)
        | Outbound::RunRequested(_)
        | Outbound::ConnectionSuspended(_)
        | Outbound::ConnectionResumed(_) => None,
    }
}

fn hear(evidence: &Evidence<'_>, said: &mut Said, event: &RecordsRetried) {
    if event.id != format!("{}/{}", event.connection, event.batch) {
        evidence.violated("events", None, format!("{} is not the batch's id", event.id));
    }
    for result in &event.results {
        let (connection, object, id) = (event.connection.clone(), event.object.clone(), result.id.clone());
        let key = RecordKey { connection, object, id };
        let before = said.insert((key.clone(), event.batch), result.outcome);
        if before.is_some_and(|before| before != result.outcome) {
            let text = format!("{} says {before:?} and {:?}", event.id, result.outcome);
            evidence.violated("events", Some(&key), text);
        }
    }
}

fn is_written(evidence: &Evidence<'_>, key: &RecordKey, batch: BatchId, outcome: TryOutcome) {
    let Some(Stored::Record(record)) = evidence.stored.get(key) else {
        evidence.violated("events", Some(key), format!("{outcome:?} was published of it, and it is not stored"));
        return;
    };
    let forgotten = record.tries.iter().count() == REMEMBERED && record.tries.iter().all(|tried| tried.batch > batch);
    if record.tries.of_batch(batch).map(|tried| tried.outcome) != Some(outcome) && !forgotten {
        evidence.violated("events", Some(key), format!("{outcome:?} of {batch} was published and is not written"));
    }
}
