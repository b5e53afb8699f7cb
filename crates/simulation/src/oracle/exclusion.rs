//! Invariant 2, Exclusion, and 3, Fencing: no record is in two calls at once, where a call that was not answered may be processed for ten
//! minutes more; and no older run's outcome stands after a newer one's.
//!
//! Must not know: quarantines.

use std::collections::BTreeMap;

use rules::ids::RecordKey;
use rules::time::Timestamp;

use super::Evidence;
use crate::cloud::Call;

pub(super) fn check(evidence: &Evidence<'_>) {
    let calls = evidence.calls();
    // Salesforce compares keys without case.
    let mut last: BTreeMap<RecordKey, (&Call, Timestamp)> = BTreeMap::new();
    for call in &calls {
        for part in &call.parts {
            let key = part.key.folded();
            if let Some((before, until)) = last.get(&key).filter(|(_, until)| call.arrived < *until) {
                let text = format!(
                    "it arrived at {} in a call of #{} while that of {} by #{} could be processed until {until}",
                    call.arrived, call.process.0, before.arrived, before.process.0
                );
                evidence.violated_at(call.arrived, "exclusion", Some(&part.key), text);
            }
            last.insert(key, (call, busy_until(call)));
        }
    }
    for record in evidence.records() {
        let batches: Vec<_> = record.tries.iter().map(|tried| tried.batch).collect();
        if !batches.is_sorted_by(|one, next| one < next) {
            evidence.violated("fencing", Some(&record.key), format!("its tries are not in order: {batches:?}"));
        }
    }
}

fn busy_until(call: &Call) -> Timestamp {
    match call.heard {
        Some(_) => call.done,
        None => call.done.max(call.in_doubt_until),
    }
}
