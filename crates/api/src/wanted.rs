//! Which records a person means, read from a body.
//!
//! Must not know: what becomes of them.

use std::collections::BTreeSet;

use rules::catalogue::ErrorType;
use rules::fields::{Fields, Mistakes};
use rules::ids::{ObjectName, RecordId};
use rules::resync::{FailingState, MOST_RECORDS, Matching, Wanted};
use serde_json::Value;

/// The fields that describe records. None of them stands beside `records`.
const DESCRIBING: [&str; 6] = ["all", "type", "object", "state", "failed_from", "failed_to"];

/// Reads `{"records": ["Contact/a-1"]}`, or any of `type`, `object`, `state`, `failed_from` and `failed_to`, or `"all": true`.
///
/// # Errors
/// All mistakes together.
pub(crate) fn read(body: &Value) -> Result<Wanted, Mistakes> {
    let mut fields = Fields::of("", body);
    let wanted = of(&mut fields, body);
    match (wanted, fields.strict()) {
        (Some(wanted), mistakes) if mistakes.is_empty() => Ok(wanted),
        (_, mistakes) => Err(Mistakes(mistakes)),
    }
}

/// The same of a body that may say more.
pub(crate) fn of(fields: &mut Fields<'_>, body: &Value) -> Option<Wanted> {
    let records = fields.value("records");
    let all = fields.flag("all");
    let matching = matching(fields);
    let is_given = |name: &&str| body.get(*name).is_some_and(|given| !given.is_null());
    let described = DESCRIBING.into_iter().find(is_given);
    match (records, described) {
        (Some(_), Some(name)) => {
            fields.wrong(name, "stands beside records", "name records, or describe them, not both");
            None
        }
        (Some(list), None) => named(fields, list).map(Wanted::Records),
        (None, _) if all == Some(true) || matching != Matching::default() => Some(Wanted::Matching(matching)),
        (None, Some(name)) if name != "all" => None,
        (None, _) if body.is_object() => {
            let mend = "write records, or any of type, object, state, failed_from and failed_to, or \"all\": true";
            fields.wrong("records", "is missing", mend);
            None
        }
        (None, _) => None,
    }
}

fn matching(fields: &mut Fields<'_>) -> Matching {
    let error_type: Option<ErrorType> = fields.optional_text("type");
    let object: Option<ObjectName> = fields.optional_text("object");
    let state: Option<FailingState> = fields.optional_text("state");
    let (failed_from, failed_to) = (fields.time("failed_from"), fields.time("failed_to"));
    if failed_from.zip(failed_to).is_some_and(|(from, to)| from > to) {
        fields.wrong("failed_to", "is before failed_from", "write the later of the two here");
    }
    Matching { error_type, object, state, failed_from, failed_to }
}

fn named(fields: &mut Fields<'_>, list: &Value) -> Option<Vec<(ObjectName, RecordId)>> {
    let texts = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=MOST_RECORDS).contains(&texts.len()) {
        let mend = format!(
            "write 1 to {MOST_RECORDS} records as [\"Contact/a-1\", …]; for more, describe them by type, object or state"
        );
        fields.wrong("records", "is not a list of that many records", mend);
        return None;
    }
    let mut read = BTreeSet::new();
    for (at, text) in texts.iter().enumerate() {
        match text.as_str().and_then(|text| text.split_once('/')).map(key) {
            Some(Some(key)) => drop(read.insert(key)),
            Some(None) | None => {
                fields.wrong(&format!("records[{at}]"), "is not a record", "write it as OBJECT/EXTERNAL-ID");
            }
        }
    }
    Some(read.into_iter().collect())
}

fn key((object, id): (&str, &str)) -> Option<(ObjectName, RecordId)> {
    Some((ObjectName::new(object).ok()?, RecordId::new(id).ok()?))
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
