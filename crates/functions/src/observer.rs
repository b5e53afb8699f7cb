//! The functions' handlers with an eye on what they do: each invocation leaves a line of metrics in the log, a run that put records
//! into the timeout queue publishes one digest of them, and one that spent its connection's budget says so.
//!
//! Must not know: what a report means to a person, how a line is read.

mod measures;
mod spent;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use engine::fan_out::Schedule;
use engine::overdue::overdue;
use engine::overview::{UsageNow, usage};
use engine::parts::Ports;
use engine::ports::{Clock, Events, PortError, Reports, RunReport};
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
        if let Some(digest) = seen.digest() {
            self.publish(
                Outbound::RecordsTimedOut(digest),
                "a digest of records that timed out could not be published",
            )
            .await;
        }
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
                self.tell_of_spent(connection.as_ref(), run, usage.as_ref()).await;
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

    async fn tell_of_spent(&self, connection: Option<&ConnectionId>, run: &RunReport, usage: Option<&UsageNow>) {
        let (Some(connection), Some(usage), true) = (connection, usage, spent::ended_so(run)) else { return };
        let latest = self.ports.store().reports(connection, spent::REPORTS).await;
        if spent::is_first(run, &or_said(latest, "how earlier runs ended")) {
            let event = Outbound::BudgetSpent(spent::event(connection.clone(), run, usage));
            self.publish(event, "that a budget is spent could not be published").await;
        }
    }

    /// Tells people. Nobody's work depends on it: the outcomes stand, and every one of them was published.
    async fn publish(&self, event: Outbound, lacking: &'static str) {
        if let Err(problem) = self.ports.events().publish(&[event]).await {
            error!(error = chain(&problem), "{lacking}");
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
