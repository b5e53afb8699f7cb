//! Overdue: which connections have records that were due long ago, although runs of them are started. It is how falling behind
//! shows, before anybody asks.
//!
//! Must not know: why they fall behind, or who is told.

use std::time::Duration;

use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::schedule::TICK;
use rules::time::Timestamp;

use crate::parts::Ports;
use crate::ports::{Connections, DueRecords, PortError, Queue};

/// How long a due record may wait while its connection is run: two ticks.
pub const PATIENCE: Duration = TICK.saturating_mul(2);

/// Those of `started` that have records which were due more than [`PATIENCE`] before `tick`. Connections whose gates are closed
/// are not among those that were started: what keeps them is told apart.
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
        if is_due(selection) && is_late(ports, connection, tick - PATIENCE - Duration::from_millis(1)).await? {
            late.push(connection.clone());
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

async fn is_late<P: Ports>(ports: &P, id: &ConnectionId, horizon: Timestamp) -> Result<bool, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(false);
    };
    let mut after = None;
    loop {
        let page = ports.store().due(id, Queue::Interval, horizon, connection.shards, after.as_ref(), 1).await?;
        match page.next {
            _ if !page.keys.is_empty() => return Ok(true),
            None => return Ok(false),
            next => after = next,
        }
    }
}
