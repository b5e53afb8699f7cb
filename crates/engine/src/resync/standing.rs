//! How a request stands by the control item, where its runs note how far they have come.
//!
//! Must not know: why anybody asks.

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{ConnectionId, RequestId};
use rules::resync::{Request, RequestState};
use tracing::warn;

use crate::control::change;
use crate::parts::Ports;
use crate::ports::{Controls, Events, PortError, Requests};

/// How these requests of one connection stand, in their order: an open one with what its runs have noted so far. One that is gone
/// is left out.
pub(super) async fn standings<P: Ports>(
    ports: &P,
    connection: &ConnectionId,
    requests: Vec<Request>,
) -> Result<Vec<Request>, PortError> {
    let is_open = |request: &Request| request.state == RequestState::Open;
    if !requests.iter().any(is_open) {
        return Ok(requests);
    }
    let owed = ports.store().control(connection).await?.owed;
    // An end is written before the work is taken off what is owed.
    let ended = requests.iter().filter(|request| is_open(request) && owed.request(&request.id).is_none());
    let ended: Vec<RequestId> = ended.map(|request| request.id.clone()).collect();
    let mut anew = if ended.is_empty() { Vec::new() } else { ports.store().requests_named(connection, &ended).await? };
    let stands = |request: Request| match owed.request(&request.id).filter(|_| is_open(&request)) {
        Some(owed) => Some(Request { progress: owed.progress, ..request }),
        None if is_open(&request) => {
            let place = anew.iter().position(|known| known.id == request.id)?;
            Some(anew.swap_remove(place))
        }
        None => Some(request),
    };
    Ok(requests.into_iter().filter_map(stands).collect())
}

/// Takes a request off what is owed, if it is there.
pub(super) async fn strike<P: Ports>(ports: &P, connection: &ConnectionId, id: &RequestId) -> Result<(), PortError> {
    let struck = change(ports, connection, |control: Control| match control.owed.request(id) {
        Some(_) => Ok(Control { owed: control.owed.clone().without_request(id), ..control }),
        None => Err(()),
    });
    struck.await.map(drop)
}

/// Starts a run at once. Without it the next 20-minute tick does.
pub(super) async fn hint<P: Ports>(ports: &P, request: &Request) {
    let connection = request.connection.clone();
    let event = Outbound::RunRequested(RunRequested { connection, selection: request.selection() });
    if let Err(problem) = ports.events().publish(&[event]).await {
        warn!(connection = %request.connection, request = %request.id, %problem, "the next tick starts the resync");
    }
}
