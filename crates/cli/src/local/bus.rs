//! The system's event bus: hands each Run Requested to whoever carries runs out, and tells the log of everything else.
//!
//! Must not know: how a run is carried out.

use engine::ports::{Events, PortError};
use rules::events::Outbound;
use tracing::{info, warn};

use super::board::Board;

/// A bus within this process.
#[derive(Clone, Debug)]
pub(crate) struct LocalBus(Board);

impl LocalBus {
    /// A bus that puts the runs that are requested on `board`.
    pub(super) fn new(board: Board) -> Self {
        Self(board)
    }
}

impl Events for LocalBus {
    /// A run that nobody carries out, because this process only executes a command, is not lost: what is to be done stands
    /// in the connection's control item, or is found by the next tick.
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        for event in events {
            match event {
                Outbound::RunRequested(request) => self.0.ask(request.clone()),
                Outbound::RecordsRetried(event) => {
                    info!(connection = %event.connection, object = %event.object, batch = %event.batch,
                        records = event.results.len(), "records retried");
                }
                Outbound::RecordsTimedOut(event) => {
                    warn!(connection = %event.connection, records = event.records, "records timed out");
                }
                Outbound::BudgetSpent(event) => {
                    warn!(connection = %event.connection, used = event.used.0, cap = event.cap.0, "budget spent");
                }
                Outbound::PossibleOverwrite(event) => {
                    warn!(connection = %event.connection, object = %event.object, record = %event.external_id,
                        "possible overwrite: an older version may have followed a newer one; its source should send it again");
                }
                Outbound::ConnectionSuspended(event) => {
                    warn!(connection = %event.connection, cause = ?event.cause, "connection suspended");
                }
                Outbound::ConnectionResumed(event) => info!(connection = %event.connection, "connection resumed"),
            }
        }
        Ok(())
    }
}
