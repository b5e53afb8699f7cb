//! Cancelling a request, whoever else writes it meanwhile.
//!
//! Must not know: who may ask, how a run works it off.

use rules::ids::{ConnectionId, RequestId};
use rules::resync::{Request, RequestState};

use super::standing::strike;
use crate::parts::Ports;
use crate::ports::{Clock, Controls, PortError, Requests, Saved};

/// How often a request that others keep writing is read anew.
const RACES: usize = 8;

/// What became of a wish to cancel a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is cancelled. A run under way stops working at it within its next few calls.
    Cancelled(Request),
    /// It had ended before, as this says.
    Ended(Request),
    /// There is no such request.
    Unknown,
}

/// Cancels a request: what was not done by now is not done for its sake.
///
/// # Errors
/// When the store fails. The request may then be cancelled or not; cancelling it again finds out, or goes on.
pub async fn cancel<P: Ports>(ports: &P, connection: &ConnectionId, id: &RequestId) -> Result<Cancelled, PortError> {
    let store = ports.store();
    let mut known = store.request(connection, id).await?;
    for _ in 0..RACES {
        let Some(request) = known else { return Ok(Cancelled::Unknown) };
        if request.state != RequestState::Open {
            // Whoever ended it may have died before this.
            strike(ports, connection, id).await?;
            return Ok(Cancelled::Ended(request));
        }
        let owed = store.control(connection).await?.owed;
        let progress = owed.request(id).map_or(request.progress, |owed| owed.progress);
        let ended = Some(ports.clock().now());
        let cancelled = Request { state: RequestState::Cancelled, progress, ended, ..request.clone() };
        match store.change_request(&request, &cancelled).await? {
            Saved::Done => {
                strike(ports, connection, id).await?;
                return Ok(Cancelled::Cancelled(cancelled));
            }
            Saved::Conflict(current) => known = current,
        }
    }
    Err(PortError::unavailable("cancelling a request", "it was written by others all the time"))
}
