//! Invariant 7: nothing is sent before it is due, nor by a schedule that may not try it. Written down from the policies'
//! description, not from the engine.
//!
//! Must not know: what the item says; it works out when the record is due from what happened.

use std::time::Duration;

use rules::policy::{IntervalPolicy, Policy};
use rules::time::Timestamp;

use super::sends::{Came, Send};
use super::{Case, broken};
use crate::demo::summary::Violation;

/// The schedule's grid.
const TICK: Duration = Duration::from_mins(20);
const DAY: Duration = Duration::from_hours(24);

/// When a record may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// From this instant on.
    From(Timestamp),
    /// It was saved, or is gone: not before it fails anew.
    Never,
}

impl Due {
    fn forbids(self, at: Timestamp) -> bool {
        match self {
            Self::From(due) => at < due,
            Self::Never => true,
        }
    }
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::From(due) => write!(f, "before it was due at {due}"),
            Self::Never => f.write_str("when nothing was left to do"),
        }
    }
}

/// Checks every send; gives when the record is due after the last one.
pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) -> Due {
    let mut failures = case.failures.iter().peekable();
    let mut failed = case.failures.first().map_or(case.latest.at, |first| first.at);
    let mut due = Due::From(first_due(case.policy, failed));
    let mut excluded = false;
    let mut counted = 0;
    for send in case.sent {
        while let Some(anew) = failures.next_if(|anew| anew.at <= send.at) {
            (failed, excluded, counted) = (anew.at, anew.excluded, 0);
            due = Due::From(first_due(case.policy, failed));
        }
        if excluded {
            broken(violations, 7, format!("{} has an excluded error type and was sent at {}", case.key, send.at));
        } else if due.forbids(send.at) {
            broken(violations, 7, format!("{} was sent at {}, {due}", case.key, send.at));
        } else if past_window(case.policy, failed, send.at) {
            broken(violations, 7, format!("{} was sent at {}, past its window", case.key, send.at));
        }
        due = after(case.policy, send, due, &mut counted);
    }
    // A failure that no send followed.
    failures.last().map_or(due, |latest| Due::From(first_due(case.policy, latest.at)))
}

fn after(policy: &Policy, send: &Send, due: Due, counted: &mut u32) -> Due {
    match send.came {
        Came::Saved | Came::Gone => Due::Never,
        Came::NotProcessed | Came::Rejected => due,
        Came::Failed | Came::Unknown => {
            *counted += 1;
            Due::From(next_due(policy, send.at, *counted))
        }
    }
}

fn first_due(policy: &Policy, failed: Timestamp) -> Timestamp {
    match policy {
        Policy::Interval(_) => failed.floor(TICK) + TICK,
        Policy::Recent(_) => last_sweep(failed) + DAY / 2,
    }
}

fn next_due(policy: &Policy, sent: Timestamp, counted: u32) -> Timestamp {
    match policy {
        Policy::Interval(policy) if counted < policy.tries => {
            let every = Duration::from_mins(u64::from(policy.every_minutes));
            (sent.floor(TICK) + every + TICK - Duration::from_millis(1)).floor(TICK)
        }
        Policy::Interval(policy) => next_night(policy, sent.floor(TICK)),
        Policy::Recent(_) => last_sweep(sent) + DAY / 2,
    }
}

fn next_night(policy: &IntervalPolicy, tick: Timestamp) -> Timestamp {
    let tonight = tick.floor(DAY) + policy.nightly_at.after_midnight();
    if tonight > tick { tonight } else { tonight + DAY }
}

/// 11:30 and 23:30 UTC: the last of them that is not after `at`.
fn last_sweep(at: Timestamp) -> Timestamp {
    let shift = Duration::from_mins(30);
    (at + shift).floor(DAY / 2) - shift
}

/// Whether the sweep that sends at `at` may no longer reach a failure so old.
fn past_window(policy: &Policy, failed: Timestamp, at: Timestamp) -> bool {
    match policy {
        Policy::Interval(_) => false,
        Policy::Recent(policy) => failed < last_sweep(at) - DAY * policy.window_days,
    }
}
