//! Invariants 4 and 8: a record's count is its tries, and an answer that means "not processed" leaves no trace on it.
//!
//! Must not know: when a try was due.

use std::time::Duration;

use rules::counts::Attempts;
use rules::policy::Policy;

use super::sends::{Came, Counts};
use super::{Case, broken};
use crate::demo::summary::Violation;

/// A try is remembered to the minute.
const MINUTE: Duration = Duration::from_mins(1);

pub(super) fn check(case: &Case<'_>, violations: &mut Vec<Violation>) {
    count(case, violations);
    kinds(case, violations);
    if case.current().any(|send| send.came == Came::NotProcessed) {
        blame(case, violations);
    }
}

/// The tries counted since the last new version are those that were processed, and at most those that may have been.
fn count(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let of = |counts: Counts| case.current().filter(|send| send.came.counts() == counts).count();
    let (processed, open, refused) = (of(Counts::Yes), of(Counts::Maybe), of(Counts::No));
    let (key, counted) = (case.key, case.record.attempts.total() as usize);
    if counted < processed {
        broken(violations, 4, format!("{key} counts {counted} tries; Salesforce processed {processed}"));
    }
    if counted > processed + open {
        let seen = format!("{key} counts {counted} tries; {processed} were processed and {open} are unknown");
        broken(violations, if refused > 0 { 8 } else { 4 }, seen);
    }
}

/// Each try is counted as what it was: nobody forces any in the play, and the nightly ones follow the others.
fn kinds(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let attempts = case.record.attempts;
    let total = attempts.total();
    let expected = match case.policy {
        Policy::Interval(policy) => {
            let interval = total.min(policy.tries);
            Attempts { interval, nightly: total - interval, ..Attempts::default() }
        }
        Policy::Recent(_) => Attempts { recent: total, ..Attempts::default() },
    };
    if attempts != expected {
        let Attempts { interval, nightly, recent, forced } = attempts;
        let seen =
            format!("{interval} by the 20-minute schedule, {nightly} nightly, {recent} in sweeps, {forced} forced");
        broken(violations, 4, format!("{} counts its tries under the wrong kinds: {seen}", case.key));
    }
}

/// 8: whatever the item says of its last failure comes from a report or a try that counted.
fn blame(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let (key, record, latest) = (case.key, case.record, case.latest);
    let counted = || case.current().filter(|send| send.came.counts() != Counts::No);
    let failed = counted().filter(|send| send.came != Came::Saved).last().map_or(latest.at, |send| send.ended);
    if record.last_failed >= failed + MINUTE {
        let seen = format!("{key} failed last at {failed}, and its item says {}", record.last_failed);
        broken(violations, 8, seen);
    }
    if counted().next().is_some() {
        return;
    }
    if record.failure.code != latest.code {
        let seen = format!("{key} was never processed, and its error became {}", record.failure.code);
        broken(violations, 8, seen);
    }
    if record.tries.last().is_some_and(|tried| tried.at + MINUTE > latest.at) {
        broken(violations, 8, format!("{key} was never processed, and its item remembers a try"));
    }
    if record.last_send.is_some_and(|send| send.until > latest.at) {
        broken(violations, 8, format!("{key} was never processed, and its item remembers a send"));
    }
}
