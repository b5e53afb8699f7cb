//! Exports: all failing records as CSV or lines of JSON.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use engine::fakes::sample;
use engine::memory::{Fails, Operation};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::Api;

async fn export(api: &Api, query: &str) -> (String, String) {
    let request = Request::get(format!("/v1/connections/acme/export{query}")).body(Body::empty()).expect("a request");
    let response = api.router.clone().oneshot(request).await.expect("a router does not fail");
    assert_eq!(response.status(), 200);
    let kind = response.headers()[header::CONTENT_TYPE].to_str().expect("a text").to_owned();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
    (kind, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
}

#[tokio::test(start_paused = true)]
async fn a_csv_has_a_line_for_each_record_no_payload_and_no_formula() {
    let api = Api::acme().await;
    api.report_with("=cmd|' /C calc'!A0", sample::CODE, &json!({ "LastName": "Canary" })).await;
    let (kind, text) = export(&api, "").await;
    assert_eq!(kind, "text/csv; charset=utf-8; header=present");
    let error_type = sample::failure(sample::CODE, "it did not work").error_type;
    let expected = format!(
        "object,external_id,state,error_type,code,message,tries,first_failed,last_failed,next_try\r\n\
         Contact,'=cmd|' /C calc'!A0,scheduled,{error_type},{},it did not work,0,{},{},{}\r\n",
        sample::CODE,
        sample::FAILED,
        sample::FAILED,
        "2026-03-02T09:40:00Z"
    );
    assert_eq!(text, expected);
    assert_eq!(api.audit().await, ["ada exported all [0]"]);
}

/// The audit outlives the records: it says in words what was taken, and repeats no id and no message.
#[tokio::test(start_paused = true)]
async fn the_audit_tells_in_words_what_an_export_had_in_it() {
    let api = Api::acme().await;
    let error_type = sample::failure(sample::CODE, "it did not work").error_type;
    let all = format!(
        "?type={error_type}&object=Contact&state=held&failed_from=2026-03-01T00:00:00Z&message=secret&id=canary"
    );
    export(&api, &all).await;
    assert_eq!(
        api.audit().await,
        [format!(
            "ada exported all of Contact with {error_type} that are held that first failed from 2026-03-01T00:00:00Z, with a given \
             text in the message, with a given beginning of the external id [0]"
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn an_export_of_many_pages_has_every_record_once() {
    let api = Api::acme().await;
    for number in 0..1_203 {
        api.report_with(&format!("r{number:04}"), ["UNABLE_TO_LOCK_ROW", "ODD"][number % 2], &json!({})).await;
    }
    let (kind, text) = export(&api, "?format=jsonl").await;
    assert_eq!(kind, "application/jsonl");
    let mut ids: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("JSON")["external_id"].as_str().expect("an id").to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), text.lines().count()), (1_203, 1_203));
    assert_eq!(export(&api, "?format=jsonl&type=unknown:ODD").await.1.lines().count(), 601);
}

/// One part, and where the next one begins.
async fn part(api: &Api, query: &str) -> (String, Option<String>) {
    let request = Request::get(format!("/v1/connections/acme/export{query}")).body(Body::empty()).expect("a request");
    let response = api.raw(request).await;
    assert_eq!(response.status(), 200);
    let next = response.headers().get("resync-next").map(|next| next.to_str().expect("a text").to_owned());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
    (String::from_utf8(bytes.to_vec()).expect("UTF-8"), next)
}

#[tokio::test(start_paused = true)]
async fn a_file_in_parts_is_the_same_file_and_is_audited_once() {
    let api = Api::acme().await;
    for number in 0..1_203 {
        api.report_with(&format!("r{number:04}"), ["UNABLE_TO_LOCK_ROW", "ODD"][number % 2], &json!({})).await;
    }
    for format in ["csv", "jsonl"] {
        let whole = export(&api, &format!("?format={format}")).await.1;
        let audited = api.audit().await.len();
        let (mut joined, mut parts, mut next) = (String::new(), 0, Some(String::new()));
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let (text, after) = part(&api, &format!("?format={format}&limit=700{cursor}")).await;
            assert!(text.lines().count() <= 701, "{} lines", text.lines().count());
            (joined, parts, next) = (joined + &text, parts + 1, after);
        }
        assert_eq!((joined == whole, parts), (true, 2), "{format}");
        assert_eq!(api.audit().await.len(), audited + 1, "{format}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_another_file_or_of_none_is_refused() {
    let api = Api::acme().await;
    for number in 0..3 {
        api.report_with(&format!("r{number}"), sample::CODE, &json!({})).await;
    }
    let cursor = part(&api, "?limit=1").await.1.expect("there are more");
    let path = "/v1/connections/acme/export";
    for (query, mistake) in [
        (format!("?cursor={cursor}"), "cursor is of a part"),
        (format!("?limit=1&state=held&cursor={cursor}"), "cursor is not one of this listing"),
        ("?limit=1&cursor=0f".to_owned(), "cursor is not one of this listing"),
        ("?limit=2001".to_owned(), "limit is not a number that fits here"),
    ] {
        assert_eq!(api.get(&format!("{path}{query}")).await.mistakes(), [mistake], "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_export_of_nothing_is_the_header_alone() {
    let api = Api::acme().await;
    assert_eq!(export(&api, "").await.1.lines().count(), 1);
    assert_eq!(export(&api, "?format=jsonl").await.1, "");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_once_is_a_problem_and_later_breaks_the_answer_off() {
    let api = Api::acme().await;
    for number in 0..501 {
        api.report_with(&format!("r{number}"), sample::CODE, &json!({})).await;
    }
    api.parts.store.fail_next(Operation::Look, 1, Fails::BeforeEffect);
    api.get("/v1/connections/acme/export").await.problem(503, "unavailable");

    let request = Request::get("/v1/connections/acme/export").body(Body::empty()).expect("a request");
    let response = api.router.clone().oneshot(request).await.expect("a router does not fail");
    api.parts.store.fail_next(Operation::Look, 1, Fails::BeforeEffect);
    assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_format_or_connection_is_told() {
    let api = Api::acme().await;
    let answer = api.get("/v1/connections/acme/export?format=xlsx").await;
    assert_eq!(answer.mistakes(), ["format is not a format that is known"]);
    api.get("/v1/connections/globex/export").await.problem(404, "unknown-connection");
}
