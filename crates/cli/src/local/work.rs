//! What is done at a tick: the schedules' fan-out by the handler that does it in the cloud, and the removal of what is kept
//! no longer.
//!
//! Must not know: when a tick comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::fan_out::Schedule;
use engine::parts::Ports;
use engine::ports::{Clock, Connections, PortError};
use engine::retention;
use functions::handlers::{RetryReport, retry_until, scheduled_event};
use rules::connection::Connection;
use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use store::local::Embedded;
use tracing::{error, info};

use super::board::Board;
use super::cleaning::Cleaning;
use super::scheduler::Work;
use super::stop::Stop;
use super::system::LocalParts;
use super::ticks::Job;

/// How long a fan-out may take, with what is counted after it: as long as in the cloud.
const INVOCATION: Duration = Duration::from_mins(15);

/// Does what the jobs ask for.
pub(super) struct LocalWork {
    pub(super) parts: Arc<LocalParts>,
    pub(super) table: Embedded,
    pub(super) cleaning: Cleaning,
    pub(super) board: Board,
    pub(super) stop: Stop,
}

impl Work for LocalWork {
    async fn carry_out(&self, job: Job, tick: Timestamp) -> bool {
        let done = match job.schedule() {
            Some(schedule) => self.fan_out(schedule, tick).await,
            None => self.keep_house().await,
        };
        done.unwrap_or_else(|problem| {
            error!(?job, %tick, error = format!("{problem:#}"), "a tick failed; it is carried out again in some minutes");
            false
        })
    }
}

impl LocalWork {
    /// Starts the runs of a tick and waits for their ends; tells whether none failed.
    async fn fan_out(&self, schedule: Schedule, tick: Timestamp) -> anyhow::Result<bool> {
        let before = self.board.failures();
        let event = scheduled_event(schedule, tick);
        let deadline = self.parts.clock().now() + INVOCATION;
        let fanned = retry_until(self.parts.as_ref(), schedule, &event, deadline, self.stop.halt());
        let started = match Box::pin(fanned).await.context("looking for work")? {
            RetryReport::FannedOut { started, .. } => started,
            RetryReport::Ran { .. } | RetryReport::Busy { .. } | RetryReport::UnknownConnection => Vec::new(),
        };
        self.board.ended(&started).await;
        Ok(!some_failed(&started, &before, &self.board.failures()))
    }

    /// Removes what is kept no longer, of every connection that can be read; tells whether all of it went.
    async fn keep_house(&self) -> anyhow::Result<bool> {
        let expired = self.table.sweep_expired().await.context("removing what has expired")?;
        let (now, mut payloads, mut in_order) = (self.parts.clock().now(), 0, true);
        for connection in self.parts.store().connections().await.context("reading the connections")? {
            match self.drop_payloads(connection, now).await {
                Ok(dropped) => payloads += dropped,
                Err(problem) => {
                    let error = format!("{problem:#}");
                    error!(error, "payloads that are kept no longer could not be removed");
                    in_order = false;
                }
            }
        }
        self.cleaning.settle().await?;
        info!(expired, payloads, "what is kept no longer is removed");
        Ok(in_order)
    }

    async fn drop_payloads(&self, of: Result<Connection, PortError>, now: Timestamp) -> anyhow::Result<u64> {
        let id = of?.id;
        let deleting = self.cleaning.owe().await.context("noting that the database's file is to be rewritten")?;
        let dropped = retention::apply(self.parts.as_ref(), &id, now).await?.records;
        if dropped == 0 {
            deleting.nothing();
        }
        Ok(dropped)
    }
}

fn some_failed(
    started: &[RunRequested],
    before: &BTreeMap<ConnectionId, u64>,
    after: &BTreeMap<ConnectionId, u64>,
) -> bool {
    started.iter().any(|run| before.get(&run.connection) != after.get(&run.connection))
}
