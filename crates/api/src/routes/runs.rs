//! What the latest runs of a connection did.
//!
//! Must not know: what a run does.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::ports::{Reports, RunReport, StopReason};
use rules::ids::{Epoch, RunId};
use rules::owed::Selection;
use rules::time::Timestamp;
use serde::Serialize;

use super::settings;
use crate::params::{Named, Params};
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/runs", get(list::<P>))
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<Told>,
}

/// A report as it is told. What a run passed over is not what a request left alone, and has another name here.
#[derive(Serialize)]
struct Told {
    run: RunId,
    epoch: Epoch,
    selection: Selection,
    started: Timestamp,
    ended: Timestamp,
    stopped: StopReason,
    api_calls: u64,
    tried: u64,
    resolved: u64,
    failed: u64,
    unknown: u64,
    passed_over: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<u64>,
}

impl From<RunReport> for Told {
    fn from(report: RunReport) -> Self {
        let RunReport { run, epoch, selection, started, ended, stopped, .. } = report;
        let RunReport { api_calls, tried, resolved, failed, unknown, skipped, deleted, .. } = report;
        let (passed_over, deleted) = (skipped, Some(deleted).filter(|&deleted| deleted > 0));
        Self {
            run,
            epoch,
            selection,
            started,
            ended,
            stopped,
            api_calls,
            tried,
            resolved,
            failed,
            unknown,
            passed_over,
            deleted,
        }
    }
}

async fn list<P: Ports>(
    State(ports): State<Arc<P>>,
    Named(name): Named<String>,
    mut params: Params,
) -> Result<Json<Runs>, Problem> {
    let limit = params.number("limit", 1..=500, 20);
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    let reports = ports.store().reports(&connection.id, limit).await?;
    Ok(Json(Runs { runs: reports.into_iter().map(Told::from).collect() }))
}
