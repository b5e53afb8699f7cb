//! What `api` asks AWS for: led through every operation of the interface's document.
//!
//! Must not know: what an operation does.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Tapped, child, failed, is_what_is_listed, large};
use crate::functions::clock::{HOUR, now};
use crate::functions::process::{Binary, Function};

/// An operator's way through the interface.
struct Walk<'a> {
    tapped: &'a Tapped,
    api: Function,
    /// Methods and paths that were called.
    called: BTreeSet<(String, String)>,
}

impl Walk<'_> {
    async fn call(&mut self, method: &str, path: &str, body: &Value) -> Value {
        self.called.insert((method.to_owned(), path.to_owned()));
        self.tapped.operate(&mut self.api, method, path, body).await
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call("GET", path, &Value::Null).await
    }

    /// The operations of the document that were not called, by method and path.
    fn missed(&self) -> Vec<String> {
        let document: Value = serde_json::from_str(include_str!("../../../crates/api/openapi.json")).unwrap();
        let mut missed = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys().filter(|key| METHODS.contains(&key.as_str())) {
                let method = method.to_uppercase();
                let mut called = self.called.iter();
                if !called.any(|(by, at)| *by == method && is_of(at, path)) {
                    missed.push(format!("{method} {path}"));
                }
            }
        }
        missed
    }
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Whether a path is one of those that a template such as `/v1/connections/{connection}` stands for.
fn is_of(path: &str, template: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (parts, names): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
    parts.len() == names.len() && parts.iter().zip(names).all(|(part, name)| name.starts_with('{') || *part == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn api_is_led_through_every_operation_and_asks_for_exactly_what_is_listed() {
    let tapped = Tapped::start().await;
    let at = now() - HOUR;
    let reports = [failed("acme", "ann", at), large("acme", "big", at, 1), child("acme", "kid", "ann", at)];
    tapped.take_in(&reports).await;
    tapped.tap.take();
    let api = tapped.function(Binary::Api).await;
    let mut walk = Walk { tapped: &tapped, api, called: BTreeSet::new() };
    look(&mut walk).await;
    act(&mut walk).await;
    assert_eq!(walk.missed(), Vec::<String>::new(), "operations that nobody called");
    is_what_is_listed("api", &tapped.tap.take());
}

/// Whatever only reads.
async fn look(walk: &mut Walk<'_>) {
    for path in ["/v1/system", "/v1/openapi.json", "/v1/connections", "/v1/audit"] {
        walk.get(path).await;
    }
    for path in [
        "",
        "/health",
        "/suspension",
        "/usage",
        "/errors",
        "/records",
        "/records/Contact/ann",
        "/export",
        "/resyncs",
        "/runs",
    ] {
        walk.get(&format!("/v1/connections/acme{path}")).await;
    }
    for question in
        ["type=row-lock", "object=Contact", "type=row-lock&message=lock", "id=an", "failed_from=2020-01-01T00:00:00Z"]
    {
        walk.get(&format!("/v1/connections/acme/records?{question}")).await;
    }
}

/// Whatever changes something.
async fn act(walk: &mut Walk<'_>) {
    let acme = |path: &str| format!("/v1/connections/acme{path}");
    for path in ["/pause", "/resume", "/test"] {
        walk.call("POST", &acme(path), &json!({})).await;
    }
    walk.call("PUT", &acme("/limit"), &json!({"api_limit": 12_000})).await;
    walk.call("PATCH", &acme(""), &json!({"calls_in_flight": 2})).await;
    walk.call("DELETE", &acme("/suspension"), &Value::Null).await;

    let row = json!({"object": "Contact", "external_id": "dan", "source_version": 1, "failed_at": now() - HOUR,
        "error": {"code": "UNABLE_TO_LOCK_ROW", "message": "busy"}, "payload": {"LastName": "x".repeat(2_000)}});
    walk.call("POST", &acme("/imports"), &json!({"rows": [row]})).await;

    let asked = walk.call("POST", &acme("/resyncs"), &json!({"all": true})).await;
    let id = asked["request"]["id"].as_str().unwrap();
    walk.get(&acme(&format!("/resyncs/{id}"))).await;
    walk.call("POST", &acme(&format!("/resyncs/{id}/cancel")), &json!({})).await;
    let plan = walk.call("POST", &acme("/plans"), &json!({"all": true, "action": "delete"})).await;
    walk.call("POST", &acme("/deletions"), &json!({"plan": plan["plan"]["id"]})).await;
    walk.call("POST", &acme("/erasures"), &json!({"object": "Contact", "external_id": "big"})).await;

    let mut settings = walk.get("/v1/connections/globex").await["connection"].clone();
    settings["id"] = json!("initech");
    walk.call("POST", "/v1/connections", &settings).await;
    walk.call("DELETE", "/v1/connections/initech", &Value::Null).await;
}
