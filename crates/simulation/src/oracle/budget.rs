//! Invariant 6, Budget: with every call that arrives, those of the 24 hours before it and the calls that sources had reported are within
//! the cap; and every call was charged, when it arrived, to the bucket that it was sent in.
//!
//! Must not know: how calls are reserved.

use std::time::Duration;

use rules::budget::Bucket;
use rules::time::Timestamp;

use super::Evidence;
use crate::cloud::Call;

const DAY: Duration = Duration::from_hours(24);

/// How long a run may go by what it read of reports: a reservation's bucket, and a machine that sleeps meanwhile.
const STALE: Duration = Duration::from_mins(50);

/// A clock is less than this beside the true time, so that what is sent so soon after the begin of a bucket may be the one before's.
const SKEW: Duration = Duration::from_secs(5);

pub(super) fn check(evidence: &Evidence<'_>) {
    let calls = evidence.calls();
    is_charged(evidence, &calls);
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

/// A reservation is good within its bucket only: with every call, those that were sent in its bucket so far are charged there.
fn is_charged(evidence: &Evidence<'_>, calls: &[Call]) {
    for (number, call) in calls.iter().enumerate() {
        let since = Bucket::of(call.sent).start() + SKEW;
        if call.sent < since {
            continue;
        }
        let earlier = calls[..number].iter().rev().take_while(|earlier| earlier.arrived >= since);
        let sent = 1 + earlier.filter(|earlier| earlier.sent >= since).count() as u64;
        if sent > call.charged.0 {
            let text =
                format!("the call of {} is the {sent}th of its bucket, and {} are charged", call.sent, call.charged.0);
            evidence.violated_at(call.arrived, "budget", None, text);
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
