//! Carries out the runs on the board, by the handler that carries them out in the cloud.
//!
//! Must not know: what a run does, or why it was asked for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::fan_out::Schedule;
use engine::parts::Ports;
use engine::ports::Clock;
use functions::handlers::{RetryReport, retry_until};
use rules::events::RunRequested;
use serde_json::json;
use tokio::task::JoinSet;
use tracing::error;

use super::board::{Board, Ended};
use super::stop::Stop;

/// How long a run may take before it hands on what is left, as deployed.
const INVOCATION: Duration = Duration::from_mins(15);

/// Carries out whatever comes onto the board, until it is asked to stop; returns when what is under way has ended.
pub(super) async fn carry_out<P: Ports + 'static>(ports: Arc<P>, board: Board, stop: Stop) {
    let mut changes = board.changes();
    let mut under_way = JoinSet::new();
    while !stop.halt().is_stopped() {
        while let Some(request) = board.next() {
            under_way.spawn(one(Arc::clone(&ports), board.clone(), stop.clone(), request));
        }
        tokio::select! {
            () = stop.asked() => {}
            Some(_) = under_way.join_next() => {}
            told = changes.changed() => if told.is_err() { break },
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Notes its end on the board, whatever the end is.
struct Noted {
    board: Board,
    request: RunRequested,
    ended: Ended,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.board.end(&self.request, self.ended);
    }
}

async fn one<P: Ports>(ports: Arc<P>, board: Board, stop: Stop, request: RunRequested) {
    // A run that panics has failed.
    let mut noted = Noted { board, request, ended: Ended::Failed };
    match run(ports.as_ref(), &stop, &noted.request).await {
        Ok(_) => noted.ended = Ended::InOrder,
        Err(problem) => {
            error!(connection = %noted.request.connection, error = format!("{problem:#}"),
                "a run failed; nothing is lost, a later one goes on");
        }
    }
}

async fn run<P: Ports>(ports: &P, stop: &Stop, request: &RunRequested) -> anyhow::Result<RetryReport> {
    let now = ports.clock().now();
    let event = json!({ "source": "resync", "detail-type": "Run Requested", "time": now, "detail": request });
    // The schedule matters to a tick only.
    let ran = retry_until(ports, Schedule::Due, &event, now + INVOCATION, stop.halt());
    Box::pin(ran).await.context("carrying out a run")
}
