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
use crate::functions::json_service::{Served, serve_while};

/// The addresses of the services, or of the wires to them, such as `http://127.0.0.1:40001`, and a client to reach them.
#[derive(Clone, Debug)]
pub(super) struct Services {
    pub(super) dynamodb: String,
    pub(super) eventbridge: String,
    pub(super) secrets: String,
    /// One for each org.
    pub(super) salesforce: Vec<String>,
    pub(super) http: Client,
}

/// The wires of one life. They end with this.
pub(super) struct Wired {
    /// The services, at the wires' own ends.
    pub(super) services: Services,
    pub(super) gate: Gate,
    _served: Vec<Served>,
}

impl Services {
    /// Wires to these services for one life, and their gate.
    pub(super) async fn wired(&self, stop: Option<Stop>) -> Wired {
        let (gate, mut served) = (Gate::new(stop), Vec::new());
        let mut salesforce = Vec::new();
        for org in &self.salesforce {
            salesforce.push(self.wire(&gate, org, &mut served).await);
        }
        let services = Self {
            dynamodb: self.wire(&gate, &self.dynamodb, &mut served).await,
            eventbridge: self.wire(&gate, &self.eventbridge, &mut served).await,
            secrets: self.wire(&gate, &self.secrets, &mut served).await,
            salesforce,
            http: self.http.clone(),
        };
        Wired { services, gate, _served: served }
    }

    async fn wire(&self, gate: &Gate, service: &str, served: &mut Vec<Served>) -> String {
        let wire = Wire { gate: gate.clone(), service: service.to_owned(), http: self.http.clone() };
        let serving = serve_while(Router::new().fallback(relay).with_state(wire)).await;
        let address = format!("http://{}", serving.address());
        served.push(serving);
        address
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
    match gate.pass(async move { wire.exchange(head, body).await }).await {
        Some(response) => response,
        // The service cut the connection, and so is this one: its task ends without an answer, and without a panic's message.
        None => std::panic::resume_unwind(Box::new("the service cut the connection")),
    }
}

impl Wire {
    /// Nothing when the service gave no answer.
    async fn exchange(&self, head: Parts, body: Bytes) -> Option<Response> {
        let own = format!("http://{}", head.headers[header::HOST].to_str().unwrap());
        let address = format!("{}{}", self.service, head.uri);
        let request = self.http.request(head.method, address).headers(end_to_end(head.headers)).body(body);
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
        let body = answer.bytes().await.ok()?;
        let mut response = Response::new(Body::from(self.renamed(body, &own)));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Some(response)
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
