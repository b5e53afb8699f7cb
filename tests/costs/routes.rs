//! Every route and every page as callers ask for it, at 50,000 failing records: ten requests at most each, and what only looks
//! changes nothing. An import costs more, which writes every row by itself. `cargo test -p tests --test system costs -- --nocapture` prints the figures and the sizes of the answers.
//!
//! Must not know: how the answers are found.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use api::{Caller, Role, router};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use axum::{Extension, Router};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::MOST;
use super::counting::Cost;
use super::morning::{Morning, first_failed, id, traced, type_name};

/// The routes that only look, beside those that the names in their addresses are filled into.
const QUERIES: [&str; 9] = [
    "/v1/connections/acme/records?type=unknown:CODE_03&limit=100",
    "/v1/connections/acme/records?type=unknown:CODE_03&state=held",
    "/v1/connections/acme/records?type=unknown:CODE_03&message=seventh",
    "/v1/connections/acme/records?object=Invoice__c&failed_to=2026-03-01T05:00:00Z",
    "/v1/connections/acme/records?id=c-04&limit=500",
    "/v1/connections/acme/resyncs?limit=500",
    "/v1/connections/acme/runs?limit=500",
    "/v1/audit?connection=acme&limit=1000",
    "/v1/connections/swept/records/Contact/edge",
];

/// The pages that only look.
const PAGES: [&str; 19] = [
    "/",
    "/audit",
    "/c/acme/errors",
    "/c/acme/records",
    "/c/acme/records?type=unknown:CODE_03",
    "/c/acme/records?type=unknown:CODE_03&state=held",
    "/c/acme/records?message=seventh&type=unknown:CODE_03",
    "/c/acme/records/Contact/c-00000",
    "/c/swept/records/Contact/edge",
    "/c/acme/timeout-queue",
    "/c/acme/usage",
    "/c/acme/suspension",
    "/c/swept/suspension",
    "/c/acme/runs",
    "/c/acme/audit",
    "/c/acme/settings",
    "/c/acme/requests",
    "/c/acme/requests/request-03",
    "/c/acme/requests/request-03/progress",
];

struct Asked {
    status: StatusCode,
    cost: Cost,
    body: Vec<u8>,
}

impl Asked {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

struct Desk<'a> {
    morning: &'a Morning,
    router: Router,
    /// What cost more than it may.
    too_dear: Mutex<Vec<String>>,
}

impl<'a> Desk<'a> {
    fn of(morning: &'a Morning) -> Self {
        let caller = Extension(Caller::new("ada", Role::Operator));
        Self { morning, router: router(Arc::clone(&morning.ports)).layer(caller), too_dear: Mutex::default() }
    }

    /// Nothing that was asked cost more than it may.
    fn judges(self) {
        assert_eq!(self.too_dear.into_inner().unwrap(), Vec::<String>::new());
    }

