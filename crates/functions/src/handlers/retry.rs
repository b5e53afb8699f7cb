//! The retry functions: a tick is fanned out into one run per connection, and a requested run is carried out.
//!
//! Must not know: which function was invoked, beyond its schedule; any of them runs any selection.

use engine::fan_out::{Schedule, fan_out};
use engine::parts::Ports;
use engine::recount::{Recount, recount};
use engine::run::{Halt, Order, run};
use rules::events::RunRequested;
use rules::time::Timestamp;
use serde_json::Value;
use tracing::{info, warn};

use super::error::HandlerError;
use super::report::RetryReport;
use super::trigger::Trigger;

/// Does what `event` asks for. `deadline` is when the invocation is ended from outside.
///
/// # Errors
/// When the event starts nothing, or a port failed past its own patience.
pub async fn retry<P: Ports>(
    ports: &P,
    schedule: Schedule,
    event: &Value,
    deadline: Timestamp,
) -> Result<RetryReport, HandlerError> {
    retry_until(ports, schedule, event, deadline, &Halt::default()).await
}

/// The same, for a process that may have to end sooner: `halt` stops the run when what is in flight has landed.
///
/// # Errors
/// As [`retry`].
pub async fn retry_until<P: Ports>(
    ports: &P,
    schedule: Schedule,
    event: &Value,
    deadline: Timestamp,
    halt: &Halt,
) -> Result<RetryReport, HandlerError> {
    match Trigger::read(event).map_err(HandlerError::NotATrigger)? {
        Trigger::Tick(tick) => {
            let fanned = Box::pin(fan_out(ports, schedule, tick)).await?;
            Ok(RetryReport::of_fan_out(tick, fanned, recount_at_night(ports, schedule, deadline, halt).await))
        }
        Trigger::Run(requested) => run_one(ports, requested, deadline, halt.clone()).await,
    }
}

/// Does what `event` asks for, in the function that has no schedule: it carries out requested runs only.
///
/// # Errors
/// When the event is no Run Requested, or a port failed past its own patience.
pub async fn retry_requested<P: Ports>(
    ports: &P,
    event: &Value,
    deadline: Timestamp,
) -> Result<RetryReport, HandlerError> {
    match Trigger::read(event).map_err(HandlerError::NotATrigger)? {
        Trigger::Tick(_) => Err(HandlerError::NoSchedule),
        Trigger::Run(requested) => run_one(ports, requested, deadline, Halt::default()).await,
    }
}

/// Once a night, after all runs were asked for: it delays none of them.
async fn recount_at_night<P: Ports>(
    ports: &P,
    schedule: Schedule,
    deadline: Timestamp,
    halt: &Halt,
) -> Option<Recount> {
    match schedule {
        Schedule::TimedOut => Some(Box::pin(recount(ports, deadline, halt)).await),
        Schedule::Due | Schedule::Recent => None,
    }
}

async fn run_one<P: Ports>(
    ports: &P,
    requested: RunRequested,
    deadline: Timestamp,
    halt: Halt,
) -> Result<RetryReport, HandlerError> {
    let RunRequested { connection, selection } = requested;
    let order = Order { connection, selection, deadline, halt };
    let report = RetryReport::of_run(Box::pin(run(ports, &order)).await?);
    match &report {
        RetryReport::Busy { until } => info!(connection = %order.connection, %until, "another run is under way"),
        RetryReport::UnknownConnection => warn!(connection = %order.connection, "there is no such connection"),
        RetryReport::Ran { .. } | RetryReport::FannedOut { .. } => {}
    }
    Ok(report)
}
