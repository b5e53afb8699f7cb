//! A connection's suspension, and its end by hand.
//!
//! Must not know: what suspends a connection.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::routing::get;
use axum::{Json, Router};
use engine::manage::clear_suspension;
use engine::overview::{SuspensionNow, standing};
use engine::parts::Ports;
use engine::suspension::Cleared;
use serde::Serialize;

use super::{connection_id, unknown_connection};
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/suspension", get(show::<P>).delete(clear::<P>))
}

#[derive(Serialize)]
struct Shown {
    suspension: Option<SuspensionNow>,
}

async fn show<P: Ports>(State(ports): State<Arc<P>>, Named(name): Named<String>) -> Result<Json<Shown>, Problem> {
    let id = connection_id(&name)?;
    let standing = standing(ports.as_ref(), &id).await?.ok_or_else(|| unknown_connection(&id))?;
    Ok(Json(Shown { suspension: standing.suspension }))
}

#[derive(Serialize)]
struct Done {
    cleared: bool,
}

async fn clear<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Json<Done>, Problem> {
    let id = connection_id(&name)?;
    match clear_suspension(ports.as_ref(), &id, caller.as_str()).await? {
        Cleared::Cleared(_) => Ok(Json(Done { cleared: true })),
        Cleared::NotSuspended => Ok(Json(Done { cleared: false })),
        Cleared::UnknownConnection => Err(unknown_connection(&id)),
    }
}
