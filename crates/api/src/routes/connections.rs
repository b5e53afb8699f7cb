//! How connections stand.
//!
//! Must not know: how they are changed.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::overview::{BudgetNow, Standing, SuspensionNow, overview, standing};
use engine::parts::Ports;
use rules::connection::Connection;
use rules::ids::ConnectionId;
use serde::Serialize;

use super::{connection_id, unknown_connection};
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections", get(list::<P>)).route("/v1/connections/{connection}", get(show::<P>))
}

#[derive(Serialize)]
struct Listed {
    connections: Vec<Line>,
    unreadable: usize,
}

#[derive(Serialize)]
struct Line {
    id: ConnectionId,
    policy: &'static str,
    paused: bool,
    suspension: Option<SuspensionNow>,
    budget: BudgetNow,
    open_requests: usize,
}

impl From<Standing> for Line {
    fn from(standing: Standing) -> Self {
        let Standing { connection, suspension, budget, open_requests, .. } = standing;
        let policy = connection.policy.name();
        Self { id: connection.id, policy, paused: connection.paused, suspension, budget, open_requests }
    }
}

async fn list<P: Ports>(State(ports): State<Arc<P>>) -> Result<Json<Listed>, Problem> {
    let all = overview(ports.as_ref()).await?;
    let connections = all.connections.into_iter().map(Line::from).collect();
    Ok(Json(Listed { connections, unreadable: all.unreadable }))
}

#[derive(Serialize)]
struct Shown {
    connection: Connection,
    suspension: Option<SuspensionNow>,
    budget: BudgetNow,
    open_requests: usize,
}

async fn show<P: Ports>(State(ports): State<Arc<P>>, Named(name): Named<String>) -> Result<Json<Shown>, Problem> {
    let id = connection_id(&name)?;
    let Some(Standing { connection, suspension, budget, open_requests, .. }) = standing(ports.as_ref(), &id).await?
    else {
        return Err(unknown_connection(&id));
    };
    Ok(Json(Shown { connection, suspension, budget, open_requests }))
}
