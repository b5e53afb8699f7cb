//! What a source may send, and what it is told about what it may not.
//! It must not know what an event changes.

use rules::budget::Bucket;
use rules::counts::ApiCalls;
use rules::events::{Inbound, LARGEST_EVENT, LARGEST_PAYLOAD, ReportedFailure, read};
use rules::fields::Mistakes;
use rules::ids::ParentKey;
use rules::time::Timestamp;
use rules::version::SourceVersion;
use serde_json::{Value, json};

use crate::support::{at, connection_id, field, fields_of, key, object, record_id};

const SENT: &str = "2026-03-10T09:30:00Z";
const NOW: &str = "2026-03-10T09:30:05Z";

fn event(detail_type: &str, detail: &Value) -> String {
    json!({ "version": "0", "detail-type": detail_type, "source": "billing", "time": SENT, "detail": detail })
        .to_string()
}

fn failed() -> Value {
    json!({
        "connection": "acme", "object": "Invoice__c", "externalId": "INV-1",
        "error": { "code": "DUPLICATE_VALUE", "message": "duplicate value found" },
        "payload": { "Amount__c": 12 },
    })
}

fn succeeded() -> Value {
    json!({ "connection": "acme", "object": "Invoice__c", "externalId": "INV-1" })
}

fn used() -> Value {
    json!({ "connection": "acme", "source": "billing-sync", "bucketStart": "2026-03-10T09:20:00Z", "calls": 40 })
}

/// `detail` with one field more, or another value.
fn with(mut detail: Value, name: &str, value: Value) -> Value {
    detail[name] = value;
    detail
}

fn without(mut detail: Value, name: &str) -> Value {
    detail.as_object_mut().expect("an object").remove(name);
    detail
}

fn read_failure(detail: &Value) -> ReportedFailure {
    match read(&event("Sync Failed", detail), at(NOW)) {
        Ok(Inbound::Failed(failure)) => *failure,
        other => panic!("not a failure: {other:?}"),
    }
}

fn mistakes(detail_type: &str, detail: &Value) -> Mistakes {
    read(&event(detail_type, detail), at(NOW)).expect_err("a mistake")
}

#[test]
fn a_failure_needs_only_its_identity_error_and_payload() {
    let failure = read_failure(&failed());
    assert_eq!(failure.key, key());
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("DUPLICATE_VALUE", "duplicate value found"));
    assert_eq!(failure.payload["Amount__c"], 12);
    assert_eq!(failure.source_version, SourceVersion::Time(at(SENT)));
    assert_eq!((failure.failed, failure.parent, failure.external_id_field), (at(SENT), None, None));
}

#[test]
fn a_failure_may_give_its_version_time_parent_and_field() {
    let detail = with(failed(), "sourceVersion", json!(42));
    let detail = with(detail, "failedAt", json!("2026-03-10T09:00:00Z"));
    let detail = with(detail, "parent", json!({ "object": "Invoice__c", "externalId": "P-1" }));
    let failure = read_failure(&with(detail, "externalIdField", json!("Ext_Id__c")));
    assert_eq!((failure.source_version, failure.failed), (SourceVersion::Number(42), at("2026-03-10T09:00:00Z")));
    assert_eq!(failure.parent, Some(ParentKey { object: object(), id: record_id("P-1") }));
    assert_eq!(failure.external_id_field, Some(field()));
}

#[test]
fn a_version_may_be_a_time_and_a_code_may_be_unheard_of_and_a_message_may_be_absent() {
    let detail = with(failed(), "sourceVersion", json!("2026-03-10T10:00:00+01:00"));
    let failure = read_failure(&with(detail, "error", json!({ "code": "NEVER_HEARD_OF_IT" })));
    assert_eq!(failure.source_version, SourceVersion::Time(at("2026-03-10T09:00:00Z")));
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("NEVER_HEARD_OF_IT", ""));
}

#[test]
fn null_is_as_good_as_absent_and_a_field_of_a_later_version_is_let_be() {
    let detail = with(with(failed(), "parent", json!(null)), "colour", json!("green"));
    assert_eq!(read_failure(&detail), read_failure(&failed()));
}

