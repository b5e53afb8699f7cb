//! Invariants 4 and 8, Attempts: a record counts the tries that Salesforce processed, and beyond them at most those that nobody knows
//! the outcome of; what was not processed counts for nobody.
//!
//! Must not know: how tries are counted. What an answer means it asks the rules.

use std::collections::BTreeMap;

use rules::ids::{FieldName, RecordKey};
use rules::record::{Record, Resolution, State};
use rules::verdict::{Answer, Understood, understand};

use super::{Evidence, Reported};
use crate::cloud::CallKind;

/// Tries that certainly count, and those that may.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    certain: u32,
    doubtful: u32,
}

pub(super) fn check(evidence: &Evidence<'_>) {
    let tries = tries(evidence);
    let broken_off = evidence.facts.broken_off.get(&evidence.connection.id).copied().unwrap_or(0);
    let versions = versions(evidence);
    for record in evidence.records().filter(|record| versions.get(&record.key) == Some(&1)) {
        let Tries { certain, doubtful } = tries.get(&record.key).copied().unwrap_or_default();
        let counted = record.attempts.total();
        // What is certain is counted, whatever died; what died before it sent may have left one more in doubt.
        let (least, most) = (certain, certain + doubtful + broken_off);
        if !(least..=most).contains(&counted) && !ended_elsewhere(record) {
            let text = format!("{counted} tries are counted, {certain} are certain and {doubtful} more may be");
            evidence.violated("attempts", Some(&record.key), text);
        }
    }
}

fn tries(evidence: &Evidence<'_>) -> BTreeMap<RecordKey, Tries> {
    let catalogue = evidence.connection.catalogue().expect("the settings of a play are right");
    let field = FieldName::new("Ext_Id__c").expect("a short name");
    let counts = |answer: &Answer| matches!(understand(&catalogue, &field, answer), Understood::Counts(_));
    let mut tries: BTreeMap<RecordKey, Tries> = BTreeMap::new();
    for call in evidence.calls().iter().filter(|call| call.kind == CallKind::Upsert) {
        for part in &call.parts {
            let of = tries.entry(part.key.clone()).or_default();
            match (call.heard, &part.answer) {
                (Some(_), Some(answer)) => of.certain += u32::from(counts(answer)),
                // A batch that was refused as a whole may come down to this one record.
                (Some(_), None) if call.refused => of.doubtful += 1,
                (Some(_), None) => {}
                (None, _) => of.doubtful += 1,
            }
        }
    }
    for key in evidence.orgs.of(&evidence.connection.id, |org| org.vanished.clone()) {
        tries.entry(key).or_default().doubtful += 1;
    }
    tries
}

/// How many versions of each record failed.
fn versions<'a>(evidence: &'a Evidence<'_>) -> BTreeMap<&'a RecordKey, usize> {
    let mut versions = BTreeMap::new();
    for report in evidence.reports().filter(|report| report.what == Reported::Failed) {
        *versions.entry(&report.key).or_default() += 1;
    }
    versions
}

/// A record that its source synced or a person deleted in flight is left as it is.
fn ended_elsewhere(record: &Record) -> bool {
    matches!(record.state, State::Resolved { how: Resolution::SucceededElsewhere | Resolution::Deleted, .. })
}
