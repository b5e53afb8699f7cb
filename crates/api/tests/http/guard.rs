//! The guard: who is let in, and who is not.

use std::sync::Arc;

use api::guard::{Guard, guarded};
use api::{Caller, Role, router};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, header};
use engine::fakes::CountingEntropy;
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

use crate::support::Api;

const TOKEN: &str = "5ea1f00d";

/// A guarded router, its guard, and the clock that the guard goes by.
struct Guarded {
    router: Router,
    guard: Guard,
}

impl Guarded {
    async fn with_token(token: &str) -> Self {
        let api = Api::acme().await;
        let guard = Guard::on_loopback(token, 8731, api.parts.clock, CountingEntropy::default());
        let router = guarded(router(Arc::clone(&api.parts)), guard.clone(), Caller::new("ada", Role::Operator));
        Self { router, guard }
    }

    async fn new() -> Self {
        Self::with_token(TOKEN).await
    }

    async fn call(&self, headers: &[(&str, &str)], method: Method, path: &str) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        self.router.clone().oneshot(request).await.expect("a router does not fail")
    }

    /// The cookie of a session that a ticket opened.
    async fn session(&self) -> String {
        let response = self.call(&[HOST], Method::GET, &self.guard.ticket()).await;
        assert_eq!(response.status(), 303);
        let cookie = response.headers()[header::SET_COOKIE].to_str().expect("a text");
        cookie.split(';').next().expect("a pair").to_owned()
    }
}

