//! Which records a resync is to try, read from a body.
//!
//! Must not know: what becomes of them.

use std::collections::BTreeSet;

use rules::catalogue::ErrorType;
use rules::fields::{Fields, Mistakes};
use rules::ids::{ObjectName, RecordId};
use rules::resync::{MOST_RECORDS, Wanted};
use serde_json::Value;

/// Reads `{"records": ["Contact/a-1"]}`, `{"type": "daco-10"}` or `{"all": true}`, the last two with an optional `object`.
///
/// # Errors
/// All mistakes together.
pub(crate) fn read(body: &Value) -> Result<Wanted, Mistakes> {
    let mut fields = Fields::of("", body);
    let records = fields.value("records");
    let error_type: Option<ErrorType> = fields.optional_text("type");
    let has_type = body.get("type").is_some_and(|given| !given.is_null());
    let all = fields.flag("all");
    let object: Option<ObjectName> = fields.optional_text("object");
    let wanted = match (records, has_type, all) {
        (Some(list), false, None | Some(false)) => {
            if object.is_some() {
                fields.wrong("object", "stands beside records", "leave it out; each record names its own");
            }
            named(&mut fields, list).map(Wanted::Records)
        }
        (None, true, None | Some(false)) => error_type.map(|error_type| Wanted::Type { error_type, object }),
        (None, false, Some(true)) => Some(Wanted::All { object }),
        (None, false, None | Some(false)) if body.is_object() => {
            fields.wrong("records", "is missing", "write records, or type, or \"all\": true");
            None
        }
        (None, false, None | Some(false)) => None,
        (_, _, _) => {
            fields.wrong("records", "stands beside type or all", "write one of the three");
            None
        }
    };
    match (wanted, fields.strict()) {
        (Some(wanted), mistakes) if mistakes.is_empty() => Ok(wanted),
        (_, mistakes) => Err(Mistakes(mistakes)),
    }
}

fn named(fields: &mut Fields<'_>, list: &Value) -> Option<Vec<(ObjectName, RecordId)>> {
    let texts = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=MOST_RECORDS).contains(&texts.len()) {
        let mend = format!("write 1 to {MOST_RECORDS} records as [\"Contact/a-1\", …]; for more, take type or all");
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
mod tests {
    use serde_json::json;

    use super::*;

    fn mistakes(body: &Value) -> Vec<String> {
        let Err(Mistakes(mistakes)) = read(body) else { panic!("{body} was taken") };
        mistakes.into_iter().map(|mistake| format!("{} {}", mistake.field, mistake.problem)).collect()
    }

    #[test]
    fn records_are_named_by_object_and_id_each_once_and_an_id_may_hold_slashes() {
        let body = json!({ "records": ["Contact/b/1", "Contact/a", "Contact/b/1"] });
        let key = |id: &str| (ObjectName::new("Contact").expect("a name"), RecordId::new(id).expect("an id"));
        assert_eq!(read(&body), Ok(Wanted::Records(vec![key("a"), key("b/1")])));
    }

    #[test]
    fn a_type_or_all_may_be_narrowed_to_an_object() {
        let object = ObjectName::new("Contact").ok();
        let error_type = ErrorType::parse("daco-10").expect("a type");
        let of_type = Wanted::Type { error_type, object: object.clone() };
        assert_eq!(read(&json!({ "type": "daco-10", "object": "Contact" })), Ok(of_type));
        assert_eq!(read(&json!({ "all": true, "object": "Contact" })), Ok(Wanted::All { object }));
        assert_eq!(read(&json!({ "all": true })), Ok(Wanted::All { object: None }));
    }

    #[test]
    fn everything_else_is_told_what_to_write() {
        for (body, problem) in [
            (json!({}), "records is missing"),
            (json!({ "all": false }), "records is missing"),
            (json!([]), "(input) is a list, not an object"),
            (json!({ "all": true, "type": "daco-10" }), "records stands beside type or all"),
            (json!({ "records": [] }), "records is not a list of that many records"),
            (json!({ "records": vec!["Contact/a"; 101] }), "records is not a list of that many records"),
            (json!({ "records": ["Contact/a", "Contact"] }), "records[1] is not a record"),
            (json!({ "records": ["Contact/a"], "object": "Contact" }), "object stands beside records"),
            (
                json!({ "type": "Not A Type" }),
                "type an error type is a rule's id in kebab-case, or `unknown:CODE`, or `unknown`",
            ),
            (json!({ "all": true, "colour": "red" }), "colour is not a known field"),
        ] {
            assert_eq!(mistakes(&body), [problem], "{body}");
        }
    }
}
