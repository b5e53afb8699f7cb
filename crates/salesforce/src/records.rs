//! The request body of a Collections upsert.
//!
//! Must not know: where it is sent, what is answered.

use engine::ports::{Upsert, UpsertRequest};
use rules::ids::{FieldName, ObjectName};
use serde_json::{Map, Value, json};

/// The path of the upsert of `object` by `field`.
pub(crate) fn path(api_version: &str, object: &ObjectName, field: &FieldName) -> String {
    format!("/services/data/v{api_version}/composite/sobjects/{object}/{field}")
}

/// The body for these records: each saved or refused by itself, in the request's order. A payload's own value of the
/// external-id field, or of `attributes`, whatever its case, gives way to the request's.
pub(crate) fn body(request: UpsertRequest) -> Vec<u8> {
    let UpsertRequest { object, field, records } = request;
    let records: Vec<Value> = records.into_iter().map(|upsert| record(&object, &field, upsert)).collect();
    let body = json!({ "allOrNone": false, "records": records });
    serde_json::to_vec(&body).expect("a value of JSON with texts for keys can always be written")
}

fn record(object: &ObjectName, field: &FieldName, upsert: Upsert) -> Value {
    let mut fields = Map::new();
    fields.insert("attributes".to_owned(), json!({ "type": object.as_str() }));
    fields.insert(field.as_str().to_owned(), Value::from(String::from(upsert.id)));
    let ours = |name: &String| name.eq_ignore_ascii_case("attributes") || name.eq_ignore_ascii_case(field.as_str());
    fields.extend(upsert.payload.into_fields().into_iter().filter(|(name, _)| !ours(name)));
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use engine::payload::Payload;
    use rules::ids::RecordId;

    use super::*;

    fn upsert(id: &str, payload: Value) -> Upsert {
        let Value::Object(fields) = payload else { panic!("a payload is an object") };
        Upsert { id: RecordId::new(id).expect("it is an id"), payload: Payload::new(fields) }
    }

    fn written(records: Vec<Upsert>) -> Value {
        let object = ObjectName::new("Contact").expect("it is an object");
        let field = FieldName::new("Ext__c").expect("it is a field");
        serde_json::from_slice(&body(UpsertRequest { object, field, records })).expect("it is JSON")
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
