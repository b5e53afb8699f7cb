//! Forced resyncs: accepting what a person asks to be tried at once, following it, and cancelling it. The runs work it off.
//!
//! Must not know: who may ask, how a run tries records.
//!
//! A request is kept and noted in the control item as owed with one write, then hinted at by an event; without the hint the next
//! tick begins it.

mod accept;
mod cancel;
mod standing;

pub use accept::{Accepted, NewRequest};
pub(crate) use accept::{accept_new, known_again};
pub use cancel::Cancelled;
pub(crate) use cancel::{cancel_known, progress};

use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use crate::parts::Ports;
use crate::ports::{PortError, Requests};
use standing::standings;

/// How a request stands; an open one with what its runs have noted so far. It changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn status<P: Ports>(
    ports: &P,
    connection: &ConnectionId,
    id: &RequestId,
) -> Result<Option<Request>, PortError> {
    match ports.store().request(connection, id).await? {
        Some(request) => Ok(standings(ports, connection, vec![request]).await?.pop()),
        None => Ok(None),
    }
}

/// The latest requests of a connection, newest first, at most `limit`. It changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn list<P: Ports>(ports: &P, connection: &ConnectionId, limit: usize) -> Result<Vec<Request>, PortError> {
    let requests = ports.store().requests(connection, limit).await?;
    standings(ports, connection, requests).await
}
