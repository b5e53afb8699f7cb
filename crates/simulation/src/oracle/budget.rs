//! Invariant 6, Budget: with every call that arrives, those of the 24 hours before it and the calls that sources had reported are within
//! the cap.
//!
//! Must not know: buckets, reservations.

use std::time::Duration;

use rules::time::Timestamp;

use super::Evidence;

const DAY: Duration = Duration::from_hours(24);

/// How long a run may go by what it read of reports: a reservation's bucket, and a machine that sleeps meanwhile.
const STALE: Duration = Duration::from_mins(50);

pub(super) fn check(evidence: &Evidence<'_>) {
    let calls = evidence.calls();
    for (number, call) in calls.iter().enumerate() {
        let arrived = call.arrived;
        let first = calls.partition_point(|other| other.arrived + DAY <= arrived);
        let own = (number + 1 - first) as u64;
        let (reported, cap) = (reported(evidence, arrived), call.cap.0);
        if own + reported > cap {
            let text = format!("the call of {arrived} is the {own}th of 24 hours beside {reported} reported, of {cap}");
            evidence.violated_at(arrived, "budget", None, text);
        }
    }
}

/// The calls that sources had reported long enough before `arrived`, of its 24 hours.
fn reported(evidence: &Evidence<'_>, arrived: Timestamp) -> u64 {
    let counts = |used: &&super::Used| {
        used.connection == evidence.connection.id
            && used.at + DAY > arrived
            && used.recorded.is_some_and(|recorded| recorded + STALE < arrived)
    };
    evidence.facts.used.iter().filter(counts).map(|used| used.calls).sum()
}
