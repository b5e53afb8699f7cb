//! What a person lets go on goes on at once: when a change opens the last gate that was closed, a run is asked for, as a forced
//! resync asks for its own.
//!
//! Must not know: which change it was. Without the event the next 20-minute tick does the same work.

use rules::connection::Connection;
use rules::events::{Outbound, RunRequested};
use rules::owed::Selection;
use rules::policy::Policy;
use rules::schedule::TICK;
use tracing::warn;

use crate::parts::Ports;
use crate::ports::{Clock, ErrorTypes, Events, Facts, PortError, Standings};
use crate::run::closed_gates;

/// After settings were changed: asks for a run if the old ones kept records back and the new ones do not.
/// `facts` are those of just before.
pub(super) async fn after_change<P: Ports>(ports: &P, before: &Connection, after: &Connection, facts: &Facts) {
    if let Err(problem) = start_if_opened(ports, Some(before), after, facts).await {
        warn!(connection = %after.id, %problem, "the next tick goes on with what waits");
    }
}

/// After a suspension was cleared.
pub(super) async fn after_clearing<P: Ports>(ports: &P, connection: &Connection) {
    let started = match ports.store().facts(&connection.id).await {
        Ok(facts) => start_if_opened(ports, None, connection, &facts).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = started {
        warn!(connection = %connection.id, %problem, "the next tick goes on with what waits");
    }
}

async fn start_if_opened<P: Ports>(
    ports: &P,
    before: Option<&Connection>,
    after: &Connection,
    Facts { control, usage }: &Facts,
) -> Result<(), PortError> {
    let now = ports.clock().now();
    let is_open = |connection: &Connection| closed_gates(connection, control, usage, now).is_empty();
    if before.is_some_and(is_open) || !is_open(after) {
        return Ok(());
    }
    // The tick that has passed: what it would have tried, had the gate been open, and nothing that it did try.
    let tick = now.floor(TICK);
    let scheduled = matches!(after.policy, Policy::Interval(_)) && fails(ports, after).await?;
    let selection = match (scheduled, control.owed.ready(now)) {
        (true, _) => Selection::Due { tick },
        (false, true) => Selection::Owed { tick: now },
        (false, false) => return Ok(()),
    };
    let requested = RunRequested { connection: after.id.clone(), selection };
    ports.events().publish(&[Outbound::RunRequested(requested)]).await
}

/// Whether any record fails, as the totals say: where they are wrong the next tick comes by all the same.
async fn fails<P: Ports>(ports: &P, connection: &Connection) -> Result<bool, PortError> {
    Ok(!ports.store().totals(&connection.id).await?.records.is_empty())
}
