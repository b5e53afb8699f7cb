//! What the latest runs of a connection did.
//!
//! Must not know: what a run does.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::ports::{Reports, RunReport};
use serde::Serialize;

use super::settings;
use crate::params::{Named, Params};
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/runs", get(list::<P>))
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<RunReport>,
}

async fn list<P: Ports>(
    State(ports): State<Arc<P>>,
    Named(name): Named<String>,
    mut params: Params,
) -> Result<Json<Runs>, Problem> {
    let limit = params.number("limit", 1..=500, 20);
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    Ok(Json(Runs { runs: ports.store().reports(&connection.id, limit).await? }))
}
