//! Invariant 14, Secrecy: no value of a payload is in an event, or in what the system says of its failures.
//!
//! Must not know: which values there are; all begin alike.

use rules::ids::RecordKey;

use super::Evidence;

/// How every value begins that stands in payloads, and in the messages of Salesforce and of sources, which quote them.
const CANARY: &str = "canary-of-";

/// A record's value that may be shown nowhere.
pub(crate) fn canary(key: &RecordKey) -> String {
    format!("{CANARY}{}", key.id)
}

pub(super) fn check(evidence: &Evidence<'_>) {
    let ours = evidence.posted.iter().filter(|event| *event.connection() == evidence.connection.id);
    let events = ours.map(|event| format!("{event:?}"));
    let said = evidence.facts.said.iter().cloned();
    for text in events.chain(said).filter(|text| text.contains(CANARY)) {
        evidence.violated("secrecy", None, format!("a payload's value is shown: {text}"));
    }
}
