//! Invariants 1, 2, 4, 5, 7, 8 and 10, record by record.
//!
//! Must not know: the budget.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::events::Outbound;
use rules::ids::RecordKey;
use rules::policy::Policy;
use rules::record::{Record, State, Stored};
use rules::time::Timestamp;

use super::{Came, Evidence, LATE_COMMIT, Send, broken};
use crate::demo::summary::Violation;

/// The schedule's grid, and how long after its tick a run may still be sending.
const TICK: Duration = Duration::from_mins(20);

pub(super) fn check(evidence: &Evidence<'_>, sends: &BTreeMap<RecordKey, Vec<Send>>, violations: &mut Vec<Violation>) {
    let published = published(evidence);
    for (key, failures) in &evidence.facts.failures {
        let none = Vec::new();
        let sent = sends.get(key).unwrap_or(&none);
        let Some(Stored::Record(record)) = evidence.stored.get(key) else {
            broken(violations, 1, format!("{key} was accepted and is not in the table"));
            continue;
        };
        exclusion(key, sent, violations);
        attempts(key, record, failures, sent, violations);
        order(evidence, key, sent, violations);
        schedule(evidence, key, failures, sent, violations);
        events(key, record, sent, published.get(key).copied().unwrap_or(0), violations);
    }
    for key in sends.keys().filter(|key| !evidence.facts.failures.contains_key(*key)) {
        broken(violations, 7, format!("{key} was sent and never failed"));
    }
}

fn published(evidence: &Evidence<'_>) -> BTreeMap<RecordKey, usize> {
    let mut ids = std::collections::BTreeSet::new();
    let mut counts = BTreeMap::new();
    for event in &evidence.published {
        let Outbound::RecordsRetried(event) = event else {
            continue;
        };
        for result in &event.results {
            let key =
                RecordKey { connection: event.connection.clone(), object: event.object.clone(), id: result.id.clone() };
            if ids.insert((event.id.clone(), key.clone())) {
                *counts.entry(key).or_insert(0) += 1;
            }
        }
    }
    counts
}

/// 2: no send while an earlier one of the same record may still be committed.
fn exclusion(key: &RecordKey, sent: &[Send], violations: &mut Vec<Violation>) {
    for pair in sent.windows(2) {
        let [first, second] = pair else {
            continue;
        };
        let free = match first.came {
            Came::Processed | Came::Refused => first.ended,
            Came::Unknown => first.ended + LATE_COMMIT,
        };
        if second.at < free {
            broken(violations, 2, format!("{key} was sent at {} while in flight until {free}", second.at));
        }
    }
}

/// 4 and 8: the tries counted since the last new version are those that were processed or whose outcome is unknown; an
/// answer that means "not processed" counts none.
fn attempts(
    key: &RecordKey,
    record: &Record,
    failures: &[Timestamp],
    sent: &[Send],
    violations: &mut Vec<Violation>,
) {
    let since = failures.last().copied().unwrap_or(record.first_failed);
    let count = |came: Came| sent.iter().filter(|send| send.at >= since && send.came == came).count();
    let (processed, unknown) = (count(Came::Processed), count(Came::Unknown));
    let counted = record.attempts.total() as usize;
    if counted < processed {
        let seen = format!("{key} counts {counted} tries; Salesforce processed {processed}");
        broken(violations, 4, seen);
    }
    if counted > processed + unknown {
        let seen = format!("{key} counts {counted} tries; {processed} were processed and {unknown} are unknown");
        broken(violations, if count(Came::Refused) > 0 { 8 } else { 4 }, seen);
    }
}

/// 5: nothing is sent after its source had synced a newer version.
fn order(evidence: &Evidence<'_>, key: &RecordKey, sent: &[Send], violations: &mut Vec<Violation>) {
    let Some(&success) = evidence.facts.successes.get(key) else {
        return;
    };
    for late in sent.iter().filter(|send| send.at > success) {
        broken(violations, 5, format!("{key} was sent at {}, after its source had synced it at {success}", late.at));
    }
}

/// 7: nothing is sent before it is due, nor by a schedule that may not try it.
fn schedule(
    evidence: &Evidence<'_>,
    key: &RecordKey,
    failures: &[Timestamp],
    sent: &[Send],
    violations: &mut Vec<Violation>,
) {
    let Some(policy) = evidence.policies.get(&key.connection) else {
        return;
    };
    if evidence.facts.excluded.contains(key) && !sent.is_empty() {
        broken(violations, 7, format!("{key} has an excluded error type and was sent"));
    }
    let mut counted = 0;
    let mut due = failures.first().map(|&first| first_due(policy, first));
    let mut failures = failures.iter().skip(1).peekable();
    for send in sent {
        while let Some(&anew) = failures.next_if(|&&anew| anew <= send.at) {
            counted = 0;
            due = Some(first_due(policy, anew));
        }
        if due.is_some_and(|due| send.at < due) {
            broken(violations, 7, format!("{key} was sent at {}, before it was due at {}", send.at, shown(due)));
        }
        if send.came != Came::Refused {
            counted += 1;
            due = Some(next_due(policy, send.at, counted));
        }
    }
}

fn shown(due: Option<Timestamp>) -> String {
    due.map_or_else(|| "never".to_owned(), |due| due.to_string())
}

/// Written down from the policies' description, not from the engine.
fn first_due(policy: &Policy, failed: Timestamp) -> Timestamp {
    match policy {
        Policy::Interval(_) => failed.floor(TICK) + TICK,
        Policy::Recent(_) => next_sweep(failed),
    }
}

fn next_due(policy: &Policy, sent: Timestamp, counted: u32) -> Timestamp {
    match policy {
        Policy::Interval(_) if counted < 10 => sent.floor(TICK) + TICK,
        Policy::Interval(_) => sent.floor(Duration::from_hours(24)) + Duration::from_hours(24),
        Policy::Recent(_) => next_sweep(sent),
    }
}

/// 11:30 and 23:30 UTC.
fn next_sweep(after: Timestamp) -> Timestamp {
    let half_day = Duration::from_hours(12);
    let shift = Duration::from_mins(30);
    (after + shift).floor(half_day) + half_day - shift
}

/// 10: every outcome that is in the table was published, and none that is not.
fn events(key: &RecordKey, record: &Record, sent: &[Send], published: usize, violations: &mut Vec<Violation>) {
    let written = sent.iter().filter(|send| send.came != Came::Refused).count();
    if published < written {
        broken(violations, 10, format!("{key} has {written} outcomes and {published} were published"));
    }
    let resolved_unsent = matches!(record.state, State::Resolved { .. }) && sent.is_empty();
    if published > written || (resolved_unsent && published > 0) {
        broken(violations, 10, format!("{key} has {written} outcomes and {published} were published"));
    }
}
