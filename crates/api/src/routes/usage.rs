//! What a connection used of its API budget.
//!
//! Must not know: how calls are counted.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::overview::{UsageNow, usage};
use engine::parts::Ports;

use super::{connection_id, unknown_connection};
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/usage", get(show::<P>))
}

async fn show<P: Ports>(State(ports): State<Arc<P>>, Named(name): Named<String>) -> Result<Json<UsageNow>, Problem> {
    let id = connection_id(&name)?;
    usage(ports.as_ref(), &id).await?.map(Json).ok_or_else(|| unknown_connection(&id))
}
