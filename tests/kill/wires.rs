//! The wires between one process and the services that it uses: all its requests go through one gate.
//!
//! Must not know: what goes through them.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::Client;

use super::gate::{Gate, Stop};
use crate::functions::json_service::serve;

/// The addresses of the services, or of the wires to them, such as `http://127.0.0.1:40001`, and a client to reach them.
#[derive(Clone, Debug)]
pub(super) struct Services {
    pub(super) dynamodb: String,
    pub(super) eventbridge: String,
    pub(super) secrets: String,
    pub(super) salesforce: String,
    pub(super) http: Client,
}

impl Services {
    /// Wires to these services for one process, and their gate.
    pub(super) async fn wired(&self, stop: Option<Stop>) -> (Self, Gate) {
        let gate = Gate::new(stop);
        let wired = Self {
            dynamodb: self.wire(&gate, &self.dynamodb).await,
            eventbridge: self.wire(&gate, &self.eventbridge).await,
            secrets: self.wire(&gate, &self.secrets).await,
            salesforce: self.wire(&gate, &self.salesforce).await,
            http: self.http.clone(),
        };
        (wired, gate)
    }

    async fn wire(&self, gate: &Gate, service: &str) -> String {
        let wire = Wire { gate: gate.clone(), service: service.to_owned(), http: self.http.clone() };
        format!("http://{}", serve(Router::new().fallback(relay).with_state(wire)).await)
    }
}

#[derive(Clone)]
struct Wire {
    gate: Gate,
    service: String,
    http: Client,
}

async fn relay(State(wire): State<Wire>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // A request that breaks off was never made.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let gate = wire.gate.clone();
    gate.pass(async move { wire.exchange(head, body).await }).await
}

impl Wire {
    async fn exchange(&self, head: Parts, body: Bytes) -> Response {
        let own = format!("http://{}", head.headers[header::HOST].to_str().unwrap());
        let address = format!("{}{}", self.service, head.uri);
        let request = self.http.request(head.method, address).headers(end_to_end(head.headers)).body(body);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
        let body = answer.bytes().await.unwrap();
        let mut response = Response::new(Body::from(self.renamed(body, &own)));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        response
    }

    /// A service that tells its own address, as a login does, is to be called by the wire all the same.
    fn renamed(&self, body: Bytes, own: &str) -> Bytes {
        match std::str::from_utf8(&body) {
            Ok(text) if text.contains(&self.service) => text.replace(&self.service, own).into(),
            _ => body,
        }
    }
}

/// Without the headers that are about one connection only.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}
