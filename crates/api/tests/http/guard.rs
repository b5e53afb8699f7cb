//! The guard: who is let in, and who is not.

use std::sync::Arc;

use api::guard::{Guard, guarded};
use api::{Caller, Role, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use tower::ServiceExt;

use crate::support::Api;

const TOKEN: &str = "5ea1f00d";

async fn guarded_router() -> Router {
    let api = Api::acme().await;
    guarded(router(Arc::clone(&api.parts)), Guard::on_loopback(TOKEN, 8731), Caller::new("ada", Role::Operator))
}

async fn call(headers: &[(&str, &str)], method: Method, path: &str) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    guarded_router().await.oneshot(request).await.expect("a router does not fail")
}

async fn status(headers: &[(&str, &str)]) -> u16 {
    call(headers, Method::GET, "/v1/system").await.status().as_u16()
}

const HOST: (&str, &str) = ("host", "127.0.0.1:8731");
const BEARER: (&str, &str) = ("authorization", "Bearer 5ea1f00d");

#[tokio::test(start_paused = true)]
async fn the_token_and_one_of_the_two_names_of_this_machine_let_a_request_in() {
    assert_eq!(status(&[HOST, BEARER]).await, 200);
    assert_eq!(status(&[("host", "localhost:8731"), BEARER]).await, 200);
    assert_eq!(status(&[HOST, ("authorization", "bearer 5ea1f00d")]).await, 200);
    assert_eq!(status(&[HOST, BEARER, ("origin", "http://localhost:8731")]).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_missing_or_wrong_token_is_not_let_in() {
    for token in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer 5ea1f00",
        "Bearer 5ea1f00d0",
        "Bearer 5ea1f00e",
        "Basic 5ea1f00d",
        "5ea1f00d",
        "Bearer  5ea1f00d",
        "Bearer 5EA1F00D",
    ] {
        assert_eq!(status(&[HOST, ("authorization", token)]).await, 401, "{token:?}");
    }
    assert_eq!(status(&[HOST]).await, 401);
    assert_eq!(status(&[HOST, BEARER, BEARER]).await, 401, "two tokens are none");
    let response = call(&[HOST], Method::GET, "/v1/system").await;
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test(start_paused = true)]
async fn a_guard_without_a_token_lets_nobody_in() {
    let api = Api::acme().await;
    let router =
        guarded(router(Arc::clone(&api.parts)), Guard::on_loopback("", 8731), Caller::new("ada", Role::Operator));
    let request = Request::get("/v1/system").header(HOST.0, HOST.1).header("authorization", "Bearer ");
    let response = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    assert_eq!(response.status(), 401);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_made_to_point_here_is_misdirected_even_with_the_token() {
    for host in ["evil.example:8731", "127.0.0.1", "127.0.0.1:8732", "localhost", "LOCALHOST:8731", "[::1]:8731", ""] {
        assert_eq!(status(&[("host", host), BEARER]).await, 421, "{host:?}");
    }
    assert_eq!(status(&[BEARER]).await, 421);
    assert_eq!(status(&[HOST, ("host", "evil.example"), BEARER]).await, 421);
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_origins_are_forbidden_and_get_no_leave_to_read() {
    for origin in ["http://evil.example", "null", "https://127.0.0.1:8731", "http://127.0.0.1:8732", "http://localhost"]
    {
        assert_eq!(status(&[HOST, BEARER, ("origin", origin)]).await, 403, "{origin:?}");
    }
    let preflight = [HOST, ("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    let response = call(&preflight, Method::OPTIONS, "/v1/connections").await;
    assert_eq!(response.status(), 403);
    let allowing = |name: &str| name.starts_with("access-control-");
    assert!(!response.headers().keys().any(|name| allowing(name.as_str())));
}

#[tokio::test(start_paused = true)]
async fn every_answer_may_not_be_cached() {
    for headers in [&[HOST, BEARER][..], &[HOST][..]] {
        let response = call(headers, Method::GET, "/v1/system").await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_changed_by_a_get() {
    for path in ["/v1/connections/acme/pause", "/v1/connections/acme/test", "/v1/connections/acme/erasures"] {
        assert_eq!(call(&[HOST, BEARER], Method::GET, path).await.status(), 405, "{path}");
    }
}
