//! The functions' handlers with an eye on what they do: each invocation leaves a line of metrics in the log, and a run that put
//! records into the timeout queue publishes one digest of them.
//!
//! Must not know: what a report means to a person, how a line is read.

mod measures;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use engine::fan_out::Schedule;
use engine::overdue::overdue;
use engine::overview::{UsageNow, usage};
use engine::parts::Ports;
use engine::ports::{Clock, Events, PortError};
use rules::events::{Outbound, RunRequested};
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde_json::Value;
use tracing::error;

use crate::config::BusName;
use crate::handlers::{self, HandlerError, RetryReport, Trigger};
use crate::metrics::Measured;
use crate::refusal::chain;
use crate::watched::{Seen, Watched};

/// The handlers of the functions, watched.
#[derive(Clone, Copy, Debug)]
pub struct Observer<'a, P> {
    ports: &'a P,
    bus: &'a BusName,
    print: fn(&str),
}

impl<'a, P: Ports> Observer<'a, P> {
    /// Handlers over these ports, whose lines of metrics go to `print`.
    pub fn new(ports: &'a P, bus: &'a BusName, print: fn(&str)) -> Self {
        Self { ports, bus, print }
    }

    /// As [`handlers::ingest`].
    ///
    /// # Errors
    /// As there.
    pub async fn ingest(&self, event: Value) -> Result<SqsBatchResponse, HandlerError> {
        let taken = handlers::take_in(self.ports, event).await?;
        self.tell(&measures::of_ingest(&taken));
        Ok(taken.response)
    }

    /// As [`handlers::retry`].
    ///
    /// # Errors
    /// As there.
    pub async fn retry(
        &self,
        schedule: Schedule,
        event: &Value,
        deadline: Timestamp,
    ) -> Result<RetryReport, HandlerError> {
        let watched = Watched::new(self.ports);
        let report = handlers::retry(&watched, schedule, event, deadline).await;
        self.after(&watched.seen(), report, Some(schedule), event).await
    }

    /// As [`handlers::retry_requested`].
    ///
    /// # Errors
    /// As there.
    pub async fn retry_requested(&self, event: &Value, deadline: Timestamp) -> Result<RetryReport, HandlerError> {
        let watched = Watched::new(self.ports);
        let report = handlers::retry_requested(&watched, event, deadline).await;
        self.after(&watched.seen(), report, None, event).await
    }

    /// What is seen counts even when the invocation failed in the end: it happened.
    async fn after(
        &self,
        seen: &Seen,
        report: Result<RetryReport, HandlerError>,
        schedule: Option<Schedule>,
        event: &Value,
    ) -> Result<RetryReport, HandlerError> {
        self.publish_digest(seen).await;
        let report = match report {
            Ok(report) => report,
            Err(problem) => {
                self.tell(&measures::of_seen(seen, false));
                return Err(problem);
            }
        };
        let measured = match &report {
            RetryReport::FannedOut { tick, started, .. } => {
                let late = overdue(self.ports, started, *tick).await;
                measures::of_fan_out(schedule, &report, &or_said(late, "what is overdue"))
            }
            RetryReport::Ran { report: run } => {
                let connection = connection_of(event);
                let usage = self.usage(connection.as_ref()).await;
                measures::of_run(connection.as_ref(), run, seen, usage.as_ref())
            }
            RetryReport::Busy { .. } | RetryReport::UnknownConnection => Measured::default(),
        };
        self.tell(&measured);
        Ok(report)
    }

    async fn usage(&self, connection: Option<&ConnectionId>) -> Option<UsageNow> {
        let used = usage(self.ports, connection?).await;
        or_said(used, "what is used of the budget")
    }

    /// Nobody's work depends on it: the outcomes stand, and every one of them was published.
    async fn publish_digest(&self, seen: &Seen) {
        let Some(digest) = seen.digest() else { return };
        if let Err(problem) = self.ports.events().publish(&[Outbound::RecordsTimedOut(digest)]).await {
            error!(error = chain(&problem), "a digest of records that timed out could not be published");
        }
    }

    fn tell(&self, measured: &Measured) {
        if let Some(line) = measured.line(self.bus, self.ports.clock().now()) {
            (self.print)(&line);
        }
    }
}

/// A measure that cannot be taken is said in the log, and fails nothing.
fn or_said<T: Default>(measured: Result<T, PortError>, lacking: &str) -> T {
    measured.unwrap_or_else(|problem| {
        error!(error = chain(&problem), lacking, "a measure could not be taken");
        T::default()
    })
}

fn connection_of(event: &Value) -> Option<ConnectionId> {
    match Trigger::read(event) {
        Ok(Trigger::Run(RunRequested { connection, .. })) => Some(connection),
        Ok(Trigger::Tick(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
