//! Whether all is there that a connection's retries rest on.
//!
//! Must not know: what is looked at.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::health::{Health, health};
use engine::parts::Ports;

use super::{connection_id, unknown_connection};
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/health", get(show::<P>))
}

async fn show<P: Ports>(State(ports): State<Arc<P>>, Named(name): Named<String>) -> Result<Json<Health>, Problem> {
    let id = connection_id(&name)?;
    let found = health(ports.as_ref(), &id).await?;
    found.map(Json).ok_or_else(|| unknown_connection(&id))
}