#[test]
fn a_success_needs_only_its_identity() {
    let Ok(Inbound::Succeeded(success)) = read(&event("Sync Succeeded", &succeeded()), at(NOW)) else {
        panic!("refused")
    };
    assert_eq!((success.key, success.at), (key(), at(SENT)));
    assert_eq!(success.source_version, SourceVersion::Time(at(SENT)));
    let detail = with(succeeded(), "succeededAt", json!("2026-03-10T09:29:00Z"));
    let Ok(Inbound::Succeeded(success)) = read(&event("Sync Succeeded", &detail), at(NOW)) else { panic!("refused") };
    assert_eq!(success.at, at("2026-03-10T09:29:00Z"));
}

#[test]
fn used_calls_are_reported_for_the_bucket_that_they_were_made_in() {
    let inbound = read(&event("API Calls Used", &used()), at(NOW)).expect("a report");
    assert_eq!(inbound.connection(), &connection_id());
    let Inbound::Used(usage) = inbound else { panic!("{inbound:?}") };
    assert_eq!(usage.report.source.as_str(), "billing-sync");
    assert_eq!(usage.report.bucket, Bucket::of(at("2026-03-10T09:20:00Z")));
    assert_eq!(usage.report.total, ApiCalls(40));
}

#[test]
fn every_kind_of_event_names_its_connection() {
    for (detail_type, detail) in
        [("Sync Failed", failed()), ("Sync Succeeded", succeeded()), ("API Calls Used", used())]
    {
        let inbound = read(&event(detail_type, &detail), at(NOW)).expect("a good event");
        assert_eq!(inbound.connection(), &connection_id());
    }
}

#[test]
fn what_is_no_json_is_refused_with_the_place_and_without_the_text() {
    let mistakes = read("{ \"secret\": sesame", at(NOW)).expect_err("no JSON");
    assert_eq!(fields_of(&mistakes), ["(event)"]);
    assert!(mistakes.to_string().contains("line 1") && !mistakes.to_string().contains("sesame"), "{mistakes}");
}

#[test]
fn an_event_that_is_no_object_or_has_no_envelope_is_refused() {
    assert_eq!(fields_of(&read("[]", at(NOW)).expect_err("a list")), ["(input)"]);
    let empty = read("{}", at(NOW)).expect_err("no envelope");
    assert_eq!(fields_of(&empty), ["detail-type", "time", "detail"]);
}

#[test]
fn an_unknown_kind_of_event_is_told_the_known_ones() {
    let mistakes = mistakes("Sync Postponed", &failed());
    assert_eq!(fields_of(&mistakes), ["detail-type"]);
    assert!(mistakes.to_string().contains("Sync Failed, Sync Succeeded or API Calls Used"), "{mistakes}");
}

/// Each missing field is named; all of them together.
#[test]
fn all_missing_fields_of_a_failure_are_reported_together() {
    let expected = ["detail.connection", "detail.object", "detail.externalId", "detail.payload", "detail.error"];
    assert_eq!(fields_of(&mistakes("Sync Failed", &json!({}))), expected);
    for name in ["connection", "object", "externalId", "payload", "error"] {
        let mistakes = mistakes("Sync Failed", &without(failed(), name));
        assert_eq!(fields_of(&mistakes), [format!("detail.{name}")]);
        assert!(mistakes.to_string().contains("is missing"), "{mistakes}");
    }
}

#[test]
fn all_missing_fields_of_a_success_and_a_report_are_reported_together() {
    let of_success = mistakes("Sync Succeeded", &json!({}));
    assert_eq!(fields_of(&of_success), ["detail.connection", "detail.object", "detail.externalId"]);
    let of_report = mistakes("API Calls Used", &json!({}));
    assert_eq!(fields_of(&of_report), ["detail.connection", "detail.source", "detail.calls"]);
}

