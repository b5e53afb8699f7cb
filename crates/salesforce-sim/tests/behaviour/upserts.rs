//! Collections upserts and upserts of one record: shapes, order, keys, parents, refusals.

use salesforce_sim::{ObjectSchema, Outcome, Schema, Settings};
use serde_json::{Value, json};

use crate::support::{Bench, CONTACTS, contact, contacts, records};

const ONE: &str = "/services/data/v60.0/sobjects/Contact/Ext__c/C-1";

fn declared() -> Settings {
    let account = ObjectSchema::new("Account").external_id("Ext__c").field("Name");
    let contact = ObjectSchema::new("Contact").external_id("Ext__c").field("LastName");
    let contact = contact.lookup("Account__r", "Account__c", "Account");
    Settings { schema: Schema::of([account, contact]), ..Settings::default() }
}

#[tokio::test]
async fn results_come_in_request_order_with_id_and_created() {
    let bench = Bench::start().await;
    bench.contacts(&["C-2"]).await;
    let (status, body) = bench.contacts(&["C-1", "C-2"]).await.parts();
    assert_eq!(status, 200);
    let expected = json!([
        {"id": "003000000000002AAA", "success": true, "created": true, "errors": []},
        {"id": "003000000000001AAA", "success": true, "created": false, "errors": []},
    ]);
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_update_keeps_the_fields_it_does_not_name() {
    let bench = Bench::start().await;
    bench.contacts(&["C-1"]).await;
    bench.patch(ONE, &json!({"Email": "a@example.com"})).await;
    let record = bench.sim.record("Contact", "Ext__c", "C-1").unwrap();
    assert_eq!(record["LastName"], "Name of C-1");
    assert_eq!(record["Email"], "a@example.com");
}

#[tokio::test]
async fn the_same_external_id_twice_fails_every_row_that_shares_it_and_no_other() {
    let bench = Bench::start().await;
    let body = bench.contacts(&["C-1", "C-2", "C-1"]).await.json();
    let error =
        json!({"statusCode": "DUPLICATE_VALUE", "message": "Duplicate external id specified: C-1", "fields": []});
    assert_eq!(body[0], json!({"success": false, "errors": [error]}));
    assert_eq!(body[0], body[2]);
    assert_eq!(body[1]["success"], true);
    assert!(bench.sim.record("Contact", "Ext__c", "C-1").is_none());
}

#[tokio::test]
async fn all_or_none_writes_nothing_when_one_row_fails() {
    let bench = Bench::start().await;
    let mut body = records(&[contact("C-1"), json!({"attributes": {"type": "Contact"}, "LastName": "No key"})]);
    body["allOrNone"] = json!(true);
    let (status, results) = bench.patch(CONTACTS, &body).await.parts();
    assert_eq!(status, 200);
    assert_eq!(results[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(results[1]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
    assert_eq!(bench.sim.count("Contact"), 0);
}

#[tokio::test]
async fn a_malformed_collection_gets_400_as_a_whole() {
    let bench = Bench::start().await;
    let ids: Vec<String> = (0..201).map(|n| format!("C-{n}")).collect();
    let too_many = contacts(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let cases = [
        (too_many, "EXCEEDED_ID_LIMIT"),
        (records(&[json!({"attributes": {"type": "Account"}, "Ext__c": "A"})]), "INVALID_TYPE"),
        (records(&[json!({"Ext__c": "A"})]), "INVALID_TYPE"),
        (records(&[json!({"attributes": {"type": "Contact"}, "Ext__c": "A", "id": "003"})]), "INVALID_FIELD"),
        (json!({"records": "none"}), "JSON_PARSER_ERROR"),
    ];
    for (body, code) in cases {
        let (status, answer) = bench.patch(CONTACTS, &body).await.parts();
        assert_eq!((status, &answer[0]["errorCode"]), (400, &json!(code)));
    }
    let unreadable = bench.request(reqwest::Method::PATCH, CONTACTS).body("{");
    assert_eq!(bench.send(unreadable).await.status, 400);
    assert_eq!(bench.sim.count("Contact"), 0);
}

#[tokio::test]
async fn an_unknown_object_key_field_or_version_gets_404() {
    let bench = Bench::with(declared()).await;
    let paths = [
        "/services/data/v60.0/composite/sobjects/Nothing/Ext__c",
        "/services/data/v60.0/composite/sobjects/Contact/LastName",
        "/services/data/v45.0/composite/sobjects/Contact/Ext__c",
        "/services/data/v99.0/composite/sobjects/Contact/Ext__c",
    ];
    for path in paths {
        let (status, body) = bench.patch(path, &records(&[])).await.parts();
        assert_eq!((status, &body[0]["errorCode"]), (404, &json!("NOT_FOUND")), "{path}");
    }
}

#[tokio::test]
async fn a_field_that_does_not_exist_fails_its_row() {
    let bench = Bench::with(declared()).await;
    let row = json!({"attributes": {"type": "Contact"}, "Ext__c": "C-1", "Nope__c": 1});
    let body = bench.patch(CONTACTS, &records(&[row])).await.json();
    assert_eq!(body[0]["errors"][0]["message"], "No such column 'Nope__c' on sobject of type Contact");
}

fn child_of(parent: &Value) -> Value {
    json!({"attributes": {"type": "Contact"}, "Ext__c": "C-1", "LastName": "Child", "Account__r": parent})
}

#[tokio::test]
async fn a_parent_named_by_external_id_is_found_or_named_as_missing() {
    for settings in [declared(), Settings::default()] {
        let bench = Bench::with(settings).await;
        let child = records(&[child_of(&json!({"Ext__c": "A-1"}))]);
        let body = bench.patch(CONTACTS, &child).await.json();
        let error = &body[0]["errors"][0];
        assert_eq!(error["statusCode"], "INVALID_FIELD");
        let message = "Foreign key external ID: A-1 not found for field Ext__c in entity Account";
        assert_eq!(error["message"], message);

        let parent = bench.sim.put_record("Account", "Ext__c", "A-1", [("Name", "Parent")]);
        let body = bench.patch(CONTACTS, &child).await.json();
        assert_eq!(body[0]["success"], true);
        let stored = bench.sim.record("Contact", "Ext__c", "C-1").unwrap();
        assert_eq!(stored["Account__c"], parent.as_str());
    }
}

#[tokio::test]
async fn a_single_upsert_answers_201_then_200_and_the_created_flag() {
    let bench = Bench::start().await;
    let (status, body) = bench.patch(ONE, &json!({"LastName": "Doe"})).await.parts();
    let expected = json!({"id": "003000000000001AAA", "success": true, "errors": [], "created": true});
    assert_eq!((status, body), (201, expected));
    let (status, body) = bench.patch(ONE, &json!({"LastName": "Roe"})).await.parts();
    assert_eq!((status, &body["created"]), (200, &json!(false)));
    assert_eq!(bench.sim.record("Contact", "Ext__c", "C-1").unwrap()["LastName"], "Roe");
}

#[tokio::test]
async fn an_external_id_with_a_slash_and_a_space_is_read_from_the_address() {
    let bench = Bench::start().await;
    let path = "/services/data/v60.0/sobjects/Contact/Ext__c/C%2F1%20b";
    assert_eq!(bench.patch(path, &json!({"LastName": "Doe"})).await.status, 201);
    assert!(bench.sim.record("Contact", "Ext__c", "C/1 b").is_some());
}

#[tokio::test]
async fn a_single_upsert_whose_body_repeats_the_key_or_an_id_gets_400() {
    let bench = Bench::start().await;
    for field in ["Ext__c", "Id"] {
        let (status, body) = bench.patch(ONE, &json!({field: "C-1"})).await.parts();
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
    }
}

#[tokio::test]
async fn several_matches_answer_300_for_one_record_and_an_error_in_a_collection() {
    let bench = Bench::start().await;
    let first = bench.sim.add_record("Contact", [("Ext__c", "C-1")]);
    bench.sim.add_record("Contact", [("Ext__c", "C-1")]);
    let (status, body) = bench.patch(ONE, &json!({"LastName": "Doe"})).await.parts();
    assert_eq!(status, 300);
    assert_eq!(body[0], format!("/services/data/v60.0/sobjects/Contact/{first}"));
    assert_eq!(body.as_array().unwrap().len(), 2);
    let body = bench.contacts(&["C-1"]).await.json();
    assert_eq!(body[0]["errors"][0]["statusCode"], "DUPLICATE_EXTERNAL_ID");
}

#[tokio::test]
async fn the_log_tells_of_each_record_what_was_sent_and_what_became_of_it() {
    let bench = Bench::start().await;
    bench.clock.advance(5);
    bench.contacts(&["C-1", "C-2", "C-2"]).await;
    let entry = bench.sim.log().pop().unwrap();
    assert_eq!((entry.status, entry.counted, entry.started), (Some(200), true, bench.clock.now()));
    let first = &entry.records[0];
    assert_eq!(first.fields["LastName"], "Name of C-1");
    let Outcome::Committed { created, at, .. } = &first.outcome else { panic!("{first:?}") };
    assert_eq!((*created, *at), (true, bench.clock.now()));
    assert_eq!(entry.records[1].outcome, Outcome::Refused { code: "DUPLICATE_VALUE".into() });
}

#[tokio::test]
async fn fifty_thousand_records_go_in_and_are_updated_in_500_calls() {
    let bench = Bench::start().await;
    let ids: Vec<String> = (0..50_000).map(|n| format!("C-{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for created in [true, false] {
        for batch in ids.chunks(200) {
            let body = bench.contacts(batch).await.json();
            assert_eq!(body[199]["created"], created);
        }
    }
    assert_eq!(bench.sim.count("Contact"), 50_000);
    assert_eq!(bench.sim.calls_used(), 500);
}
