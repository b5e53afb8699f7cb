//! What records fail with, which they are, and why one is not retrying.

use std::collections::BTreeSet;

use engine::fakes::sample;
use serde_json::{Value, json};

use crate::support::Api;

async fn all(api: &Api, query: &str, limit: usize) -> Vec<String> {
    let mut records = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = api.get(&format!("/v1/connections/acme/records?limit={limit}{query}{after}")).await.ok();
        let found = page["records"].as_array().expect("a list");
        assert!(found.len() <= limit);
        records.extend(found.iter().map(|line| line["record"].as_str().expect("a record").to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return records,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_counted_by_type_the_most_frequent_first_with_their_advice() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    api.report_with("c", "NOBODY_KNOWS_THIS", &json!({})).await;
    let errors = api.get("/v1/connections/acme/errors").await.ok();
    assert_eq!(errors["records"], 3);
    let kinds: Vec<_> =
        errors["errors"].as_array().expect("a list").iter().map(|error| (&error["type"], &error["records"])).collect();
    let locked = sample::failure(sample::CODE, sample::MESSAGE).error_type;
    assert_eq!(kinds, [(&json!(locked), &json!(2)), (&json!("unknown:NOBODY_KNOWS_THIS"), &json!(1))]);
    let unknown = &errors["errors"][1];
    assert_eq!(
        (&unknown["class"], &unknown["group"], &unknown["excluded"]),
        (&json!("unreviewed"), &json!("unknown"), &json!(false))
    );
    assert_eq!(unknown["oldest"], sample::FAILED);
    assert!(unknown["advice"].as_str().is_some_and(|advice| !advice.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_type_whose_records_are_all_resolved_is_not_shown() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.post("/v1/connections/acme/erasures", &json!({ "object": "Contact", "external_id": "a" })).await.ok();
    assert_eq!(api.get("/v1/connections/acme/errors").await.ok(), json!({ "errors": [], "records": 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_listed_record_has_its_error_and_its_next_try_and_never_its_payload() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let page = api.get("/v1/connections/acme/records").await.ok();
    let expected = json!({
        "record": "acme/Contact/a", "object": "Contact", "external_id": "a", "state": "scheduled",
        "error_type": sample::failure(sample::CODE, "it did not work").error_type, "code": sample::CODE,
        "message": "it did not work", "attempts": { "interval": 0, "nightly": 0, "recent": 0, "forced": 0 },
        "first_failed": sample::FAILED, "last_failed": sample::FAILED, "next_try": "2026-03-02T09:40:00Z",
    });
    assert_eq!(page, json!({ "records": [expected], "searched": 1, "of": 1, "unreadable": 0, "next": null }));
}

#[tokio::test(start_paused = true)]
async fn pages_of_any_size_give_every_record_once() {
    let api = Api::acme().await;
    let ids: Vec<String> = (0..37).map(|number| format!("r{number:02}")).collect();
    for (at, id) in ids.iter().enumerate() {
        api.report_with(id, ["UNABLE_TO_LOCK_ROW", "STRING_TOO_LONG", "ODD"][at % 3], &json!({})).await;
    }
    let expected: BTreeSet<String> = ids.iter().map(|id| format!("acme/Contact/{id}")).collect();
    for limit in [1, 2, 7, 36, 37, 500] {
        let found = all(&api, "", limit).await;
        assert_eq!(found.len(), 37, "limit {limit}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "limit {limit}");
    }
    let too_long = sample::failure("STRING_TOO_LONG", "it did not work").error_type;
    assert_eq!(all(&api, &format!("&type={too_long}"), 5).await.len(), 12);
    assert_eq!(all(&api, "&object=Account", 5).await.len(), 0);
    assert_eq!(all(&api, "&state=held", 5).await.len(), 0);
    assert_eq!(all(&api, "&object=Contact&state=scheduled", 4).await.len(), 37);
}

/// A report of a record that failed so many minutes after nine, with this message.
async fn fails(api: &Api, object: &str, id: &str, minute: u32, message: &str) {
    let event = json!({
        "detail-type": "Sync Failed", "time": format!("2026-03-02T09:{minute:02}:00Z"),
        "detail": {
            "connection": "acme", "object": object, "externalId": id, "externalIdField": "Ext_Id__c",
            "sourceVersion": 1, "error": { "code": sample::CODE, "message": message }, "payload": {},
        },
    });
    api.take(&event).await;
}

async fn filtered() -> Api {
    let api = Api::acme().await;
    fails(&api, "Contact", "C-001", 1, "Country: bad value: Untied Kingdom").await;
    fails(&api, "Contact", "C-002", 2, "LastName: required").await;
    fails(&api, "Contact", "D-001", 3, "country is missing").await;
    fails(&api, "Invoice__c", "C-001", 4, "the parent is missing").await;
    api
}

#[tokio::test(start_paused = true)]
async fn records_are_found_by_first_failure_both_ends_included() {
    let api = filtered().await;
    let window = |from: &str, to: &str| format!("{from}{to}");
    let (from, to) = ("&failed_from=2026-03-02T09:02:00Z", "&failed_to=2026-03-02T10:03:00%2B01:00");
    let all_of = async |query: String| all(&api, &query, 10).await;
    assert_eq!(all_of(window(from, to)).await, ["acme/Contact/C-002", "acme/Contact/D-001"]);
    assert_eq!(all_of(window(from, "")).await.len(), 3);
    assert_eq!(all_of(window("", to)).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn records_are_found_by_a_part_of_their_message_in_any_case() {
    let api = filtered().await;
    let locked = sample::failure(sample::CODE, "it did not work").error_type;
    let found = all(&api, &format!("&type={locked}&message=COUNTRY"), 1).await;
    assert_eq!(found, ["acme/Contact/C-001", "acme/Contact/D-001"]);
    assert!(all(&api, &format!("&type={locked}&message=nowhere"), 10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn records_are_found_by_the_beginning_of_their_id_and_the_very_id_comes_first() {
    let api = filtered().await;
    assert_eq!(all(&api, "&id=C-0", 10).await.len(), 3);
    assert_eq!(all(&api, "&id=C-001", 10).await, ["acme/Contact/C-001", "acme/Invoice__c/C-001"]);
    assert_eq!(all(&api, "&id=C-001", 1).await.len(), 2);
    assert_eq!(all(&api, "&id=C-001&object=Invoice__c", 10).await, ["acme/Invoice__c/C-001"]);
    assert!(all(&api, "&id=c-001", 10).await.is_empty(), "ids are told apart by case here");
    fails(&api, "Contact", "C-0011", 5, "it did not work").await;
    let page = api.get("/v1/connections/acme/records?id=C-001&object=Contact&limit=1").await.ok();
    assert_eq!(page["records"][0]["external_id"], "C-001");
}

#[tokio::test(start_paused = true)]
async fn a_search_says_how_far_it_came_of_how_many() {
    let api = filtered().await;
    let first = api.get("/v1/connections/acme/records?limit=3").await.ok();
    assert_eq!((&first["searched"], &first["of"]), (&json!(3), &json!(4)));
    let next = first["next"].as_str().expect("there is more");
    let second = api.get(&format!("/v1/connections/acme/records?limit=3&cursor={next}")).await.ok();
    assert_eq!((&second["searched"], &second["of"], &second["next"]), (&json!(4), &json!(4), &json!(null)));
    let invoices = api.get("/v1/connections/acme/records?object=Invoice__c").await.ok();
    assert_eq!((&invoices["searched"], &invoices["of"]), (&json!(1), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_cannot_be_meant_says_what_would_be_right() {
    let api = filtered().await;
    let mistakes = async |query: &str| api.get(&format!("/v1/connections/acme/records?{query}")).await.mistakes();
    assert_eq!(mistakes("message=country").await, ["message is searched within one error type only"]);
    assert_eq!(mistakes("type=row-lock&message=%20").await, ["message is empty"]);
    let long = format!("type=row-lock&message={}", "a".repeat(257));
    assert_eq!(mistakes(&long).await, ["message is longer than a stored message"]);
    assert_eq!(mistakes("failed_from=yesterday").await, ["failed_from is not a time"]);
    let turned = "failed_from=2026-03-02T09:02:00Z&failed_to=2026-03-02T09:01:00Z";
    assert_eq!(mistakes(turned).await, ["failed_to is before failed_from"]);
    assert_eq!(mistakes(&format!("id={}", "a".repeat(256))).await, ["id is not an external id"]);
    let message = api.get("/v1/connections/acme/export?message=country").await;
    assert_eq!(message.mistakes(), ["message is searched within one error type only"]);
}

#[tokio::test(start_paused = true)]
async fn a_listed_record_s_next_try_heeds_what_stops_its_connection() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    api.patch("/v1/connections/acme", &json!({ "paused": true })).await.ok();
    let page = api.get("/v1/connections/acme/records").await.ok();
    assert_eq!(page["records"][0]["next_try"], json!(null));
    let why = api.get("/v1/connections/acme/records/Contact/a").await.ok();
    assert_eq!(why["next_try"], page["records"][0]["next_try"]);
}

#[tokio::test(start_paused = true)]
async fn records_past_the_window_are_expired_and_those_of_an_excluded_type_are_held() {
    let mut api = Api::with([sample::recent("acme")]).await;
    api.report(&["a"]).await;
    api.report_with("b", "DACO-02", &json!({})).await;
    tokio::time::advance(std::time::Duration::from_hours(24 * 8)).await;
    assert_eq!(all(&api, "&state=expired", 10).await, ["acme/Contact/a"]);
    assert_eq!(all(&api, "&state=held", 10).await, ["acme/Contact/b"]);
    let errors = api.get("/v1/connections/acme/errors").await.ok();
    let excluded = |error: &Value| error["type"] == "daco-02" && error["excluded"] == true;
    assert!(errors["errors"].as_array().expect("a list").iter().any(excluded), "{errors}");
    api = Api::acme().await;
    assert!(all(&api, "", 10).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_is_good_for_its_own_listing_only() {
    let api = Api::acme().await;
    api.report(&["a", "b", "c"]).await;
    let page = api.get("/v1/connections/acme/records?limit=1").await.ok();
    let next = page["next"].as_str().expect("there is more");
    api.get(&format!("/v1/connections/acme/records?cursor={next}")).await.ok();
    for other in [format!("state=held&cursor={next}"), format!("cursor={next}0"), "cursor=".to_owned()] {
        let answer = api.get(&format!("/v1/connections/acme/records?{other}")).await;
        assert_eq!(answer.mistakes(), ["cursor is not one of this listing"], "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_parameters_are_told_all_together() {
    let api = Api::acme().await;
    let answer = api.get("/v1/connections/acme/records?type=A+B&object=1&state=lost&limit=501&colour=red").await;
    let expected = [
        "type is no error type: one is a rule's id such as `row-lock`, or `unknown:CODE`, or `unknown`",
        "object is not an object's API name",
        "state is not a state",
        "limit is not a number that fits here",
        "colour is not a known parameter",
    ];
    assert_eq!(answer.mistakes(), expected);
    assert_eq!(api.get("/v1/connections/acme/records?limit=1&limit=2").await.mistakes(), ["limit is there twice"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_explained_by_every_gate_whatever_its_id_is_made_of() {
    let api = Api::acme().await;
    api.report(&["a/b c?é"]).await;
    let explained = api.get("/v1/connections/acme/records/Contact/a%2Fb%20c%3F%C3%A9").await.ok();
    assert_eq!(explained["record"]["key"]["id"], "a/b c?é");
    assert!(explained["gates"].as_array().is_some_and(|gates| gates.len() >= 8), "{explained}");
    assert!(!explained.to_string().contains("Canary"), "a payload is never shown");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_record_and_one_that_only_succeeded_are_told_apart() {
    let api = Api::acme().await;
    api.get("/v1/connections/acme/records/Contact/a").await.problem(404, "unknown-record");
    api.get("/v1/connections/acme/records/1/a").await.problem(404, "unknown-record");
    api.get("/v1/connections/globex/records/Contact/a").await.problem(404, "unknown-connection");
    let event = json!({
        "detail-type": "Sync Succeeded", "time": sample::FAILED,
        "detail": { "connection": "acme", "object": "Contact", "externalId": "a", "sourceVersion": 1 },
    });
    api.take(&event).await;
    let shown = api.get("/v1/connections/acme/records/Contact/a").await.ok();
    let key = json!({ "connection": "acme", "object": "Contact", "id": "a" });
    assert_eq!(shown, json!({ "record": key, "succeeded_at": sample::FAILED }));
}

#[tokio::test(start_paused = true)]
async fn no_answer_shows_a_payload() {
    let api = Api::acme().await;
    let large = json!({ "Description": "Canary".repeat(200) });
    api.report(&["a"]).await;
    api.report_with("b", sample::CODE, &large).await;
    for path in [
        "",
        "/acme",
        "/acme/errors",
        "/acme/records",
        "/acme/records/Contact/a",
        "/acme/records/Contact/b",
        "/acme/usage",
        "/acme/runs",
        "/acme/resyncs",
        "/acme/suspension",
    ] {
        let shown = api.get(&format!("/v1/connections{path}")).await.ok();
        assert!(!shown.to_string().contains("Canary"), "{path}: {shown}");
    }
}
