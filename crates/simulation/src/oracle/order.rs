//! Invariant 5, Order: no payload is sent that is older than a success that was recorded before; and when an older payload of ours did
//! follow the source's own write, that was said.
//!
//! Must not know: how it is avoided.

use std::time::Duration;

use rules::events::Outbound;
use rules::ids::RecordKey;
use rules::version::SourceVersion;

use super::{Evidence, Report, Reported};

/// The longest time between the strong read of a record and its arrival at Salesforce, with clocks that differ.
const READ_TO_SEND: Duration = Duration::from_secs(36);

pub(super) fn check(evidence: &Evidence<'_>) {
    let successes: Vec<&Report> = evidence.reports().filter(|report| report.what == Reported::Succeeded).collect();
    for call in evidence.calls() {
        for part in &call.parts {
            let known = |report: &&&Report| {
                report.key == part.key
                    && report.version > part.version
                    && report.recorded.is_some_and(|recorded| recorded + READ_TO_SEND < call.arrived)
            };
            if let Some(newer) = successes.iter().find(known) {
                let text = format!("v{} was sent at {} after {newer:?}", part.version, call.arrived);
                evidence.violated_at(call.arrived, "order", Some(&part.key), text);
            }
        }
    }
    for success in successes {
        is_there_or_said(evidence, success);
    }
}

/// The source's write is still there, or something newer, or it was said that something older may have followed.
fn is_there_or_said(evidence: &Evidence<'_>, success: &Report) {
    let row = evidence.orgs.of(&evidence.connection.id, |org| org.row(&success.key).cloned());
    let there = row.as_ref().is_some_and(|row| row.version >= success.version);
    if !there && !said(evidence, &success.key, success.version) {
        let text = format!("v{} was written by its source, {row:?} is there, and nobody was told", success.version);
        evidence.violated("order", Some(&success.key), text);
    }
}

fn said(evidence: &Evidence<'_>, key: &RecordKey, version: i64) -> bool {
    evidence.posted.iter().any(|event| match event {
        Outbound::PossibleOverwrite(told) => {
            told.connection == key.connection
                && told.object == key.object
                && told.external_id == key.id
                && !SourceVersion::Number(version).is_newer_than(told.newer)
        }
        Outbound::RecordsRetried(_)
        | Outbound::RecordsTimedOut(_)
        | Outbound::BudgetSpent(_)
        | Outbound::RunRequested(_)
        | Outbound::ConnectionSuspended(_)
        | Outbound::ConnectionResumed(_) => false,
    })
}
