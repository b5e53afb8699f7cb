//! Who did what.
//!
//! Must not know: what is audited.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::ports::{AuditEntry, Audits};
use rules::ids::ConnectionId;
use serde::Serialize;

use super::settings;
use crate::params::Params;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/audit", get(list::<P>))
}

#[derive(Serialize)]
struct Audit {
    audit: Vec<AuditEntry>,
}

/// A connection that is deleted still has its entries; a name that has none, and is no connection's, is a slip.
async fn list<P: Ports>(State(ports): State<Arc<P>>, mut params: Params) -> Result<Json<Audit>, Problem> {
    let connection = params.text::<ConnectionId>("connection");
    let limit = params.number("limit", 1..=1_000, 100);
    params.finish()?;
    let audit = ports.store().audits(connection.as_ref(), limit).await?;
    if let (true, Some(id)) = (audit.is_empty(), &connection) {
        settings(ports.as_ref(), id.as_str()).await?;
    }
    Ok(Json(Audit { audit }))
}
