//! Clearing a suspension: a person says that its cause is gone.
//!
//! Must not know: who may say so.

use rules::control::Control;
use rules::events::{ConnectionResumed, Outbound};
use rules::ids::ConnectionId;
use rules::suspension::Suspension;

use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, Events, PortError};

/// What became of a wish to clear a suspension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// This one is cleared: the next run sends again. If the cause is still there, that suspends the connection anew.
    Cleared(Suspension),
    /// There was none.
    NotSuspended,
    /// There is no such connection.
    UnknownConnection,
}

/// Clears a connection's suspension, whoever holds the lease: a run that is under way finds it gone, and leaves one behind only
/// for a cause that it met itself.
///
/// # Errors
/// When the store or the bus fails; the suspension may then be cleared or not, and clearing it again does no harm.
pub async fn clear<P: Ports>(ports: &P, connection: &ConnectionId) -> Result<Cleared, PortError> {
    if ports.store().connection(connection).await?.is_none() {
        return Ok(Cleared::UnknownConnection);
    }
    let cleared = change(ports, connection, |control: Control| match control.suspension {
        Some(_) => Ok(Control { suspension: None, ..control }),
        None => Err(()),
    });
    let before = match cleared.await? {
        Changed::Done { before, .. } => before.suspension,
        Changed::Refused(()) => None,
    };
    let Some(suspension) = before else {
        return Ok(Cleared::NotSuspended);
    };
    let resumed = ConnectionResumed { connection: connection.clone(), at: ports.clock().now() };
    ports.events().publish(&[Outbound::ConnectionResumed(resumed)]).await?;
    Ok(Cleared::Cleared(suspension))
}
