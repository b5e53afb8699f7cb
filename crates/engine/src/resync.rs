//! Forced resyncs: accepting what a person asks to be tried at once, following it, and cancelling it. The runs work it off.
//!
//! Must not know: who may ask, how a run tries records.
//!
//! A request is kept first, then noted in the control item as owed, then hinted at by an event; each step may be repeated. One
//! that was kept and never noted, because its caller died in between, is noted by whoever looks at it next.

mod accept;
mod cancel;
mod standing;

pub use accept::{Accepted, NewRequest, accept};
pub use cancel::{Cancelled, cancel};

use rules::ids::{ConnectionId, RequestId};
use rules::resync::{Request, RequestState};

use crate::parts::Ports;
use crate::ports::{Controls, PortError, Requests};
use standing::{Standing, standing};

/// How a request stands; an open one with what its runs have noted so far.
///
/// # Errors
/// When the store fails.
pub async fn status<P: Ports>(
    ports: &P,
    connection: &ConnectionId,
    id: &RequestId,
) -> Result<Option<Request>, PortError> {
    match ports.store().request(connection, id).await? {
        Some(request) => Ok(standing(ports, request).await?.map(Standing::request)),
        None => Ok(None),
    }
}

/// The latest requests of a connection, newest first, at most `limit`.
///
/// # Errors
/// When the store fails.
pub async fn list<P: Ports>(ports: &P, connection: &ConnectionId, limit: usize) -> Result<Vec<Request>, PortError> {
    let requests = ports.store().requests(connection, limit).await?;
    let control = ports.store().control(connection).await?;
    let mut standings = Vec::new();
    for request in requests {
        match control.owed.request(&request.id).filter(|_| request.state == RequestState::Open) {
            Some(owed) => standings.push(Request { progress: owed.progress, ..request }),
            None => standings.extend(standing(ports, request).await?.map(Standing::request)),
        }
    }
    Ok(standings)
}
