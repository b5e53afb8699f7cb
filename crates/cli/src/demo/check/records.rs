//! Every record that failed, one by one, and the records that were sent or published and never failed.
//!
//! Must not know: the budget.

use std::time::Duration;

use rules::ids::RecordKey;
use rules::record::Stored;

use super::events::Published;
use super::sends::{Came, Send, Sends};
use super::{Case, Evidence, attempts, broken, events, schedule, states};
use crate::demo::facts::Accepted;
use crate::demo::summary::Violation;

/// How long Salesforce may go on with a request that was not answered. Source: Salesforce, REST API, time-outs.
const LATE_COMMIT: Duration = Duration::from_mins(10);

pub(super) fn check(evidence: &Evidence<'_>, sends: &Sends, violations: &mut Vec<Violation>) {
    let published = Published::of(&evidence.published, violations);
    for (key, failures) in &evidence.facts.failures {
        let sent = sends.get(key).map(Vec::as_slice).unwrap_or_default();
        exclusion(key, sent, violations);
        let Some(case) = case(evidence, key, failures, sent, violations) else {
            continue;
        };
        order(&case, violations);
        attempts::check(&case, violations);
        let due = schedule::check(&case, violations);
        states::check(&case, due, violations);
        events::check(&case, &published, violations);
    }
    let known = &evidence.facts.failures;
    for key in sends.keys().filter(|key| !known.contains_key(*key)) {
        broken(violations, 7, format!("{key} was sent and never failed"));
    }
    for key in published.keys().filter(|key| !known.contains_key(*key)) {
        broken(violations, 10, format!("an outcome of {key} was published, which never failed"));
    }
}

/// 1: whatever was accepted is in the table. Gathers what is known of it.
fn case<'a>(
    evidence: &'a Evidence<'_>,
    key: &'a RecordKey,
    failures: &'a [Accepted],
    sent: &'a [Send],
    violations: &mut Vec<Violation>,
) -> Option<Case<'a>> {
    let Some(Stored::Record(record)) = evidence.stored.get(key) else {
        broken(violations, 1, format!("{key} was accepted and is not in the table"));
        return None;
    };
    let (Some(policy), Some(latest)) = (evidence.policies.get(&key.connection), failures.last()) else {
        broken(violations, 1, format!("{key} is in the table, and its connection or its failure is unknown"));
        return None;
    };
    let succeeded = evidence.facts.successes.get(key).copied();
    Some(Case { key, record, policy, failures, latest, succeeded, sent })
}

/// 2: no send while an earlier one of the same record may still be committed, nor twice in one call.
fn exclusion(key: &RecordKey, sent: &[Send], violations: &mut Vec<Violation>) {
    for (first, second) in sent.iter().zip(sent.iter().skip(1)) {
        let free = match first.came {
            Came::Saved | Came::Failed | Came::Gone | Came::NotProcessed | Came::Rejected => first.ended,
            Came::Unknown => first.ended + LATE_COMMIT,
        };
        if second.at < free {
            broken(violations, 2, format!("{key} was sent at {} while in flight until {free}", second.at));
        } else if second.call == first.call {
            broken(violations, 2, format!("{key} was twice in one call at {}", second.at));
        }
    }
}

/// 5: nothing is sent after its source had synced a newer version, unless it failed anew.
fn order(case: &Case<'_>, violations: &mut Vec<Violation>) {
    let Some(success) = case.succeeded else {
        return;
    };
    let anew = case.failures.iter().map(|failure| failure.at).find(|&at| at > success);
    for late in case.sent.iter().filter(|send| send.at > success && anew.is_none_or(|anew| send.at < anew)) {
        let seen = format!("{} was sent at {}, after its source had synced it at {success}", case.key, late.at);
        broken(violations, 5, seen);
    }
}
