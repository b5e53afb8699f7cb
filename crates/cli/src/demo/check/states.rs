//! Invariants 1 and 7: the one state that a record is in is the one that its failures and tries lead to.
//!
//! Must not know: how the engine moves a record from state to state.

use rules::policy::Policy;
use rules::record::{HoldReason, Next, Resolution, State};

use super::schedule::Due;
use super::sends::{Came, Counts};
use super::{Case, broken};
use crate::demo::summary::Violation;

pub(super) fn check(case: &Case<'_>, due: Due, violations: &mut Vec<Violation>) {
    if let Some(problem) = contradiction(case) {
        broken(violations, 1, format!("{} {problem}", case.key));
    } else if let Some(problem) = misplaced(case, due) {
        let unprocessed = case.current().last().is_some() && case.current().all(|send| send.came == Came::NotProcessed);
        broken(violations, if unprocessed { 8 } else { 7 }, format!("{} {problem}", case.key));
    }
}

/// 1: a failure is kept until it is resolved, and only what is resolved is called so.
fn contradiction(case: &Case<'_>) -> Option<&'static str> {
    let any = |wanted: Came| case.current().any(|send| send.came == wanted);
    let elsewhere = case.succeeded.is_some_and(|at| at >= case.latest.at);
    let gone = case.latest.gone || any(Came::Gone);
    match case.record.state {
        State::Resolved { how: Resolution::Retried, .. } => {
            (!any(Came::Saved)).then_some("is resolved as saved by a retry, and Salesforce saved it in none")
        }
        State::Resolved { how: Resolution::SucceededElsewhere, .. } => {
            (!elsewhere).then_some("is resolved as synced by its source, which never said so")
        }
        State::Resolved { how: Resolution::Gone, .. } => (!gone).then_some("is resolved as gone, and nobody said so"),
        State::Resolved { how: Resolution::Deleted, .. } => {
            Some("is resolved as deleted by a person, and nobody did that")
        }
        State::Held(HoldReason::PayloadMissing) => Some("has lost its payload"),
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(HoldReason::ExcludedType) => {
            (any(Came::Saved) || elsewhere || gone).then_some("is kept as failing, and nothing is left to do")
        }
    }
}

/// 7: a failing record waits for the very next try that its policy gives it.
fn misplaced(case: &Case<'_>, due: Due) -> Option<String> {
    let counted = case.record.attempts.total();
    let failed = case.current().any(|send| send.came != Came::NotProcessed);
    let excluded = case.latest.excluded;
    match (case.record.state, case.policy) {
        (State::Held(_), _) => (!excluded && !failed).then(|| "is held, and its error type is not excluded".to_owned()),
        (State::Scheduled(_) | State::TimedOut { .. }, _) if excluded && !failed => {
            Some("is scheduled, and its error type is excluded".to_owned())
        }
        (State::Resolved { .. }, _) | (State::Scheduled(Next::Sweep), Policy::Recent(_)) => None,
        (State::Scheduled(Next::At(next)), Policy::Interval(policy)) if counted < policy.tries => late(case, next, due),
        (State::TimedOut { next }, Policy::Interval(policy)) if counted >= policy.tries => late(case, next, due),
        (State::Scheduled(_) | State::TimedOut { .. }, policy) => Some(format!(
            "waits for a schedule that the {} policy does not give it after {counted} tries",
            policy.name()
        )),
    }
}

/// Where a send's outcome is open, nobody outside can tell the next try to the minute.
fn late(case: &Case<'_>, next: rules::time::Timestamp, due: Due) -> Option<String> {
    let open = case.current().any(|send| send.came.counts() == Counts::Maybe);
    match due {
        Due::From(due) if due == next || open => None,
        Due::From(due) => Some(format!("is due at {due}, and its item says {next}")),
        Due::Never => Some("waits for a try, and nothing is left to do".to_owned()),
    }
}
