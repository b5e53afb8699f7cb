//! Problems: what goes wrong before a use case is asked, and what is said of a port that failed.

use std::sync::Arc;

use api::{LARGEST_BODY, LARGEST_IMPORT};
use axum::body::Body;
use axum::http::{Method, Request, header};
use engine::memory::{Fails, Operation};
use serde_json::json;

use crate::support::{Api, NOW, with_json};

#[tokio::test(start_paused = true)]
async fn the_system_says_what_it_is_and_what_time_it_has() {
    let api = Api::with([]).await;
    let system = api.get("/v1/system").await.ok();
    assert_eq!(system, json!({ "name": "resync", "version": env!("CARGO_PKG_VERSION"), "now": NOW }));
}

#[tokio::test(start_paused = true)]
async fn paths_and_methods_that_are_not_there_are_problems_too() {
    let api = Api::acme().await;
    api.get("/v1/nothing").await.problem(404, "no-such-route");
    api.get("/nothing").await.problem(404, "no-such-route");
    api.delete("/v1/system").await.problem(405, "no-such-method");
    api.put("/v1/connections/acme", &json!({})).await.problem(405, "no-such-method");
}

#[tokio::test(start_paused = true)]
async fn a_connection_whose_name_cannot_be_one_is_unknown() {
    let api = Api::acme().await;
    let detail = api.get("/v1/connections/ACME").await.problem(404, "unknown-connection");
    assert_eq!(detail, "the name is not a connection id; use 1 to 64 of a-z, 0-9 and -");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_no_utf_8_is_told() {
    let api = Api::acme().await;
    let detail = api.get("/v1/connections/acme/records/Contact/%ff").await.problem(400, "bad-request");
    assert_eq!(detail, "the path cannot be read; write names percent-encoded as UTF-8");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_say_that_it_is_json_is_not_read() {
    let api = Api::with([]).await;
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
        let request = Request::post("/v1/connections").header(header::CONTENT_TYPE, kind).body(Body::from("{}"));
        api.call(request.expect("a request")).await.problem(415, "not-json");
    }
    let request = Request::post("/v1/connections").body(Body::from("{}")).expect("a request");
    api.call(request).await.problem(415, "not-json");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_says_where_and_quotes_nothing() {
    let api = Api::with([]).await;
    let request = Request::post("/v1/connections")
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from("{\n  \"secret\": hunter2 }"));
    let detail = api.call(request.expect("a request")).await.problem(400, "bad-request");
    assert_eq!(detail, "the body is not JSON (line 2, column 13)");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_nested_too_deeply_is_refused_and_nothing_breaks() {
    let api = Api::acme().await;
    for path in ["/v1/connections", "/v1/connections/acme/plans", "/v1/connections/acme/imports"] {
        for opening in ["[", "{\"a\":"] {
            let request = Request::post(path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(opening.repeat(LARGEST_BODY / opening.len() - 1)));
            let detail = api.call(request.expect("a request")).await.problem(400, "bad-request");
            assert!(detail.starts_with("the body is not JSON (line 1"), "{path}: {detail}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let api = Api::with([]).await;
    let request = with_json(&Method::POST, "/v1/connections", &json!("x".repeat(LARGEST_BODY)));
    assert_eq!(api.call(request).await.problem(413, "too-large"), "send at most 1048576 bytes");
}

#[tokio::test(start_paused = true)]
async fn an_import_may_be_larger_than_any_other_body_and_has_an_end_too() {
    let api = Api::acme().await;
    let import = |size| with_json(&Method::POST, "/v1/connections/acme/imports", &json!("x".repeat(size)));
    assert_eq!(api.call(import(LARGEST_BODY)).await.mistakes(), ["(input) is a text, not an object"]);
    assert_eq!(api.call(import(LARGEST_IMPORT)).await.problem(413, "too-large"), "send at most 8388608 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_fails_is_unavailable_under_an_id_that_the_log_has_too() {
    let api = Api::acme().await;
    api.parts.store.fail_next(Operation::Connection, 1, Fails::BeforeEffect);
    let answer = api.get("/v1/connections/acme/errors").await;
    let detail = answer.problem(503, "unavailable");
    let id = answer.1["id"].as_str().expect("an id");
    assert_eq!(id.len(), 16);
    assert_eq!(
        detail,
        format!(
            "reading a connection failed: the store in memory was told to fail; try again, or look for {id} in the log"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_of_which_nobody_says_who_makes_it_is_refused() {
    let api = Api::acme().await;
    let nobody = Api { router: api::router(Arc::clone(&api.parts)), parts: Arc::clone(&api.parts) };
    nobody.get("/v1/system").await.problem(401, "unauthorised");
    nobody.post("/v1/connections/acme/pause", &json!({})).await.problem(401, "unauthorised");
    assert!(api.audit().await.is_empty());
}
