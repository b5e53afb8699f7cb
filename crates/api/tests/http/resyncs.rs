//! Forced resyncs over HTTP: asked for, followed, taken back.

use axum::body::Body;
use axum::http::{Request, header};
use engine::fakes::sample;
use rules::ids::RequestId;
use rules::owed::Selection;
use serde_json::{Value, json};

use crate::support::{Answer, Api, NOW};

const RESYNCS: &str = "/v1/connections/acme/resyncs";

async fn ask(api: &Api, key: &str, body: &Value) -> Answer {
    let request = Request::post(RESYNCS)
        .header(header::CONTENT_TYPE, "application/json")
        .header("Idempotency-Key", key)
        .body(Body::from(body.to_string()))
        .expect("a request");
    api.call(request).await
}

fn forced(request: &str) -> Selection {
    Selection::Forced { request: RequestId::new(request).expect("an id"), tick: sample::time(NOW) }
}

#[tokio::test(start_paused = true)]
async fn a_resync_is_accepted_followed_and_done() {
    let api = Api::acme().await;
    api.report(&["a", "b"]).await;
    let asked = ask(&api, "r-1", &json!({ "records": ["Contact/a"] })).await;
    assert_eq!(asked.0, 202);
    assert_eq!((&asked.1["request"]["id"], &asked.1["request"]["state"]), (&json!("r-1"), &json!("open")));
    assert_eq!((&asked.1["request"]["requested_by"], &asked.1["waits_for"]), (&json!("ada"), &json!([])));
    api.run(forced("r-1")).await;
    let done = api.get(&format!("{RESYNCS}/r-1")).await.ok();
    assert_eq!((&done["request"]["state"], &done["request"]["progress"]["resolved"]), (&json!("done"), &json!(1)));
    assert_eq!(api.get(RESYNCS).await.ok()["resyncs"][0], done["request"]);
    assert!(!api.record("a").expect("it is kept").is_failing());
    assert_eq!(api.audit().await, ["ada resync_requested r-1: named records [1]"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_twice_is_one_request_and_another_wish_under_it_is_refused() {
    let api = Api::acme().await;
    assert_eq!(ask(&api, "r-1", &json!({ "all": true })).await.0, 202);
    assert_eq!(ask(&api, "r-1", &json!({ "all": true })).await.0, 200);
    ask(&api, "r-1", &json!({ "type": "daco-10" })).await.problem(409, "idempotency-conflict");
    assert_eq!(api.audit().await, ["ada resync_requested r-1: all [0]"]);
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_key_are_each_their_own() {
    let api = Api::acme().await;
    let first = api.post(RESYNCS, &json!({ "all": true })).await.ok();
    let second = api.post(RESYNCS, &json!({ "all": true })).await.ok();
    assert_ne!(first["request"]["id"], second["request"]["id"]);
    assert_eq!(api.get("/v1/connections/acme").await.ok()["open_requests"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_resync_says_which_gates_it_waits_for() {
    let api = Api::acme().await;
    api.post("/v1/connections/acme/pause", &json!({})).await.ok();
    let asked = ask(&api, "r-1", &json!({ "all": true, "object": "Contact" })).await.ok();
    assert_eq!(asked["waits_for"], json!(["a person paused the connection; resume the connection"]));
}

#[tokio::test(start_paused = true)]
async fn a_seventeenth_open_request_is_too_many() {
    let api = Api::acme().await;
    for number in 0..16 {
        ask(&api, &format!("r-{number}"), &json!({ "all": true })).await.ok();
    }
    let detail = ask(&api, "r-16", &json!({ "all": true })).await.problem(429, "too-many");
    assert_eq!(detail, "16 requests are open; wait until one is done, or cancel one");
    api.post(&format!("{RESYNCS}/r-3/cancel"), &json!({})).await.ok();
    assert_eq!(ask(&api, "r-16", &json!({ "all": true })).await.0, 202);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_cancelled_once_and_an_unknown_one_is_told() {
    let api = Api::acme().await;
    ask(&api, "r-1", &json!({ "all": true })).await.ok();
    let cancelled = api.post(&format!("{RESYNCS}/r-1/cancel"), &json!({})).await.ok();
    assert_eq!((&cancelled["cancelled"], &cancelled["request"]["state"]), (&json!(true), &json!("cancelled")));
    let again = api.post(&format!("{RESYNCS}/r-1/cancel"), &json!({})).await.ok();
    assert_eq!(again["cancelled"], false);
    api.post(&format!("{RESYNCS}/r-2/cancel"), &json!({})).await.problem(404, "unknown-request");
    api.get(&format!("{RESYNCS}/r-2")).await.problem(404, "unknown-request");
    api.get(&format!("{RESYNCS}/r%202")).await.problem(404, "unknown-request");
    let audit = api.audit().await;
    assert_eq!(audit, ["ada resync_requested r-1: all [0]", "ada resync_cancelled r-1 [0]"]);
}

#[tokio::test(start_paused = true)]
async fn wrong_wishes_and_keys_are_refused_before_anything_is_kept() {
    let api = Api::acme().await;
    assert_eq!(ask(&api, "r 1", &json!({ "all": true })).await.mistakes(), ["Idempotency-Key is not a key"]);
    assert_eq!(ask(&api, "r-1", &json!({})).await.mistakes(), ["records is missing"]);
    api.post("/v1/connections/globex/resyncs", &json!({ "all": true })).await.problem(404, "unknown-connection");
    assert!(api.audit().await.is_empty());
}
