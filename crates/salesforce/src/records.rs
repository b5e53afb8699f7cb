//! The request body of a Collections upsert.
//!
//! Must not know: where it is sent, what is answered.

use engine::ports::{Upsert, UpsertRequest};
use rules::ids::{FieldName, ObjectName};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// The path of the upsert of `object` by `field`.
pub(crate) fn path(api_version: &str, object: &ObjectName, field: &FieldName) -> String {
    format!("/services/data/v{api_version}/composite/sobjects/{object}/{field}")
}

/// The body for these records: each saved or refused by itself, in the request's order. A payload's own value of the
/// external-id field, or of `attributes`, whatever its case, gives way to the request's.
pub(crate) fn body(request: &UpsertRequest) -> Vec<u8> {
    let UpsertRequest { object, field, records } = request;
    let of = Of { r#type: object.as_str() };
    let records = records.iter().map(|upsert| Row { of, field, upsert }).collect();
    serde_json::to_vec(&Body { all_or_none: false, records }).expect("texts for keys and values of JSON can be written")
}

/// A body, written from what it is made of: copied into one value first, it would take several times as long.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "allOrNone")]
    all_or_none: bool,
    records: Vec<Row<'a>>,
}

/// What a record is.
#[derive(Clone, Copy, Serialize)]
struct Of<'a> {
    r#type: &'a str,
}

/// A record.
struct Row<'a> {
    of: Of<'a>,
    field: &'a FieldName,
    upsert: &'a Upsert,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = self.field.as_str();
        let ours = |name: &String| name.eq_ignore_ascii_case("attributes") || name.eq_ignore_ascii_case(field);
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("attributes", &self.of)?;
        row.serialize_entry(field, self.upsert.id.as_str())?;
        for (name, value) in self.upsert.payload.fields().iter().filter(|(name, _)| !ours(name)) {
            row.serialize_entry(name, value)?;
        }
        row.end()
    }
}

#[cfg(test)]
mod tests {
    use engine::payload::Payload;
    use rules::ids::RecordId;
    use serde_json::{Value, json};

    use super::*;

    fn upsert(id: &str, payload: Value) -> Upsert {
        let Value::Object(fields) = payload else { panic!("a payload is an object") };
        Upsert { id: RecordId::new(id).expect("it is an id"), payload: Payload::new(fields) }
    }

    fn written(records: Vec<Upsert>) -> Value {
        let object = ObjectName::new("Contact").expect("it is an object");
        let field = FieldName::new("Ext__c").expect("it is a field");
        serde_json::from_slice(&body(&UpsertRequest { object, field, records })).expect("it is JSON")
    }

    #[test]
    fn a_batch_is_written_in_order_and_each_record_stands_for_itself() {
        let records = vec![upsert("b", json!({"Name": "Bo", "Account": {"Ext__c": "p"}})), upsert("a", json!({}))];
        let expected = json!({"allOrNone": false, "records": [
            {"attributes": {"type": "Contact"}, "Ext__c": "b", "Name": "Bo", "Account": {"Ext__c": "p"}},
            {"attributes": {"type": "Contact"}, "Ext__c": "a"},
        ]});
        assert_eq!(written(records), expected);
    }

    #[test]
    fn the_external_id_and_the_type_of_the_request_win_over_the_payloads_whatever_their_case() {
        let payload = json!({"EXT__C": "other", "Ext__c": "another", "Attributes": {"type": "Account"}, "Name": "Bo"});
        let record = &written(vec![upsert("b", payload)])["records"][0];
        assert_eq!(record, &json!({"attributes": {"type": "Contact"}, "Ext__c": "b", "Name": "Bo"}));
    }
}
