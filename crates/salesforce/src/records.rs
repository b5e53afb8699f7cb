//! The request body of a Collections upsert.
//!
//! Must not know: where it is sent, what is answered.

use engine::payload::Payload;
use engine::ports::UpsertRequest;
use rules::ids::{FieldName, ObjectName};
use serde::Serialize;

/// The path of the upsert of `object` by `field`.
pub(crate) fn path(api_version: &str, object: &ObjectName, field: &FieldName) -> String {
    format!("/services/data/v{api_version}/composite/sobjects/{object}/{field}")
}

/// The body for these records: each saved or refused by itself, in the request's order. A payload's own value of the
/// external-id field, or of `attributes`, whatever its case, gives way to the request's.
///
/// A payload is a JSON object already, and is copied as it stands: read and written anew, it would take several times as long.
pub(crate) fn body(request: &UpsertRequest) -> Vec<u8> {
    let UpsertRequest { object, field, records } = request;
    let payloads: usize = records.iter().map(|upsert| upsert.payload.bytes()).sum();
    let mut body = Vec::with_capacity(payloads + 128 * (records.len() + 1));
    body.extend_from_slice(br#"{"allOrNone":false,"records":["#);
    for (number, upsert) in records.iter().enumerate() {
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"attributes":{"type":"#);
        write(&mut body, object.as_str());
        body.extend_from_slice(b"},");
        write(&mut body, field.as_str());
        body.push(b':');
        write(&mut body, upsert.id.as_str());
        write_fields(&mut body, &upsert.payload, field.as_str());
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

/// The fields of a payload, each with a comma before it.
fn write_fields(body: &mut Vec<u8>, payload: &Payload, field: &str) {
    let ours = |name: &str| name.eq_ignore_ascii_case("attributes") || name.eq_ignore_ascii_case(field);
    if payload.has(ours) {
        for (name, value) in payload.fields().iter().filter(|(name, _)| !ours(name)) {
            body.push(b',');
            write(body, name);
            body.push(b':');
            write(body, value);
        }
        return;
    }
    let text = payload.text();
    let inner = text[1..text.len() - 1].trim();
    if !inner.is_empty() {
        body.push(b',');
        body.extend_from_slice(inner.as_bytes());
    }
}

fn write(body: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(body, value).expect("a value of JSON can be written");
}

#[cfg(test)]
mod tests {
    use engine::ports::Upsert;
    use rules::ids::RecordId;
    use serde_json::{Value, json};

    use super::*;

    fn upsert(id: &str, payload: Value) -> Upsert {
        let Value::Object(fields) = payload else { panic!("a payload is an object") };
        Upsert { id: RecordId::new(id).expect("it is an id"), payload: Payload::new(&fields) }
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
