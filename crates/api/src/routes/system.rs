//! What answers here.
//!
//! Must not know: connections.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::ports::Clock;
use rules::time::Timestamp;
use serde::Serialize;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/system", get(system::<P>)).route("/v1/openapi.json", get(document))
}

/// The description of all routes, in `OpenAPI` 3.1.
const DOCUMENT: &str = include_str!("../../openapi.json");

async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[derive(Serialize)]
struct System {
    name: &'static str,
    version: &'static str,
    now: Timestamp,
}

async fn system<P: Ports>(State(ports): State<Arc<P>>) -> Json<System> {
    Json(System { name: "resync", version: env!("CARGO_PKG_VERSION"), now: ports.clock().now() })
}
