//! Overdue: which connections have records that were due long ago, although runs of them are started and may send. It is how
//! falling behind shows, before anybody asks.
//!
//! Must not know: why they fall behind, or who is told.

use std::time::Duration;

use rules::connection::Connection;
use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::schedule::TICK;
use rules::time::Timestamp;

use crate::parts::Ports;
use crate::ports::{Clock, Connections, Controls, DueRecords, PortError, Queue, UsageReports};
use crate::run::closed_gates;

/// How long a due record may wait while its connection is run: two ticks.
pub const PATIENCE: Duration = TICK.saturating_mul(2);

/// Those of `started` that have records which were due more than [`PATIENCE`] before `tick`. A run may be started to probe a
/// suspension or to delete only, while nothing may be sent: what keeps such a connection is told apart, and it is not behind.
///
/// # Errors
/// When the store fails.
pub async fn overdue<P: Ports>(
    ports: &P,
    started: &[RunRequested],
    tick: Timestamp,
) -> Result<Vec<ConnectionId>, PortError> {
    let mut late = Vec::new();
    for RunRequested { connection, selection } in started {
        if !is_due(selection) {
            continue;
        }
        let Some(connection) = ports.store().connection(connection).await? else { continue };
        let horizon = tick - PATIENCE - Duration::from_millis(1);
        if is_late(ports, &connection, horizon).await? && may_send(ports, &connection).await? {
            late.push(connection.id);
        }
    }
    Ok(late)
}

fn is_due(selection: &Selection) -> bool {
    match selection {
        Selection::Due { .. } => true,
        Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Forced { .. } | Selection::Owed { .. } => {
            false
        }
    }
}

async fn may_send<P: Ports>(ports: &P, connection: &Connection) -> Result<bool, PortError> {
    let control = ports.store().control(&connection.id).await?;
    let usage = ports.store().usage(&connection.id).await?;
    Ok(closed_gates(connection, &control, &usage, ports.clock().now()).is_empty())
}

async fn is_late<P: Ports>(ports: &P, connection: &Connection, horizon: Timestamp) -> Result<bool, PortError> {
    let mut after = None;
    loop {
        let page =
            ports.store().due(&connection.id, Queue::Interval, horizon, connection.shards, after.as_ref(), 1).await?;
        match page.next {
            _ if !page.keys.is_empty() => return Ok(true),
            None => return Ok(false),
            next => after = next,
        }
    }
}
