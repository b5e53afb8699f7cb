//! Conservation: every report is taken in; each record stands where what its source and Salesforce did with it puts it; and what still
//! fails has a reason that is true.
//!
//! Must not know: how records are stored.

use std::time::Duration;

use rules::ids::RecordKey;
use rules::record::{Record, Resolution, State, Stored};
use rules::version::SourceVersion;
use salesforce_sim::Outcome;

use super::Evidence;
use crate::soak::sources::{History, Temper, What};

/// How long the recent policy sweeps a record.
const SWEPT_FOR: Duration = Duration::from_hours(7 * 24);

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    for (&key, &history) in &evidence.histories {
        if let Some(report) = history.reports.iter().find(|report| report.recorded.is_none()) {
            wrong.push(format!("conservation: v{} of {key} was never taken in", report.version));
        }
        let problem = match evidence.stored.get(key) {
            None => Some("nothing is stored of it".to_owned()),
            Some(stored) => problem(evidence, history, stored),
        };
        wrong.extend(problem.map(|problem| format!("conservation: {key}: {problem}; {history:?}")));
    }
}

fn problem(evidence: &Evidence<'_>, history: &History, stored: &Stored) -> Option<String> {
    let (failed, succeeded) = (history.newest(What::Failed), history.newest(What::Succeeded));
    match stored {
        Stored::Success(_) if failed > succeeded => Some(format!("the failure of v{failed:?} is lost")),
        Stored::Record(record) if failed > succeeded => {
            if record.source_version == SourceVersion::Number(failed.unwrap()) {
                unfounded(evidence, record)
            } else {
                Some(format!("v{failed:?} failed last, and {:?} is stored", record.source_version))
            }
        }
        Stored::Record(record) if record.is_failing() => Some(format!("v{succeeded:?} succeeded, and it still fails")),
        Stored::Record(_) | Stored::Success(_) => None,
    }
}

/// Why it stands where nothing that happened puts it.
fn unfounded(evidence: &Evidence<'_>, record: &Record) -> Option<String> {
    let SourceVersion::Number(version) = record.source_version else { return Some("its version is a time".to_owned()) };
    let mut sends = evidence.sends_of(&record.key).iter().filter(|sent| sent.version == version);
    let founded = match record.state {
        State::Resolved { how: Resolution::Retried, .. } => {
            sends.any(|sent| matches!(sent.outcome, Outcome::Committed { .. }))
        }
        State::Resolved { how: Resolution::Gone, .. } => {
            sends.any(|sent| matches!(&sent.outcome, Outcome::Refused { code } if code.as_str() == "ENTITY_IS_DELETED"))
        }
        State::Resolved { how: Resolution::SucceededElsewhere | Resolution::Deleted, .. } | State::Held(_) => false,
        State::Scheduled(_) | State::TimedOut { .. } => {
            let swept_no_more = evidence.is_recent && record.first_failed + SWEPT_FOR < evidence.now;
            is_hopeless(evidence, &record.key) || swept_no_more
        }
    };
    (!founded).then(|| format!("it stands at {:?}, and nothing says so: {:?}", record.state, record.tries.last()))
}

/// Whether Salesforce refuses it, or what it needs, for good.
fn is_hopeless(evidence: &Evidence<'_>, key: &RecordKey) -> bool {
    let Some(history) = evidence.histories.get(key) else { return false };
    match history.temper {
        Temper::Refused | Temper::Poison | Temper::Gone => true,
        Temper::Sound | Temper::Locked => {
            let there = |parent: &RecordKey| {
                evidence.org.salesforce.record(parent.object.as_str(), "Ext__c", parent.id.as_str()).is_some()
            };
            history.parent.as_ref().is_some_and(|parent| !there(parent) && is_hopeless(evidence, parent))
        }
    }
}
