//! Cancelling a request, whoever else writes it meanwhile.
//!
//! Must not know: who may ask, how a run works it off.

use rules::resync::{Progress, Request, RequestState};

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

/// How far the runs have come with it, as they noted it last.
pub(crate) async fn progress<P: Ports>(ports: &P, request: &Request) -> Result<Progress, PortError> {
    let owed = ports.store().control(&request.connection).await?.owed;
    Ok(owed.request(&request.id).map_or(request.progress, |owed| owed.progress))
}

/// Cancels a request that was read, with which the runs had come so far by then: what was not done by now is not done for its sake.
pub(crate) async fn cancel_known<P: Ports>(
    ports: &P,
    mut known: Request,
    mut progress_by_then: Progress,
) -> Result<Cancelled, PortError> {
    let store = ports.store();
    let (connection, id) = (known.connection.clone(), known.id.clone());
    for _ in 0..RACES {
        if known.state != RequestState::Open {
            // Whoever ended it may have died before this.
            strike(ports, &connection, &id).await?;
            return Ok(Cancelled::Ended(known));
        }
        let ended = Some(ports.clock().now());
        let cancelled = Request { state: RequestState::Cancelled, progress: progress_by_then, ended, ..known.clone() };
        match store.change_request(&known, &cancelled).await? {
            Saved::Done => {
                strike(ports, &connection, &id).await?;
                return Ok(Cancelled::Cancelled(cancelled));
            }
            Saved::Conflict(None) => return Ok(Cancelled::Unknown),
            Saved::Conflict(Some(current)) => {
                progress_by_then = progress(ports, &current).await?;
                known = current;
            }
        }
    }
    Err(PortError::unavailable("cancelling a request", "it was written by others all the time"))
}
