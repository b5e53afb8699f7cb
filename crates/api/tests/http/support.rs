//! A router, its ports, and short ways to call it.
//!
//! Must not know: what is tested.

use std::sync::Arc;

use api::{Caller, Role, router};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::Response;
use axum::{Extension, Router};
use engine::fakes::{Around, FakeTarget, VirtualClock, around, sample};
use engine::ingest::Ingest;
use engine::memory::MemoryStore;
use engine::ports::{Audits, Connections};
use engine::run::{Halt, Order, RunEnd, run};
use rules::connection::Connection;
use rules::ids::RecordKey;
use rules::owed::Selection;
use rules::record::{Record, Stored};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

/// When every test begins: ten minutes after the sample's tick.
pub(crate) const NOW: &str = "2026-03-02T09:30:00Z";

pub(crate) type TestParts = Around<MemoryStore>;

pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) parts: Arc<TestParts>,
}

/// An answer: its status and its JSON, null when it has no body.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer(pub(crate) StatusCode, pub(crate) Value);

impl Answer {
    /// The body of an answer that went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.0.is_success(), "{self:?}");
        self.1
    }

    /// The name and the detail of a problem.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, name: &str) -> String {
        assert_eq!(
            (self.0.as_u16(), &self.1["type"]),
            (status, &json!(format!("urn:resync:problem:{name}"))),
            "{self:?}"
        );
        assert_eq!(self.1["status"], json!(status));
        self.1["detail"].as_str().expect("a detail").to_owned()
    }

    /// The mistakes of a problem, each as field and problem.
    #[track_caller]
    pub(crate) fn mistakes(&self) -> Vec<String> {
        self.problem(422, "mistakes");
        let mistakes = self.1["mistakes"].as_array().expect("mistakes");
        let text = |mistake: &Value, name: &str| mistake[name].as_str().expect("a text").to_owned();
        mistakes.iter().map(|mistake| format!("{} {}", text(mistake, "field"), text(mistake, "problem"))).collect()
    }
}

impl Api {
    /// A router over these connections.
    pub(crate) async fn with(connections: impl IntoIterator<Item = Connection>) -> Self {
        let clock = VirtualClock::starting(sample::time(NOW));
        let parts = Arc::new(around(MemoryStore::new(), clock));
        for connection in connections {
            parts.store.save_connection(&connection).await.expect("the store in memory keeps it");
        }
        let router = router(Arc::clone(&parts)).layer(Extension(Caller::new("ada", Role::Operator)));
        Self { router, parts }
    }

    /// The same system, called by a viewer.
    pub(crate) fn viewed(&self) -> Self {
        let router = router(Arc::clone(&self.parts)).layer(Extension(Caller::new("vic", Role::Viewer)));
        Self { router, parts: Arc::clone(&self.parts) }
    }

    /// A router over the connection `acme`, which has the interval policy.
    pub(crate) async fn acme() -> Self {
        Self::with([sample::interval("acme")]).await
    }

    /// One request, and its answer as it comes.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Response {
        let response = self.router.clone().oneshot(request).await.expect("a router does not fail");
        tokio::time::advance(Duration::from_millis(1)).await;
        response
    }

    /// One request. The clock goes on a little after it, so that no two entries of the audit have the same instant.
    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.raw(request).await;
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is whole");
        if bytes.is_empty() {
            return Answer(status, Value::Null);
        }
        let expected = if status.is_success() { "application/json" } else { "application/problem+json" };
        assert_eq!(kind.expect("a content type"), expected);
        Answer(status, serde_json::from_slice(&bytes).expect("the body is JSON"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Request::delete(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(with_json(&Method::POST, path, body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(with_json(&Method::PUT, path, body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(with_json(&Method::PATCH, path, body)).await
    }

    /// The Salesforce of `acme`.
    pub(crate) fn salesforce(&self) -> Arc<FakeTarget<VirtualClock>> {
        self.parts.targets.target(&sample::connection_id("acme"))
    }

    /// A source reports that these Contacts of `acme` failed with a locked row.
    pub(crate) async fn report(&self, ids: &[&str]) {
        for id in ids {
            self.report_with(id, sample::CODE, &json!({ "LastName": "Canary" })).await;
        }
    }

    /// A source reports that a Contact of `acme` failed with this code.
    pub(crate) async fn report_with(&self, id: &str, code: &str, payload: &Value) {
        let event = json!({
            "detail-type": "Sync Failed",
            "time": sample::FAILED,
            "detail": {
                "connection": "acme", "object": "Contact", "externalId": id, "sourceVersion": 1,
                "error": { "code": code, "message": "it did not work" }, "payload": payload,
            },
        });
        self.take(&event).await;
    }

    /// Takes in a source's report.
    pub(crate) async fn take(&self, event: &Value) {
        let ingest = Ingest::new(self.parts.as_ref());
        ingest.take(&event.to_string()).await.expect("the report is right");
        ingest.write_counts().await;
    }

    /// A source reports that a Contact of `acme` failed with a locked row at this time.
    pub(crate) async fn report_at(&self, id: &str, failed: &str) {
        let event = json!({
            "detail-type": "Sync Failed",
            "time": failed,
            "detail": {
                "connection": "acme", "object": "Contact", "externalId": id, "sourceVersion": 1,
                "error": { "code": sample::CODE, "message": "it did not work" }, "payload": { "LastName": "Late" },
            },
        });
        Ingest::new(self.parts.as_ref()).take(&event.to_string()).await.expect("the report is right");
    }

    /// One run of `acme`, as a tick starts it now.
    pub(crate) async fn run(&self, selection: Selection) -> RunEnd {
        let deadline = sample::time(NOW) + Duration::from_hours(30);
        let order = Order { connection: sample::connection_id("acme"), selection, deadline, halt: Halt::default() };
        run(self.parts.as_ref(), &order).await.expect("the ports do not fail")
    }

    pub(crate) fn record(&self, id: &str) -> Option<Record> {
        match self.parts.store.stored(&key(id))? {
            Stored::Record(record) => Some(*record),
            Stored::Success(_) => None,
        }
    }

    /// What the audit says, oldest first: who, what, and to what.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let mut entries = self.parts.store.audits(None, 1_000).await.expect("the store in memory answers");
        entries.reverse();
        let word = |action| serde_json::to_value(action).expect("a word");
        let line = |word: &Value, entry: &engine::ports::AuditEntry| {
            format!("{} {} {} [{}]", entry.who, word.as_str().expect("a word"), entry.subject, entry.records)
        };
        entries.iter().map(|entry| line(&word(entry.action), entry)).collect()
    }
}

pub(crate) fn key(id: &str) -> RecordKey {
    sample::key("acme", id)
}

pub(crate) fn with_json(method: &Method, path: &str, body: &Value) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request")
}