#[test]
fn all_wrong_values_of_a_failure_are_reported_together() {
    let detail = json!({
        "connection": "Acme Corp", "object": 7, "externalId": "", "externalIdField": "a b", "sourceVersion": true,
        "failedAt": "yesterday", "parent": { "object": "Invoice__c" }, "payload": [1], "error": { "code": 5, "message": [] },
    });
    let expected = [
        "detail.connection",
        "detail.object",
        "detail.externalId",
        "detail.externalIdField",
        "detail.sourceVersion",
        "detail.failedAt",
        "detail.parent.externalId",
        "detail.payload",
        "detail.error.code",
        "detail.error.message",
    ];
    assert_eq!(fields_of(&mistakes("Sync Failed", &detail)), expected);
}

#[test]
fn a_detail_an_error_or_a_parent_that_is_no_object_is_refused() {
    assert_eq!(fields_of(&mistakes("Sync Failed", &json!("text"))), ["detail"]);
    assert_eq!(fields_of(&mistakes("Sync Failed", &with(failed(), "error", json!("text")))), ["detail.error"]);
    assert_eq!(fields_of(&mistakes("Sync Failed", &with(failed(), "parent", json!(3)))), ["detail.parent"]);
}

#[test]
fn calls_that_are_no_count_are_refused() {
    for calls in [json!(-1), json!(1.5), json!("40"), json!(1_000_000_001)] {
        assert_eq!(fields_of(&mistakes("API Calls Used", &with(used(), "calls", calls))), ["detail.calls"]);
    }
}

#[test]
fn a_version_that_is_neither_an_integer_nor_a_time_is_refused() {
    for version in [json!(1.5), json!("seven"), json!({}), json!(u64::MAX)] {
        assert_eq!(
            fields_of(&mistakes("Sync Failed", &with(failed(), "sourceVersion", version))),
            ["detail.sourceVersion"]
        );
    }
}

/// Times up to five minutes ahead are taken, because clocks differ; later ones are not.
#[test]
fn a_time_more_than_five_minutes_ahead_is_refused() {
    let times = [("sourceVersion", "Sync Failed", failed()), ("failedAt", "Sync Failed", failed())];
    let more = [("succeededAt", "Sync Succeeded", succeeded()), ("bucketStart", "API Calls Used", used())];
    for (name, detail_type, detail) in times.into_iter().chain(more) {
        let sent = |time: &str| read(&event(detail_type, &with(detail.clone(), name, json!(time))), at(NOW));
        assert!(sent("2026-03-10T09:35:05Z").is_ok(), "{name}");
        let mistakes = sent("2026-03-10T09:35:05.001Z").expect_err(name);
        assert_eq!(fields_of(&mistakes), [format!("detail.{name}")]);
    }
}

#[test]
fn an_event_that_was_sent_in_the_future_is_refused() {
    let mistakes = read(&event("Sync Succeeded", &succeeded()), at("2026-03-10T09:24:59.999Z")).expect_err("early");
    assert_eq!(fields_of(&mistakes), ["time"]);
    assert!(read(&event("Sync Succeeded", &succeeded()), at("2026-03-10T09:25:00Z")).is_ok());
}

/// Invariant 5, Order: the mark of a success lives 30 days, so an older failure might come back after it.
#[test]
fn a_failure_of_more_than_29_days_ago_is_refused() {
    let sent = |time: &str| read(&event("Sync Failed", &with(failed(), "failedAt", json!(time))), at(NOW));
    assert!(sent("2026-02-09T09:30:05Z").is_ok());
    let mistakes = sent("2026-02-09T09:30:04.999Z").expect_err("too old");
    assert_eq!(fields_of(&mistakes), ["detail.failedAt"]);
    let late: Timestamp = at("2026-04-08T09:30:00.001Z");
    assert_eq!(fields_of(&read(&event("Sync Failed", &failed()), late).expect_err("too old")), ["detail.failedAt"]);
}

