//! Invariants 12, Progress, and 13, Containment: when nothing breaks any more, whatever is due was tried, poison beside it or not; and
//! nothing is owed, suspended or in doubt.
//!
//! Must not know: what broke before.

use std::time::Duration;

use rules::journal::Phase;
use rules::policy::Policy;
use rules::record::{Next, Record, State};
use rules::schedule::TICK;
use rules::time::Timestamp;

use super::Evidence;

/// Two ticks, and some minutes for a run.
const PATIENCE: Duration = Duration::from_mins(45);

pub(super) fn check(evidence: &Evidence<'_>) {
    for record in evidence.records() {
        if let Some(since) = waits_since(evidence, record).filter(|since| *since + PATIENCE < evidence.now) {
            let text = format!("it waits since {since}: {:?}, {:?}", record.state, record.tries.last());
            evidence.violated("progress", Some(&record.key), text);
        }
    }
    let owed = &evidence.control.owed;
    if owed.ready(evidence.now - PATIENCE) {
        evidence.violated("progress", None, format!("work is owed yet: {owed:?}"));
    }
    if let Some(suspension) = &evidence.control.suspension {
        evidence.violated("progress", None, format!("it is suspended yet: {suspension:?}"));
    }
    for entry in evidence.eyes.journal(&evidence.connection.id) {
        // One that is settled and past its quarantine is closed by whoever needs its slot.
        if entry.phase == Phase::Open && entry.quarantined_until + PATIENCE < evidence.now {
            evidence.violated("progress", None, format!("the journal's {:?} is not closed: {entry:?}", entry.slot));
        }
    }
}

/// Since when a schedule should have tried it.
fn waits_since(evidence: &Evidence<'_>, record: &Record) -> Option<Timestamp> {
    match record.state {
        State::Scheduled(Next::At(next)) | State::TimedOut { next } => Some(next.floor(TICK)),
        State::Scheduled(Next::Sweep) => sweep_missed(evidence, record),
        State::Held(_) | State::Resolved { .. } => None,
    }
}

/// The last sweep, if the record was there to be tried by it and was not.
fn sweep_missed(evidence: &Evidence<'_>, record: &Record) -> Option<Timestamp> {
    let Policy::Recent(policy) = &evidence.connection.policy else { return None };
    let sweep = last_sweep(evidence.now - PATIENCE);
    let recorded =
        evidence.reports().filter(|report| report.key == record.key).filter_map(|report| report.recorded).max();
    let known = recorded.is_some_and(|recorded| recorded < sweep);
    let within = record.first_failed >= policy.horizon(sweep) && record.first_failed <= sweep;
    let tried = record.tries.last().is_some_and(|last| last.at >= sweep);
    let excluded = policy.excluded.contains(&record.failure.error_type);
    (known && within && !tried && !excluded).then_some(sweep)
}

/// The last of the sweeps at 11:30 and 23:30 that is not after `instant`.
fn last_sweep(instant: Timestamp) -> Timestamp {
    let (half, offset) = (Duration::from_hours(12), Duration::from_mins(30));
    (instant + offset).floor(half) - offset
}
