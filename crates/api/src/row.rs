//! One row of an import, made into the report of a failure that a source would send, so that both are read by the same rules.
//!
//! Must not know: what a report changes.

use rules::events;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde_json::{Map, Value, json};

/// The fields of a row and of a report, where their names differ.
const NAMES: [(&str, &str); 4] = [
    ("external_id", "externalId"),
    ("external_id_field", "externalIdField"),
    ("source_version", "sourceVersion"),
    ("failed_at", "failedAt"),
];

/// The report's text.
///
/// # Errors
/// When the row has a field that no row has, or lacks one that a report may do without: with these, all its other mistakes.
pub(crate) fn event(connection: &ConnectionId, row: &Value, now: Timestamp) -> Result<String, Mistakes> {
    let mut fields = Fields::of("", row);
    for name in ["object", "external_id", "external_id_field", "error", "payload", "parent"] {
        fields.value(name);
    }
    // A source's event has a time of its own that stands in for these; a row has none.
    fields.required("source_version");
    fields.required("failed_at");
    let mistakes = fields.strict();
    let mut detail = detail(row);
    detail.insert("connection".to_owned(), json!(connection));
    let text = json!({ "detail-type": "Sync Failed", "time": now, "detail": detail }).to_string();
    if mistakes.is_empty() {
        return Ok(text);
    }
    let others = if row.is_object() { events::read(&text, now).err() } else { None };
    Err(Mistakes(mistakes.into_iter().chain(others.into_iter().flat_map(|others| others.0)).collect()))
}

fn detail(row: &Value) -> Map<String, Value> {
    let mut detail = Map::new();
    for (name, value) in row.as_object().into_iter().flatten() {
        let value = if name == "parent" { parent(value) } else { value.clone() };
        detail.insert(there(name).to_owned(), value);
    }
    detail
}

fn parent(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (there(name).to_owned(), value.clone())).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => value.clone(),
    }
}

fn there(name: &str) -> &str {
    NAMES.iter().find(|(here, _)| *here == name).map_or(name, |(_, there)| there)
}

/// The mistakes with the fields called as the row calls them.
pub(crate) fn renamed(Mistakes(mistakes): Mistakes) -> Mistakes {
    let rename = |mistake: Mistake| Mistake { field: here(&mistake.field), ..mistake };
    Mistakes(mistakes.into_iter().map(rename).collect())
}

fn here(field: &str) -> String {
    let Some(path) = field.strip_prefix("detail.") else {
        return if field == "(event)" { "(row)".to_owned() } else { field.to_owned() };
    };
    if path.starts_with("payload.") {
        return path.to_owned();
    }
    path.split('.').map(own_name).collect::<Vec<_>>().join(".")
}

fn own_name(name: &str) -> &str {
    NAMES.iter().find(|(_, there)| *there == name).map_or(name, |(here, _)| here)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-02T09:30:00Z";

    fn mistakes(row: &Value) -> Vec<String> {
        let connection = ConnectionId::new("acme").expect("a valid name");
        let now = Timestamp::parse(NOW).expect("a time");
        let wrong = event(&connection, row, now).and_then(|text| events::read(&text, now).map(drop));
        let named = renamed(wrong.err().unwrap_or(Mistakes(Vec::new()))).0;
        named.into_iter().map(|mistake| format!("{} {}", mistake.field, mistake.problem)).collect()
    }

    #[test]
    fn a_row_with_all_fields_is_a_report_without_mistakes() {
        let row = json!({
            "object": "Contact", "external_id": "a-1", "external_id_field": "Ext_Id__c", "source_version": 1,
            "failed_at": "2026-03-02T09:15:00Z", "error": { "code": "X", "message": "m" }, "payload": { "LastName": "B" },
            "parent": { "object": "Account", "external_id": "acc-1" },
        });
        assert_eq!(mistakes(&row), Vec::<String>::new());
    }

    #[test]
    fn all_mistakes_of_a_row_are_told_together_by_the_names_that_the_row_uses() {
        let row = json!({
            "object": "1", "external_id": "", "failed_at": "yesterday", "error": {}, "payload": { "Id": "003" },
            "parent": { "object": "Account" }, "colour": "red",
        });
        assert_eq!(
            mistakes(&row),
            [
                "source_version is missing",
                "colour is not a known field",
                "object is not an object's API name",
                "external_id is not an external id",
                "failed_at is not a time",
                "parent.external_id is missing",
                "payload has the field Id",
                "error.code is missing",
            ]
        );
    }

    #[test]
    fn a_row_that_is_no_object_says_so_once() {
        assert_eq!(mistakes(&json!("a-1")), ["(input) is a text, not an object"]);
    }
}