/// A payload of exactly so many bytes of JSON.
fn payload(bytes: usize) -> Value {
    json!({ "T__c": "x".repeat(bytes - r#"{"T__c":""}"#.len()) })
}

#[test]
fn a_payload_of_350_kb_is_taken_and_one_byte_more_is_refused() {
    assert_eq!(LARGEST_PAYLOAD, 350 * 1024);
    let largest = read_failure(&with(failed(), "payload", payload(LARGEST_PAYLOAD)));
    assert_eq!(Value::Object(largest.payload).to_string().len(), LARGEST_PAYLOAD);
    let mistakes = mistakes("Sync Failed", &with(failed(), "payload", payload(LARGEST_PAYLOAD + 1)));
    assert_eq!(fields_of(&mistakes), ["detail.payload"]);
    assert!(mistakes.to_string().len() < 300, "the payload is not in the text");
}

#[test]
fn an_event_of_a_megabyte_is_refused_before_it_is_read() {
    let spaces = " ".repeat(1024 * 1024);
    let mistakes = read(&spaces, at(NOW)).expect_err("too large");
    assert_eq!(fields_of(&mistakes), ["(event)"]);
    assert!(mistakes.to_string().contains(&LARGEST_EVENT.to_string()), "{mistakes}");
    let large = event("Sync Failed", &with(failed(), "payload", payload(1024 * 1024)));
    assert_eq!(fields_of(&read(&large, at(NOW)).expect_err("too large")), ["(event)"]);
}

#[test]
fn an_event_that_is_nested_too_deeply_is_refused_and_one_that_can_be_stored_is_taken() {
    let nested = |depth: usize| {
        let payload = format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        event("Sync Failed", &failed()).replace(r#"{"Amount__c":12}"#, &payload)
    };
    assert!(read(&nested(100), at(NOW)).is_ok());
    for depth in [130, 100_000, 250_000] {
        let mistakes = read(&nested(depth), at(NOW)).expect_err("too deep");
        assert_eq!(fields_of(&mistakes), ["(event)"], "{depth}");
    }
    let open = format!("{{\"detail\":{}", "[".repeat(500_000));
    assert_eq!(fields_of(&read(&open, at(NOW)).expect_err("it does not end")), ["(event)"]);
}

/// Invariant 14, Secrecy: a payload that was taken is not shown by whoever prints what was read.
#[test]
fn what_was_taken_in_is_printed_without_payload_and_message() {
    let detail = with(failed(), "payload", json!({ "LastName": "Confidential-4711" }));
    let detail = with(detail, "error", json!({ "code": "DUPLICATE_VALUE", "message": "Confidential-4711" }));
    let printed = format!("{:?}", read(&event("Sync Failed", &detail), at(NOW)).expect("it is right"));
    assert!(printed.contains("INV-1") && printed.contains("DUPLICATE_VALUE"), "{printed}");
    assert!(!printed.contains("Confidential"), "{printed}");
}

#[test]
fn a_payload_may_not_carry_salesforce_s_own_id_or_attributes() {
    for name in ["Id", "id", "ID", "attributes"] {
        let detail = with(failed(), "payload", json!({ name: "001", "Amount__c": 1 }));
        let mistakes = mistakes("Sync Failed", &detail);
        assert_eq!(fields_of(&mistakes), ["detail.payload"]);
        assert!(mistakes.to_string().contains(name), "{mistakes}");
    }
}

/// Invariant 14, Secrecy: no value of a payload, message or parent is quoted in what a person is told.
#[test]
fn no_mistake_quotes_what_was_sent() {
    let marker = "Confidential-4711";
    let detail = json!({
        "connection": marker, "object": format!("{marker} x"), "externalId": format!("{marker}\n"), "sourceVersion": marker,
        "failedAt": marker, "parent": marker, "error": { "code": [marker], "message": { "text": marker } },
        "payload": { "Id": marker },
    });
    let mistakes = mistakes("Sync Failed", &detail);
    assert!(mistakes.0.len() >= 8, "{mistakes}");
    assert!(!format!("{mistakes} {mistakes:?}").contains(marker), "{mistakes}");
}

#[test]
fn every_mistake_names_its_field_the_problem_and_the_mend() {
    let mistakes = mistakes("Sync Failed", &json!({ "connection": "ACME", "payload": 4, "error": 1 }));
    for mistake in &mistakes.0 {
        assert!(!mistake.field.is_empty() && !mistake.problem.is_empty() && !mistake.mend.is_empty(), "{mistake}");
        assert_eq!(mistake.to_string(), format!("{}: {}; {}", mistake.field, mistake.problem, mistake.mend));
    }
    assert_eq!(mistakes.to_string().lines().count(), mistakes.0.len());
}
