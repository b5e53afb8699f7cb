//! Order: nothing is sent that is older than a success that was taken in well before; and what a source saved is still there, or
//! something newer, or it was told that something older may have followed.
//!
//! Must not know: how that is avoided.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::events::PossibleOverwrite;
use rules::ids::RecordKey;
use rules::version::SourceVersion;

use super::Evidence;
use crate::kill::evidence::published_as;
use crate::soak::sources::{Report, What};

/// The longest time between the strong read of a record and its arrival, with clocks that differ.
const READ_TO_SEND: Duration = Duration::from_secs(36);

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let told = told(evidence);
    for (&key, history) in &evidence.histories {
        for success in history.reports.iter().filter(|report| report.what == What::Succeeded) {
            late_sends(evidence, key, success, wrong);
            is_there_or_told(evidence, key, success, told.get(key).copied(), wrong);
        }
    }
}

fn late_sends(evidence: &Evidence<'_>, key: &RecordKey, success: &Report, wrong: &mut Vec<String>) {
    let Some(recorded) = success.recorded else { return };
    let older =
        |sent: &&crate::kill::evidence::Sent| sent.version < success.version && sent.at > recorded + READ_TO_SEND;
    if let Some(sent) = evidence.sends_of(key).iter().find(older) {
        wrong.push(format!("order: {key} was sent in v{} at {} after {success:?}", sent.version, sent.at));
    }
}

fn is_there_or_told(
    evidence: &Evidence<'_>,
    key: &RecordKey,
    success: &Report,
    told: Option<i64>,
    wrong: &mut Vec<String>,
) {
    let row = evidence.org.salesforce.record(key.object.as_str(), "Ext__c", key.id.as_str());
    let there = row.as_ref().and_then(|row| row["V__c"].as_i64()).unwrap_or(0);
    if there < success.version && told.is_none_or(|told| told < success.version) {
        wrong.push(format!(
            "order: its source wrote v{} of {key}, v{there} is there, and nobody was told",
            success.version
        ));
    }
}

/// The newest version of each record of which its source was told that it may be overwritten.
fn told(evidence: &Evidence<'_>) -> BTreeMap<RecordKey, i64> {
    let mut newest = BTreeMap::new();
    for event in published_as::<PossibleOverwrite>(&evidence.play.notes.published, "Possible Overwrite") {
        let key = RecordKey { connection: event.connection, object: event.object, id: event.external_id };
        let SourceVersion::Number(newer) = event.newer else { continue };
        let known: &mut i64 = newest.entry(key).or_default();
        *known = newer.max(*known);
    }
    newest
}
