//! Failure rules: which records they meet, what they answer, how long they last.

use salesforce_sim::{Failure, Rule, Selector};
use serde_json::{Value, json};

use crate::support::{Bench, CONTACTS, contacts};

fn row_lock(selector: Selector) -> Rule {
    Rule::new("row lock", "Contact", selector, Failure::RowLock)
}

/// The codes of the results, `ok` for a success.
async fn codes(bench: &Bench, ids: &[&str]) -> Vec<String> {
    let body = bench.contacts(ids).await.json();
    let code = |row: &Value| row["errors"][0]["statusCode"].as_str().unwrap_or("ok").to_owned();
    body.as_array().expect("results").iter().map(code).collect()
}

#[tokio::test]
async fn a_rule_meets_the_records_it_selects_and_their_siblings_are_written() {
    let selectors = [
        Selector::external_ids(["C-2"]),
        Selector::FieldEquals { field: "LastName".into(), value: json!("Name of C-2") },
    ];
    for selector in selectors {
        let bench = Bench::start().await;
        bench.sim.add_rule(row_lock(selector));
        assert_eq!(codes(&bench, &["C-1", "C-2"]).await, ["ok", "UNABLE_TO_LOCK_ROW"]);
        assert!(bench.sim.record("Contact", "Ext__c", "C-2").is_none());
    }
}

#[tokio::test]
async fn a_rule_can_ask_for_a_field_or_for_its_absence() {
    let bench = Bench::start().await;
    bench.sim.add_rule(row_lock(Selector::FieldPresent("LastName".into())));
    let required = Failure::RequiredFieldMissing(vec!["Email".into()]);
    bench.sim.add_rule(Rule::new("email", "Account", Selector::FieldMissing("Email".into()), required));
    assert_eq!(codes(&bench, &["C-1"]).await, ["UNABLE_TO_LOCK_ROW"]);
    let account = "/services/data/v60.0/sobjects/Account/Ext__c/A-1";
    let (status, body) = bench.patch(account, &json!({"Name": "A"})).await.parts();
    let message = "Required fields are missing: [Email]";
    let expected = json!([{"message": message, "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Email"]}]);
    assert_eq!((status, body), (400, expected));
    assert_eq!(bench.patch(account, &json!({"Email": "a@example.com"})).await.status, 201);
}

#[tokio::test]
async fn every_failure_has_the_code_message_and_fields_that_salesforce_gives() {
    let cases = [
        (
            Failure::BadPicklist("LastName".into()),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "bad value for restricted picklist field: Name of C-1",
        ),
        (Failure::DuplicatesDetected, "DUPLICATES_DETECTED", "Use one of these records?"),
        (
            Failure::DuplicateValue { field: "Email".into(), other: "003000000000009AAA".into() },
            "DUPLICATE_VALUE",
            "duplicate value found: Email duplicates value on record with id: 003000000000009AAA",
        ),
        (Failure::RowLock, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"),
        (
            Failure::ParentMissing { parent: "Account".into(), field: "Ext__c".into(), external_id: "A-1".into() },
            "INVALID_FIELD",
            "Foreign key external ID: A-1 not found for field Ext__c in entity Account",
        ),
        (
            Failure::Trigger { trigger: "ContactTrigger".into(), cause: "System.NullPointerException".into() },
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "ContactTrigger: execution of BeforeInsert",
        ),
        (
            Failure::Validation { message: "Name is odd".into(), fields: vec!["LastName".into()] },
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "Name is odd",
        ),
        (Failure::StorageFull, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"),
        (Failure::EntityDeleted, "ENTITY_IS_DELETED", "entity is deleted"),
        (
            Failure::Other { code: "STRING_TOO_LONG".into(), message: "too long".into(), fields: vec![] },
            "STRING_TOO_LONG",
            "too long",
        ),
    ];
    let bench = Bench::start().await;
    for (failure, code, message) in cases {
        let rule = bench.sim.add_rule(Rule::new("one failure", "Contact", Selector::Every, failure));
        let body = bench.contacts(&["C-1"]).await.json();
        let error = &body[0]["errors"][0];
        assert_eq!(error["statusCode"], code);
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(error["fields"].is_array());
        bench.sim.mend(rule);
    }
    assert_eq!(codes(&bench, &["C-1"]).await, ["ok"]);
}

#[tokio::test]
async fn a_rule_ends_at_its_instant() {
    let bench = Bench::start().await;
    bench.sim.add_rule(row_lock(Selector::Every).until(bench.clock.now().plus(1000)));
    bench.clock.advance(999);
    assert_eq!(codes(&bench, &["C-1"]).await, ["UNABLE_TO_LOCK_ROW"]);
    bench.clock.advance(1);
    assert_eq!(codes(&bench, &["C-1"]).await, ["ok"]);
}

#[tokio::test]
async fn a_rule_for_the_first_tries_counts_each_record_apart() {
    let bench = Bench::start().await;
    bench.sim.add_rule(row_lock(Selector::Every).for_first_tries(2));
    assert_eq!(codes(&bench, &["C-1"]).await, ["UNABLE_TO_LOCK_ROW"]);
    assert_eq!(codes(&bench, &["C-1", "C-2"]).await, ["UNABLE_TO_LOCK_ROW", "UNABLE_TO_LOCK_ROW"]);
    assert_eq!(codes(&bench, &["C-1", "C-2"]).await, ["ok", "UNABLE_TO_LOCK_ROW"]);
    assert_eq!(codes(&bench, &["C-1", "C-2"]).await, ["ok", "ok"]);
}

#[tokio::test]
async fn a_rule_can_be_mended_for_some_records_only() {
    let bench = Bench::start().await;
    let rule = bench.sim.add_rule(row_lock(Selector::Every));
    bench.sim.mend_records(rule, ["C-1"]);
    assert_eq!(codes(&bench, &["C-1", "C-2"]).await, ["ok", "UNABLE_TO_LOCK_ROW"]);
}

#[tokio::test]
async fn a_poisonous_record_gets_400_for_the_whole_request_and_nothing_is_written() {
    let bench = Bench::start().await;
    let poison = Failure::Poison { code: "UNKNOWN_EXCEPTION".into(), message: "bad apple".into() };
    let rule = bench.sim.add_rule(Rule::new("poison", "Contact", Selector::external_ids(["C-2"]), poison));
    let answer = bench.contacts(&["C-1", "C-2"]).await;
    assert_eq!(answer.parts(), (400, json!([{"message": "bad apple", "errorCode": "UNKNOWN_EXCEPTION"}])));
    assert_eq!(bench.sim.count("Contact"), 0);
    assert_eq!(codes(&bench, &["C-1"]).await, ["ok"]);
    bench.sim.mend(rule);
    assert_eq!(bench.patch(CONTACTS, &contacts(&["C-2"])).await.status, 200);
}
