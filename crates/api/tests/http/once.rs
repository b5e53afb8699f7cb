//! `Idempotency-Key`: an action twice under one key is one action.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use engine::memory::{Fails, Operation};
use engine::ports::KeyedAction;
use futures::poll;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{Answer, Api, with_json};

fn request(key: &str, method: &Method, path: &str, body: &Value) -> Request<Body> {
    let mut request = with_json(method, path, body);
    request.headers_mut().append("Idempotency-Key", key.parse().expect("a header's value"));
    request
}

async fn act(api: &Api, key: &str, method: &Method, path: &str, body: &Value) -> Answer {
    api.call(request(key, method, path, body)).await
}

async fn pause(api: &Api, key: &str) -> Answer {
    act(api, key, &Method::POST, "/v1/connections/acme/pause", &json!({})).await
}

fn settings() -> Value {
    json!({
        "id": "globex",
        "policy": { "kind": "recent" },
        "target": {
            "login_url": "https://globex.my.salesforce.com", "flow": "client_credentials", "secret": "resync/globex",
        },
    })
}

/// Every action that is not by nature the same when it is repeated: method, path, body.
fn actions() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::POST, "/v1/connections", settings()),
        (Method::PATCH, "/v1/connections/acme", json!({ "calls_in_flight": 2 })),
        (Method::POST, "/v1/connections/acme/pause", json!({})),
        (Method::POST, "/v1/connections/acme/resume", json!({})),
        (Method::PUT, "/v1/connections/acme/limit", json!({ "api_limit": 8000 })),
        (Method::POST, "/v1/connections/acme/test", json!({})),
        (Method::DELETE, "/v1/connections/acme/suspension", json!({})),
        (Method::POST, "/v1/connections/acme/erasures", json!({ "object": "Contact", "external_id": "a" })),
        (Method::DELETE, "/v1/connections/acme", json!({})),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_action_that_is_repeated_under_its_key_is_answered_as_the_first_time_and_audited_once() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    for (number, (method, path, body)) in actions().into_iter().enumerate() {
        let key = format!("k-{number}");
        let first = act(&api, &key, &method, path, &body).await;
        assert!(first.0.is_success(), "{method} {path}: {first:?}");
        let (audit, calls) = (api.audit().await, api.salesforce().calls().len());
        for _ in 0..2 {
            assert_eq!(act(&api, &key, &method, path, &body).await, first, "{method} {path}");
        }
        assert_eq!((api.audit().await, api.salesforce().calls().len()), (audit, calls), "{method} {path}");
    }
}

/// The login of the connection takes a while, and time stands still: the first request is at work for as long as the test wants.
#[tokio::test(start_paused = true)]
async fn an_action_that_is_asked_for_again_while_it_is_under_way_is_done_once_and_then_answered_alike() {
    let api = Api::acme().await;
    let test = || api.router.clone().oneshot(request("k-1", &Method::POST, "/v1/connections/acme/test", &json!({})));
    let mut first = pin!(test());
    while api.salesforce().requests().logins == 0 {
        assert!(poll!(&mut first).is_pending(), "it waits for Salesforce");
    }
    for _ in 0..2 {
        let (parts, body) = test().await.expect("a router does not fail").into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body is whole");
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        let until = "2026-03-02T09:33:00Z";
        assert_eq!((parts.status.as_u16(), &problem["until"]), (409, &json!(until)), "{problem}");
        assert_eq!(problem["type"], "urn:resync:problem:under-way");
    }
    act(&api, "k-1", &Method::POST, "/v1/connections/acme/pause", &json!({}))
        .await
        .problem(409, "idempotency-conflict");
    assert!(first.await.expect("a router does not fail").status().is_success());
    assert!(test().await.expect("a router does not fail").headers().contains_key("idempotent-replayed"));
    assert_eq!((api.salesforce().requests().logins, api.audit().await.len()), (1, 1));
}