    /// One request.
    #[expect(clippy::disallowed_methods, reason = "the time to the head of the answer is printed, and judges nothing")]
    async fn asks(&self, request: Request<Body>) -> Asked {
        let what = format!("{} {}", request.method(), request.uri());
        self.morning.counting.take();
        let begun = Instant::now();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, took) = (response.status(), begun.elapsed());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        let cost = self.morning.counting.take();
        let Cost { requests, writes, units } = cost;
        println!(
            "{what:<80} {:>3} {requests:>3} requests, {writes:>2} of them writes {units:>7.1} read units {:>8} bytes {:>6.1} ms",
            status.as_u16(),
            body.len(),
            took.as_secs_f64() * 1_000.0
        );
        if requests > MOST {
            self.too_dear.lock().unwrap().push(format!("{what}: {requests} requests"));
        }
        Asked { status, cost, body }
    }

    async fn looks(&self, path: &str) -> Asked {
        let asked = self.asks(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(asked.status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&asked.body));
        assert_eq!(asked.cost.writes, 0, "{path} only looks");
        asked
    }

    async fn does(&self, method: Method, path: &str, body: &Value) -> Asked {
        self.asks(action(method, path, body)).await
    }

    /// Erases contacts, each with its own key.
    async fn erases(&self, ids: &[&str]) {
        for id in ids {
            let body = json!({ "object": "Contact", "external_id": id });
            let request =
                Request::post("/v1/connections/acme/erasures").header("Idempotency-Key", format!("erasing-{id}"));
            let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()));
            let erased = self.asks(request.unwrap()).await;
            assert_eq!((erased.status, &erased.json()["erased"]), (StatusCode::OK, &json!(true)), "{}", erased.json());
        }
    }

    async fn fills_in(&self, path: &str, form: &str) -> Asked {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.asks(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

/// An action as a careful caller asks for it, under a key.
fn action(method: Method, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    let request = request.header("Idempotency-Key", format!("key-of-{}", path.replace('/', "-")));
    request.body(Body::from(body.to_string())).unwrap()
}

/// The addresses of the document that are asked by GET, with names of the morning in them.
fn documented(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().unwrap().iter();
    let looking = paths.filter(|(_, methods)| methods.get("get").is_some());
    let filled = |(path, _): (&String, &Value)| {
        let id = if path.contains("/resyncs/") { "request-03" } else { "c-00000" };
        path.replace("{connection}", "acme").replace("{object}", "Contact").replace("{id}", id)
    };
    looking.map(filled).filter(|path| !path.ends_with("/export")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_only_looks_costs_ten_requests_at_most_and_changes_nothing() {
    let morning = Morning::breaks().await;
    let desk = Desk::of(&morning);
    let document = desk.looks("/v1/openapi.json").await.json();
    let documented = documented(&document);
    assert!(documented.len() > 12 && documented.iter().all(|path| !path.contains('{')), "{documented:?}");
    let published = morning.ports.events.requests();
    for path in documented.iter().map(String::as_str).chain(QUERIES).chain(PAGES) {
        desk.looks(path).await;
    }
    assert_eq!(morning.ports.events.requests(), published, "looking publishes nothing");
    desk.judges();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_costs_ten_requests_at_most() {
    let morning = Morning::breaks().await;
    let desk = Desk::of(&morning);
    let of = |name: &str| format!("/v1/connections/acme/{name}");
    let named: Vec<String> = (0..100).map(|number| format!("Contact/{}", id(number * 40))).collect();
    let aged = json!({ "type": type_name(3), "failed_to": first_failed(10_000).to_string() });
    for wanted in [json!({ "records": named }), aged, json!({ "state": "held" })] {
        assert_eq!(desk.does(Method::POST, &of("plans"), &wanted).await.status, StatusCode::OK);
    }
    let full = desk.does(Method::POST, &of("resyncs"), &json!({ "all": true })).await;
    assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS, "16 are open");
    for (number, action) in ["resync", "delete"].into_iter().enumerate() {
        let cancel = of(&format!("resyncs/request-0{number}/cancel"));
        assert_eq!(desk.does(Method::POST, &cancel, &json!({})).await.status, StatusCode::OK);
        let wanted = json!({ "action": action, "type": type_name(number) });
        let plan = desk.does(Method::POST, &of("plans"), &wanted).await.json()["plan"]["id"].clone();
        let route = of(if action == "delete" { "deletions" } else { "resyncs" });
        let accepted = desk.does(Method::POST, &route, &json!({ "plan": plan })).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.json());
    }
    let limited = desk.does(Method::PUT, &of("limit"), &json!({ "api_limit": 4_000 })).await;
    assert_eq!(limited.status, StatusCode::OK, "{}", limited.json());
    for name in ["pause", "resume"] {
        assert_eq!(desk.does(Method::POST, &of(name), &json!({})).await.status, StatusCode::OK);
    }
    let policy = json!({ "policy": { "kind": "recent" } });
    assert_eq!(desk.does(Method::PATCH, "/v1/connections/acme", &policy).await.status, StatusCode::CONFLICT);
    assert_eq!(desk.does(Method::DELETE, "/v1/connections/acme", &json!({})).await.status, StatusCode::CONFLICT);
    for gone in ["other-05", "tidied"] {
        let deleted = desk.does(Method::DELETE, &format!("/v1/connections/{gone}"), &json!({})).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{gone}: {}", deleted.json());
    }
    let cleared = desk.does(Method::DELETE, "/v1/connections/swept/suspension", &json!({})).await;
    assert!(cleared.status.is_success(), "{}", cleared.json());
    desk.erases(&["c-00040", traced().0]).await;
    let form = named.iter().map(|record| format!("record={record}")).collect::<Vec<_>>().join("&");
    assert_eq!(desk.fills_in("/c/acme/plans", &form).await.status, StatusCode::OK);
    assert_eq!(desk.fills_in("/c/acme/plans", "all=1&action=delete").await.status, StatusCode::OK);
    desk.judges();
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_fifty_thousand_records_takes_one_write_for_request_and_audit() {
    let morning = Morning::breaks().await;
    let desk = Desk::of(&morning);
    desk.does(Method::POST, "/v1/connections/acme/resyncs/request-00/cancel", &json!({})).await;
    let plan = desk.does(Method::POST, "/v1/connections/acme/plans", &json!({ "all": true })).await;
    assert!(plan.cost.requests <= MOST && plan.cost.units <= 50.0, "{:?}", plan.cost);
    let body = json!({ "plan": plan.json()["plan"]["id"] });
    let request = Request::post("/v1/connections/acme/resyncs").header(header::CONTENT_TYPE, "application/json");
    let accepted = desk.asks(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert_eq!(accepted.json()["request"]["planned"]["records"]["number"], json!(50_000));
    assert_eq!(accepted.cost.writes, 2, "one keeps, owes and audits it, one keeps its connection from going");
    let again = desk.asks(
        Request::post("/v1/connections/acme/resyncs")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap(),
    );
    let again = again.await;
    assert_eq!((again.status, again.cost.writes), (StatusCode::OK, 0), "it is the same one: {}", again.json());
    desk.judges();
}