async fn call(headers: &[(&str, &str)], method: Method, path: &str) -> Response<Body> {
    Guarded::new().await.call(headers, method, path).await
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
    let headers = [HOST, ("authorization", "Bearer ")];
    let response = Guarded::with_token("").await.call(&headers, Method::GET, "/v1/system").await;
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

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const OWN: (&str, &str) = ("origin", "http://127.0.0.1:8731");
const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test(start_paused = true)]
async fn a_ticket_opens_a_session_once_and_its_cookie_lets_the_browser_in() {
    let guarded = Guarded::new().await;
    let ticket = guarded.guard.ticket();
    let response = guarded.call(&[HOST, PAGE], Method::GET, &ticket).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()[header::LOCATION]),
        (303, &"/".parse().expect("a path"))
    );
    let cookie = response.headers()[header::SET_COOKIE].to_str().expect("a text").to_owned();
    assert!(cookie.starts_with("resync_session_8731="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    let among_others = format!("a=b; {pair}; c=d");
    for cookies in [pair, &among_others] {
        let inside = guarded.call(&[HOST, ("cookie", cookies)], Method::GET, "/v1/system").await;
        assert_eq!(inside.status(), 200, "{cookies}");
    }
    let again = guarded.call(&[HOST, PAGE], Method::GET, &ticket).await;
    assert_eq!(again.status(), 401);
    assert!(!again.headers().contains_key(header::SET_COOKIE));
    let text = to_bytes(again.into_body(), 10_000).await.expect("a page");
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("has been used, or is older than a minute") && text.contains("resync console"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_good_for_a_minute_and_a_session_for_twelve_hours() {
    let guarded = Guarded::new().await;
    let (late, old) = (guarded.guard.ticket(), guarded.guard.ticket());
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert_eq!(guarded.call(&[HOST], Method::GET, &late).await.status(), 303);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(guarded.call(&[HOST], Method::GET, &old).await.status(), 401);
    let session = guarded.session().await;
    let inside =
        async || guarded.call(&[HOST, ("cookie", &session)], Method::GET, "/v1/system").await.status().as_u16();
    tokio::time::advance(Duration::from_hours(12) - Duration::from_millis(1)).await;
    assert_eq!(inside().await, 200);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(inside().await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_made_up_ticket_or_cookie_opens_nothing() {
    let guarded = Guarded::new().await;
    let ticket = guarded.guard.ticket();
    let cut = &ticket[..ticket.len() - 1];
    for path in ["/open", "/open?ticket=", "/open?ticket=0", "/open?other=1", cut] {
        assert_eq!(guarded.call(&[HOST], Method::GET, path).await.status(), 401, "{path}");
    }
    let unused = ticket.replace("/open?ticket=", "resync_session_8731=");
    for cookie in ["resync_session_8731=", "resync_session_8731", "resync_session_8732=0", &unused] {
        let response = guarded.call(&[HOST, ("cookie", cookie)], Method::GET, "/v1/system").await;
        assert_eq!(response.status(), 401, "{cookie}");
    }
    assert_eq!(guarded.call(&[HOST], Method::HEAD, &ticket).await.status(), 401, "only a GET uses a ticket");
    assert_eq!(guarded.call(&[HOST], Method::GET, &ticket).await.status(), 303);
}

#[tokio::test(start_paused = true)]
async fn of_many_tickets_the_oldest_are_forgotten() {
    let guarded = Guarded::new().await;
    let tickets: Vec<String> = (0..65).map(|_| guarded.guard.ticket()).collect();
    assert_eq!(guarded.call(&[HOST], Method::GET, &tickets[0]).await.status(), 401);
    assert_eq!(guarded.call(&[HOST], Method::GET, &tickets[1]).await.status(), 303);
}

#[tokio::test(start_paused = true)]
async fn by_cookie_only_a_page_of_this_origin_changes_anything() {
    let guarded = Guarded::new().await;
    let session = guarded.session().await;
    let cookie = ("cookie", session.as_str());
    let pause = async |more: &[(&str, &str)]| {
        let headers = [&[HOST, cookie][..], more].concat();
        guarded.call(&headers, Method::POST, "/v1/connections/acme/pause").await.status().as_u16()
    };
    assert_eq!(pause(&[]).await, 403);
    assert_eq!(pause(&[("sec-fetch-site", "same-site")]).await, 403, "another port of this machine");
    assert_eq!(pause(&[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(pause(&[("sec-fetch-site", "none")]).await, 403);
    assert_eq!(pause(&[("origin", "null")]).await, 403);
    assert_eq!(pause(&[("origin", "null"), ("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(pause(&[("origin", "http://evil.example"), SAME]).await, 403);
    assert_eq!(pause(&[OWN]).await, 200);
    assert_eq!(pause(&[SAME]).await, 200);
    assert_eq!(pause(&[("origin", "null"), SAME]).await, 200, "a form of a page that sends no referrer");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_the_token_gets_a_ticket_and_a_browser_does_not() {
    let guarded = Guarded::new().await;
    let response = guarded.call(&[HOST, BEARER], Method::POST, "/v1/session").await;
    assert_eq!(response.status(), 200);
    let body = to_bytes(response.into_body(), 1_000).await.expect("a body");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    let path = answer["open"].as_str().expect("a path");
    assert_eq!(guarded.call(&[HOST], Method::GET, path).await.status(), 303);
    let session = guarded.session().await;
    let by_cookie = guarded.call(&[HOST, ("cookie", &session), OWN], Method::POST, "/v1/session").await;
    assert_eq!(by_cookie.status(), 404);
    assert_eq!(guarded.call(&[HOST], Method::POST, "/v1/session").await.status(), 401);
    assert_eq!(guarded.call(&[BEARER], Method::POST, "/v1/session").await.status(), 421);
}

#[tokio::test(start_paused = true)]
async fn a_browser_without_a_session_is_told_how_to_get_one_and_a_program_gets_the_problem() {
    let page = call(&[HOST, PAGE], Method::GET, "/").await;
    assert_eq!((page.status().as_u16(), page.headers().contains_key(header::CONTENT_SECURITY_POLICY)), (401, true));
    let text = to_bytes(page.into_body(), 10_000).await.expect("a page");
    assert!(String::from_utf8_lossy(&text).contains("resync console"));
    let problem = call(&[HOST], Method::GET, "/").await;
    assert_eq!(problem.headers()[header::CONTENT_TYPE], "application/problem+json");
}
