//! Rest: no lease, no open entry of the journal, nothing owed, nothing suspended, no open request; nothing waits for a tick that is over;
//! and the directory's counts are what the records say.
//!
//! Must not know: what happened before.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::journal::Phase;
use rules::record::{Next, State};
use rules::resync::RequestState;

use super::Evidence;

/// Two ticks, and some minutes for a run.
const PATIENCE: Duration = Duration::from_mins(45);

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let control = &evidence.control;
    if control.lease.is_some() {
        wrong.push(format!("rest: the lease is not released: {:?}", control.lease));
    }
    if control.suspension.is_some() {
        wrong.push(format!("rest: it is suspended yet: {:?}", control.suspension));
    }
    if control.owed.ready(evidence.now - PATIENCE) {
        wrong.push(format!("rest: work is owed yet: {:?}", control.owed));
    }
    for entry in evidence.journal.iter().filter(|entry| entry.phase == Phase::Open) {
        wrong.push(format!("rest: batch {} was never settled", entry.batch));
    }
    for request in evidence.requests.iter().filter(|request| request.state == RequestState::Open) {
        wrong.push(format!("forced: {} is open yet: {request:?}", request.id));
    }
    for (_, id) in evidence.play.notes.accepted.iter().filter(|(connection, _)| *connection == evidence.org.id) {
        if evidence.requests.iter().all(|request| request.id != *id) {
            wrong.push(format!("forced: {id} was accepted and is not there"));
        }
    }
    for record in evidence.records() {
        let waits_for = match record.state {
            State::Scheduled(Next::At(next)) | State::TimedOut { next } => Some(next),
            State::Scheduled(Next::Sweep) | State::Held(_) | State::Resolved { .. } => None,
        };
        if waits_for.is_some_and(|next| next + PATIENCE < evidence.now) {
            wrong.push(format!("progress: {} waits for {waits_for:?}: {:?}", record.key, record.tries.last()));
        }
    }
    counts(evidence, wrong);
}

fn counts(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let mut counted = BTreeMap::new();
    for record in evidence.records().filter(|record| record.is_failing()) {
        let of = (record.failure.error_type.clone(), record.key.object.clone());
        *counted.entry(of).or_insert(0_u64) += 1;
    }
    let of_entry = |entry: &engine::ports::TypeEntry| {
        let error_type = entry.error_type.clone();
        let records = entry.records.clone().into_iter().filter(|(_, number)| *number > 0);
        records.map(|(object, number)| ((error_type.clone(), object), number)).collect::<Vec<_>>()
    };
    let told: BTreeMap<_, _> = evidence.directory.iter().flat_map(of_entry).collect();
    if told != counted {
        wrong.push(format!("counts: the directory says {told:?}, the records {counted:?}"));
    }
}
