//! What answers here.
//!
//! Must not know: connections.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::ports::Clock;
use rules::time::Timestamp;
use serde::Serialize;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/system", get(system::<P>))
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
