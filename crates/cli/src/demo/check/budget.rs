//! Invariant 6: at no call was more used in the 24 hours before it than the cap of the moment.
//!
//! Must not know: buckets and reservations.

use std::collections::VecDeque;
use std::time::Duration;

use rules::counts::ApiCalls;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use salesforce_sim::LogEntry;

use super::broken;
use super::sends::is_ours;
use crate::demo::facts::Facts;
use crate::demo::summary::Violation;

const DAY: Duration = Duration::from_hours(24);

/// Our calls, in order.
pub(crate) fn calls(log: &[LogEntry]) -> impl Iterator<Item = Timestamp> {
    log.iter().filter(|entry| is_ours(entry.kind)).map(|entry| Timestamp::from_millis(entry.started.0))
}

/// The most calls in any 24 hours.
pub(crate) fn peak(log: &[LogEntry]) -> ApiCalls {
    let mut window = VecDeque::new();
    let most = calls(log).map(|at| {
        window.push_back(at);
        while window.front().is_some_and(|&first| first + DAY <= at) {
            window.pop_front();
        }
        window.len() as u64
    });
    ApiCalls(most.max().unwrap_or(0))
}

pub(super) fn check(facts: &Facts, connection: &ConnectionId, log: &[LogEntry], violations: &mut Vec<Violation>) {
    let mut window: VecDeque<Timestamp> = VecDeque::new();
    for at in calls(log) {
        window.push_back(at);
        while window.front().is_some_and(|&first| first + DAY <= at) {
            window.pop_front();
        }
        let reported: ApiCalls = facts
            .reported
            .get(connection)
            .into_iter()
            .flatten()
            .filter(|(when, _)| *when <= at && *when + DAY > at)
            .map(|(_, calls)| *calls)
            .sum();
        let (used, cap) = (ApiCalls(window.len() as u64) + reported, facts.cap_at(connection, at));
        if used > cap {
            broken(violations, 6, format!("{connection}: {used} calls used at {at}, with a cap of {cap}"));
        }
    }
}
