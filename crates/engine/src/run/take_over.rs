//! Taking over: what a process does at its start when it knows that no other one is alive.
//!
//! Must not know: how it knows.

use rules::control::Control;
use rules::lease::Lease;
use tracing::{error, info};

use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, PortError};

/// Ends every lease that is not over yet, and gives how many there were. Their runs are dead, and the next tick recovers what
/// they left at once. Epochs and journal stay as they are: should one be alive all the same, the next run deposes it.
///
/// # Errors
/// When the store fails.
pub async fn take_over<P: Ports>(ports: &P) -> Result<usize, PortError> {
    let mut ended = 0;
    for connection in ports.store().connections().await? {
        let connection = match connection {
            Ok(connection) => connection.id,
            Err(problem) => {
                error!(%problem, "a connection is passed over");
                continue;
            }
        };
        let now = ports.clock().now();
        let live = |control: Control| match control.lease.clone() {
            Some(lease) if lease.until > now => Ok(Control { lease: Some(Lease { until: now, ..lease }), ..control }),
            Some(_) | None => Err(()),
        };
        if let Changed::Done { .. } = change(ports, &connection, live).await? {
            info!(%connection, "the lease of a run that is dead is ended");
            ended += 1;
        }
    }
    Ok(ended)
}
