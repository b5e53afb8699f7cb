//! What a connection's records fail with.
//!
//! Must not know: how it is counted.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::overview::{ErrorCount, errors};
use engine::parts::Ports;
use serde::Serialize;

use super::{connection_id, unknown_connection};
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/errors", get(list::<P>))
}

#[derive(Serialize)]
struct Errors {
    errors: Vec<ErrorCount>,
    records: u64,
}

async fn list<P: Ports>(State(ports): State<Arc<P>>, Named(name): Named<String>) -> Result<Json<Errors>, Problem> {
    let id = connection_id(&name)?;
    let errors = errors(ports.as_ref(), &id).await?.ok_or_else(|| unknown_connection(&id))?;
    let records = errors.iter().map(|error| error.records).sum();
    Ok(Json(Errors { errors, records }))
}
