//! A function URL on loopback: it takes what is signed as AWS wants it, refuses all else in AWS's words, and has a
//! `resync local` answer the rest, in place of the function.
//!
//! Must not know: what is asked.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::sigv4;

/// AWS takes no larger request.
const LARGEST: usize = 6 * 1024 * 1024;

/// The running server; it ends with this.
pub(crate) struct FunctionUrl {
    pub(crate) url: String,
    function: Arc<Function>,
    _runtime: Runtime,
}

/// What came in and was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: usize,
}

struct Function {
    http: reqwest::Client,
    local: String,
    token: String,
    taken: Mutex<Vec<Taken>>,
    refusal: Mutex<Option<(StatusCode, Value, &'static str)>>,
}

impl FunctionUrl {
    /// Starts one before the `resync local` that runs over `data`.
    pub(crate) fn before(data: &Path) -> Self {
        let text = fs::read_to_string(data.join("endpoint")).expect("resync local runs");
        let endpoint: Value = serde_json::from_str(&text).expect("JSON");
        let token = fs::read_to_string(data.join("token")).expect("it is there");
        let function = Arc::new(Function {
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            local: endpoint["url"].as_str().expect("a text").to_owned(),
            token: token.trim().to_owned(),
            taken: Mutex::default(),
            refusal: Mutex::default(),
        });
        let runtime = Runtime::new().expect("a runtime starts");
        let router = Router::new().fallback(invoke).with_state(Arc::clone(&function));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, function, _runtime: runtime }
    }

    /// From now on AWS refuses everything with this, and says that it is this time.
    pub(crate) fn refuse(&self, status: StatusCode, body: Value, date: &'static str) {
        *self.function.refusal.lock().expect("it is whole") = Some((status, body, date));
    }

    /// What was taken so far.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.function.taken.lock().expect("it is whole").clone()
    }
}

async fn invoke(State(function): State<Arc<Function>>, request: Request) -> Response {
    if let Some((status, body, date)) = function.refusal.lock().expect("it is whole").clone() {
        return (status, [("date", date)], body.to_string()).into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, json!({ "Message": "Request Too Long" }).to_string()).into_response();
    };
    if let Err(problem) = sigv4::check("lambda", &parts.method, &parts.uri, &parts.headers, &body) {
        let said = format!("The request signature we calculated does not match the signature you provided. {problem}");
        return (StatusCode::FORBIDDEN, json!({ "message": said }).to_string()).into_response();
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let seen = Taken { path: path.clone(), headers: parts.headers.clone(), bytes: body.len() };
    function.taken.lock().expect("it is whole").push(seen);
    function.answer(parts.method, &path, &parts.headers, body).await
}

impl Function {
    async fn answer(&self, method: axum::http::Method, path: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.local)).bearer_auth(&self.token);
        for name in ["accept", "content-type", "idempotency-key", "hx-request"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body).send().await.expect("resync local answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = (status, Body::from(answer.bytes().await.expect("it is whole"))).into_response();
        for name in
            ["content-type", "content-security-policy", "cache-control", "set-cookie", "location", "resync-next"]
        {
            if let Some(value) = headers.get(name) {
                response.headers_mut().insert(axum::http::HeaderName::from_static(name), value.clone());
            }
        }
        response
    }
}
