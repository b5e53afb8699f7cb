//! Invariant 7, Schedule: nothing arrives at Salesforce before it is due, unless a person asked for it; what failed is due at the very next
//! tick, and is tried then when nothing breaks.
//!
//! Must not know: how records are listed.

use std::time::Duration;

use rules::counts::TryKind;
use rules::record::{Next, Record, State};
use rules::resync::{Action, Request};
use rules::schedule::TICK;
use rules::time::Timestamp;

use super::Evidence;
use crate::cloud::{Call, Due, Part};

/// By so much clocks may differ.
const SKEW: Duration = Duration::from_secs(5);

pub(super) fn check(evidence: &Evidence<'_>) {
    let requests = evidence.eyes.requests(&evidence.connection.id);
    for call in evidence.calls() {
        for part in call.parts.iter().filter(|part| !is_due(part, call.arrived)) {
            if !may_be_forced(&requests, &call) {
                let text = format!("it arrived at {} and was due {:?}", call.arrived, part.due);
                evidence.violated_at(call.arrived, "schedule", Some(&part.key), text);
            }
        }
    }
    for record in evidence.records() {
        for (before, after) in left_out(record, evidence.calm) {
            let text = format!("it was tried at {before} and not before {after}, though nothing broke");
            evidence.violated_at(after, "schedule", Some(&record.key), text);
        }
        let (State::Scheduled(Next::At(next)), Some(last)) = (record.state, record.tries.last()) else { continue };
        let late = last.at >= record.first_failed && next > last.at.floor(TICK) + TICK;
        if next != next.floor(TICK) || late {
            let text = format!("it was tried at {} and is due at {next}", last.at);
            evidence.violated("schedule", Some(&record.key), text);
        }
    }
}

/// The times between which a schedule left out a tick, after `calm`: the tries of the version that is stored, two by two.
fn left_out(record: &Record, calm: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let of_others = record.tries.iter().count().saturating_sub(record.attempts.total() as usize);
    let tries = record.tries.iter().skip(of_others);
    let ticks: Vec<_> = tries
        .filter(|tried| tried.kind == TryKind::Interval && tried.at >= calm)
        .map(|tried| tried.at.floor(TICK))
        .collect();
    let gaps = ticks.windows(2).filter(|pair| pair[1] > pair[0] + TICK);
    gaps.map(|pair| (pair[0], pair[1])).collect()
}

fn is_due(part: &Part, arrived: Timestamp) -> bool {
    match part.due {
        Due::Since(since) => since <= arrived,
        Due::Never => false,
        Due::Changed => true,
    }
}

/// Whether some person's request was under way.
fn may_be_forced(requests: &[Request], call: &Call) -> bool {
    requests.iter().any(|request| {
        let begun = request.as_of <= call.arrived + SKEW;
        let over = request.ended.is_some_and(|ended| ended + READ_BEFORE < call.arrived);
        request.action == Action::Resync && begun && !over
    })
}

/// What is in flight lands when its request is taken back.
const READ_BEFORE: Duration = Duration::from_mins(2);
