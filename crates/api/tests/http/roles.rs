//! Roles: a viewer reads and plans, and changes nothing.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::support::{Api, with_json};

const MEND: &str = "viewers may read and plan; ask whoever runs Resync here to make you an operator";

#[tokio::test(start_paused = true)]
async fn a_viewer_reads_what_an_operator_reads() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let viewer = api.viewed();
    for path in ["/v1/system", "/v1/connections", "/v1/connections/acme", "/v1/connections/acme/records"] {
        let read = viewer.get(path).await.ok();
        assert_eq!(without_time(read), without_time(api.get(path).await.ok()), "{path}");
    }
}

/// What is read, without the instant of reading.
fn without_time(mut read: serde_json::Value) -> serde_json::Value {
    read["now"].take();
    read
}

#[tokio::test(start_paused = true)]
async fn a_viewer_changes_nothing_and_is_told_whom_to_ask() {
    let api = Api::acme().await;
    api.report(&["a"]).await;
    let (viewer, before) = (api.viewed(), api.parts.store.all());
    for (method, path) in [
        (Method::POST, "/v1/connections"),
        (Method::PATCH, "/v1/connections/acme"),
        (Method::DELETE, "/v1/connections/acme"),
        (Method::POST, "/v1/connections/acme/pause"),
        (Method::POST, "/v1/connections/acme/resume"),
        (Method::PUT, "/v1/connections/acme/limit"),
        (Method::POST, "/v1/connections/acme/test"),
        (Method::DELETE, "/v1/connections/acme/suspension"),
        (Method::POST, "/v1/connections/acme/resyncs"),
        (Method::POST, "/v1/connections/acme/resyncs/r-1/cancel"),
        (Method::POST, "/v1/connections/acme/erasures"),
        (Method::POST, "/v1/connections/acme/imports"),
        // Also where there is no such route, and where a name is that of the one route that a viewer may post to.
        (Method::POST, "/v1/nothing"),
        (Method::POST, "/v1/connections/acme/resyncs/plans"),
        (Method::DELETE, "/v1/connections/plans"),
        (Method::PATCH, "/v1/connections/plans"),
        (Method::TRACE, "/v1/connections"),
    ] {
        let refused = viewer.call(with_json(&method, path, &json!({}))).await;
        assert_eq!(refused.problem(403, "forbidden"), MEND, "{method} {path}");
    }
    assert_eq!(api.parts.store.all(), before);
    assert_eq!((api.audit().await, api.salesforce().calls().len()), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_way_round_by_a_header_or_a_parameter_is_none() {
    let viewer = Api::acme().await.viewed();
    for name in ["X-HTTP-Method-Override", "X-Method-Override", "X-Resync-Role"] {
        let request = Request::post("/v1/connections/acme/pause?role=operator").header(name, "GET");
        viewer.call(request.body(Body::empty()).expect("a request")).await.problem(403, "forbidden");
    }
}
