//! A service of the cloud on this machine, as far as one operation: JSON 1.1 over HTTP.
//!
//! Must not know: which service.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves these routes on a free port of this machine, until the runtime ends.
pub(crate) async fn serve(routes: Router) -> SocketAddr {
    listen(routes).await.0
}

/// Routes that are served until this is dropped.
pub(crate) struct Served(SocketAddr, JoinHandle<()>);

impl Served {
    /// Where they are.
    pub(crate) fn address(&self) -> SocketAddr {
        self.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.1.abort();
    }
}

/// The same as [`serve`], for as long as what is given back lives.
pub(crate) async fn serve_while(routes: Router) -> Served {
    let (address, serving) = listen(routes).await;
    Served(address, serving)
}

async fn listen(routes: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.expect("a listener on this machine") });
    (address, serving)
}

/// Serves one operation, such as `AWSEvents.PutEvents`: `answer` gives the status and body for a request's body.
pub(crate) async fn serve_operation<F>(operation: &'static str, answer: F) -> SocketAddr
where
    F: Fn(Value) -> (StatusCode, Value) + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let post = move |headers: HeaderMap, body: String| async move { reply(operation, &*answer, &headers, &body) };
    serve(Router::new().route("/", axum::routing::post(post))).await
}

fn reply(operation: &str, answer: &impl Fn(Value) -> (StatusCode, Value), headers: &HeaderMap, body: &str) -> Response {
    assert_eq!(headers.get("x-amz-target").unwrap(), operation);
    let (status, answer) = answer(serde_json::from_str(body).unwrap());
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
}
