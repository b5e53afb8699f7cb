//! Invariant 1, Conservation: every report that was sent is taken in, and what is stored of a record follows from what its source did
//! and from what Salesforce did.
//!
//! Must not know: how records are stored.

use std::collections::BTreeMap;

use rules::ids::RecordKey;
use rules::record::{Record, Resolution, State, Stored};
use rules::resync::Action;
use rules::verdict::Answer;
use rules::version::SourceVersion;

use super::{Evidence, Report, Reported};
use crate::cloud::Part;

/// What arrived of each record.
type Parts<'a> = BTreeMap<&'a RecordKey, Vec<&'a Part>>;

pub(super) fn check(evidence: &Evidence<'_>) {
    let mut of_each: BTreeMap<&RecordKey, Vec<&Report>> = BTreeMap::new();
    for report in evidence.reports() {
        if report.recorded.is_none() {
            let text = format!("the report of v{} was never taken in", report.version);
            evidence.violated("conservation", Some(&report.key), text);
        }
        of_each.entry(&report.key).or_default().push(report);
    }
    let calls = evidence.calls();
    let mut parts: Parts<'_> = BTreeMap::new();
    for part in calls.iter().flat_map(|call| &call.parts) {
        parts.entry(&part.key).or_default().push(part);
    }
    for (key, reports) in of_each {
        let parts = parts.get(key).map(Vec::as_slice).unwrap_or_default();
        follows(evidence, key, &reports, parts);
    }
}

fn follows(evidence: &Evidence<'_>, key: &RecordKey, reports: &[&Report], parts: &[&Part]) {
    let newest = |what| reports.iter().filter(|report| report.what == what).map(|report| report.version).max();
    let (failed, succeeded) = (newest(Reported::Failed), newest(Reported::Succeeded));
    let wrong = |text: String| evidence.violated("conservation", Some(key), text);
    match evidence.stored.get(key) {
        None => wrong("nothing is stored of it".to_owned()),
        Some(Stored::Record(record)) if failed > succeeded => {
            if record.source_version != SourceVersion::Number(failed.unwrap_or(0)) {
                wrong(format!("v{failed:?} failed last, and {:?} is stored", record.source_version));
            }
            if let Some(text) = unfounded(evidence, record, parts) {
                wrong(text);
            }
        }
        Some(Stored::Success(_)) if failed > succeeded => wrong(format!("the failure of v{failed:?} is lost")),
        Some(Stored::Record(record)) if record.is_failing() => {
            wrong(format!("it succeeded in v{succeeded:?} and still fails in {:?}", record.source_version));
        }
        Some(Stored::Record(_) | Stored::Success(_)) => {}
    }
}

/// Why the end of a failure is not founded on what happened.
fn unfounded(evidence: &Evidence<'_>, record: &Record, parts: &[&Part]) -> Option<String> {
    let State::Resolved { how, .. } = record.state else { return None };
    let founded = match how {
        Resolution::Retried => tried(record, parts, |answer| *answer == Answer::Saved),
        Resolution::Gone => tried(record, parts, is_gone),
        Resolution::SucceededElsewhere => false,
        Resolution::Deleted => {
            let deletes = |request: &rules::resync::Request| request.action == Action::Delete;
            evidence.eyes.requests(&evidence.connection.id).iter().any(deletes)
        }
    };
    (!founded).then(|| format!("it is resolved as {how:?}, and nothing that happened says so"))
}

fn is_gone(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused { code, .. } if code == "ENTITY_IS_DELETED")
}

fn tried(record: &Record, parts: &[&Part], fits: impl Fn(&Answer) -> bool) -> bool {
    let mut fitting = parts.iter().filter(|part| part.answer.as_ref().is_some_and(&fits));
    fitting.any(|part| record.source_version == SourceVersion::Number(part.version))
}
