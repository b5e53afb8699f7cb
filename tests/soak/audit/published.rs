//! Events: every outcome that is written was published, no other was, and what is published again says the same.
//!
//! Must not know: how events are kept until the bus takes them.

use std::collections::BTreeMap;

use rules::events::RecordsRetried;
use rules::ids::{BatchId, RecordKey};
use rules::record::Stored;
use rules::tries::{REMEMBERED, TryOutcome};

use super::Evidence;
use crate::kill::evidence::published_as;

type Said = BTreeMap<(RecordKey, BatchId), TryOutcome>;

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let mut said = Said::new();
    let events = published_as::<RecordsRetried>(&evidence.play.notes.published, "Records Retried");
    for event in events.into_iter().filter(|event| event.connection == evidence.org.id) {
        if event.id != format!("{}/{}", event.connection, event.batch) {
            wrong.push(format!("events: {} is not the batch's id", event.id));
        }
        for result in event.results {
            let (connection, object) = (event.connection.clone(), event.object.clone());
            let key = RecordKey { connection, object, id: result.id };
            let before = said.insert((key, event.batch), result.outcome);
            if before.is_some_and(|before| before != result.outcome) {
                wrong.push(format!("events: {} says {before:?} and {:?}", event.id, result.outcome));
            }
        }
    }
    for record in evidence.records() {
        for tried in record.tries.iter() {
            let told = said.get(&(record.key.clone(), tried.batch));
            if told != Some(&tried.outcome) {
                wrong.push(format!("events: {} {tried:?} was published as {told:?}", record.key));
            }
        }
    }
    for ((key, batch), outcome) in &said {
        if !is_written(evidence, key, *batch, *outcome) {
            wrong.push(format!("events: {outcome:?} of {key} in {batch} was published and is not written"));
        }
    }
}

fn is_written(evidence: &Evidence<'_>, key: &RecordKey, batch: BatchId, outcome: TryOutcome) -> bool {
    let Some(Stored::Record(record)) = evidence.stored.get(key) else { return false };
    let forgotten = record.tries.iter().count() == REMEMBERED && record.tries.iter().all(|tried| tried.batch > batch);
    forgotten || record.tries.of_batch(batch).is_some_and(|tried| tried.outcome == outcome)
}