/// Whoever was to be first may have died without a word.
#[tokio::test(start_paused = true)]
async fn an_action_that_never_ended_is_carried_out_again_when_its_lease_is_over() {
    let api = Api::acme().await;
    let nothing = json!({});
    let test = || act(&api, "k-1", &Method::POST, "/v1/connections/acme/test", &nothing);
    {
        let mut dead = pin!(test());
        while api.salesforce().requests().logins == 0 {
            assert!(poll!(&mut dead).is_pending(), "it waits for Salesforce");
        }
    }
    test().await.problem(409, "under-way");
    tokio::time::advance(KeyedAction::LEASE).await;
    test().await.ok();
    assert_eq!(api.salesforce().requests().logins, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_given_again_says_so_and_is_the_same_to_the_byte() {
    let api = Api::acme().await;
    let mut answers: Vec<(HeaderMap, Vec<u8>)> = Vec::new();
    for _ in 0..2 {
        let request = request("k-1", &Method::POST, "/v1/connections/acme/pause", &json!({}));
        let response = api.router.clone().oneshot(request).await.expect("a router does not fail");
        let (parts, body) = response.into_parts();
        answers.push((parts.headers, to_bytes(body, usize::MAX).await.expect("the body is whole").to_vec()));
    }
    assert_eq!(answers[0].1, answers[1].1);
    assert_eq!(answers[0].0[header::CONTENT_TYPE], answers[1].0[header::CONTENT_TYPE]);
    assert_eq!(
        (answers[0].0.get("idempotent-replayed"), &answers[1].0["idempotent-replayed"]),
        (None, &"true".parse().expect("a value"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_for_anything_else_is_refused_and_nothing_is_done() {
    let api = Api::acme().await;
    let limit = |calls: u32| json!({ "api_limit": calls });
    let path = "/v1/connections/acme/limit";
    act(&api, "k-1", &Method::PUT, path, &limit(8000)).await.ok();
    let before = api.audit().await;
    for (method, path, body) in [
        (Method::PUT, path, limit(9000)),
        (Method::POST, "/v1/connections/acme/pause", json!({})),
        (Method::POST, "/v1/connections/acme/resyncs", json!({ "all": true })),
        (Method::PUT, "/v1/connections/acme/limit?", limit(8000)),
    ] {
        let detail = act(&api, "k-1", &method, path, &body).await.problem(409, "idempotency-conflict");
        assert_eq!(detail, "this Idempotency-Key was used for something else within 24 hours; take a new one");
    }
    assert_eq!(api.audit().await, before);
    assert_eq!(api.get("/v1/connections/acme").await.ok()["connection"]["budget"]["api_limit"], 8000);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_a_resync_is_no_key_of_anything_else() {
    let api = Api::acme().await;
    let resyncs = "/v1/connections/acme/resyncs";
    act(&api, "r-1", &Method::POST, resyncs, &json!({ "all": true })).await.ok();
    pause(&api, "r-1").await.problem(409, "idempotency-conflict");
    let again = act(&api, "r-1", &Method::POST, resyncs, &json!({ "all": true })).await.ok();
    assert_eq!(again["request"]["id"], "r-1", "it is answered as it stands now");
}

#[tokio::test(start_paused = true)]
async fn an_action_that_was_refused_gives_its_key_back() {
    let api = Api::acme().await;
    act(&api, "k-1", &Method::PUT, "/v1/connections/acme/limit", &json!({ "api_limit": "many" })).await.mistakes();
    act(&api, "k-1", &Method::PUT, "/v1/connections/acme/limit", &json!({ "api_limit": 8000 })).await.ok();
    api.report(&["a"]).await;
    act(&api, "k-2", &Method::DELETE, "/v1/connections/acme", &json!({})).await.problem(409, "conflict");
    api.post("/v1/connections/acme/erasures", &json!({ "object": "Contact", "external_id": "a" })).await.ok();
    assert_eq!(act(&api, "k-2", &Method::DELETE, "/v1/connections/acme", &json!({})).await.0, 204);
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_first_caller_died_before_its_answer_is_carried_out_again() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::ChangeConnection, 1, Fails::AfterEffect);
    pause(&api, "k-1").await.problem(503, "unavailable");
    act(&api, "k-1", &Method::POST, "/v1/connections/acme/resume", &json!({}))
        .await
        .problem(409, "idempotency-conflict");
    let again = pause(&api, "k-1").await.ok();
    assert_eq!((&again["connection"]["paused"], &again["changed"]), (&json!(true), &json!(false)));
    assert_eq!(pause(&api, "k-1").await.ok(), again);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_claim_the_key_stops_the_action_and_one_that_cannot_keep_the_answer_does_not() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::ClaimKey, 1, Fails::BeforeEffect);
    pause(&api, "k-1").await.problem(503, "unavailable");
    assert!(api.audit().await.is_empty());
    api.parts.store.fail_next(Operation::KeepAnswer, 1, Fails::BeforeEffect);
    assert_eq!(pause(&api, "k-1").await.ok()["changed"], true);
    assert_eq!(pause(&api, "k-1").await.ok()["changed"], false);
    assert_eq!(api.audit().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_free_again_after_24_hours() {
    let api = Api::acme().await;
    pause(&api, "k-1").await.ok();
    tokio::time::advance(Duration::from_hours(24)).await;
    act(&api, "k-1", &Method::POST, "/v1/connections/acme/resume", &json!({})).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_key_and_one_that_changes_nothing_cost_nothing_more() {
    let api = Api::acme().await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let read = Request::get("/v1/connections").header("Idempotency-Key", "no key!");
    api.call(read.body(Body::empty()).expect("a request")).await.ok();
    let claimed = api.parts.store.counts().get(&Operation::ClaimKey).copied();
    assert_eq!(claimed, None);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_none_is_told_before_anything_is_done() {
    let api = Api::acme().await;
    for key in ["", "two words", &"x".repeat(65), "ü"] {
        assert_eq!(pause(&api, key).await.mistakes(), ["Idempotency-Key is not a key"], "{key}");
    }
    let mut twice = request("k-1", &Method::POST, "/v1/connections/acme/pause", &json!({}));
    twice.headers_mut().append("Idempotency-Key", "k-2".parse().expect("a value"));
    assert_eq!(api.call(twice).await.mistakes(), ["Idempotency-Key is there twice"]);
    assert!(api.audit().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_viewer_claims_no_key() {
    let api = Api::acme().await;
    pause(&api.viewed(), "k-1").await.problem(403, "forbidden");
    act(&api, "k-1", &Method::POST, "/v1/connections/acme/resume", &json!({})).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_before_a_key_is_claimed() {
    let api = Api::acme().await;
    let huge = json!("x".repeat(api::LARGEST_BODY));
    act(&api, "k-1", &Method::PATCH, "/v1/connections/acme", &huge).await.problem(413, "too-large");
    assert_eq!(api.parts.store.counts().get(&Operation::ClaimKey), None);
}
