//! Forced resyncs: accepting what a person asks to be tried at once, following it, and cancelling it. The runs work it off.
//!
//! Must not know: who may ask, how a run tries records.
//!
//! A request is kept first, then noted in the control item as owed, then hinted at by an event; each step may be repeated. One
//! that was kept and never noted, because its caller died in between, is noted by whoever looks at it next.

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{ConnectionId, RequestId};
use rules::owed::Forced;
use rules::resync::{MOST_OPEN, Progress, Request, RequestState, Wanted};
use tracing::warn;

use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, Controls, Events, KeptRequest, PortError, Requests};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// The connection.
    pub connection: ConnectionId,
    /// The caller's own name for it; the same one again is the same request.
    pub id: RequestId,
    /// What is to be tried.
    pub wanted: Wanted,
    /// Who asks.
    pub requested_by: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is accepted.
    New(Request),
    /// It was accepted before; this is how it stands.
    Known(Request),
    /// Another request has this id: it wants something else.
    Conflict,
    /// There is no such connection.
    UnknownConnection,
    /// As many are open as may be.
    TooMany,
}

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

/// Accepts a request.
///
/// # Errors
/// When the store fails. The request may then be accepted or not; the same one again finds out, or goes on.
pub async fn accept<P: Ports>(ports: &P, new: NewRequest) -> Result<Accepted, PortError> {
    let store = ports.store();
    if store.connection(&new.connection).await?.is_none() {
        return Ok(Accepted::UnknownConnection);
    }
    if let Some(known) = store.request(&new.connection, &new.id).await? {
        return known_again(ports, known, &new.wanted).await;
    }
    if store.control(&new.connection).await?.owed.forced.len() >= MOST_OPEN {
        return Ok(Accepted::TooMany);
    }
    let NewRequest { connection, id, wanted, requested_by } = new;
    let (as_of, state, progress) = (ports.clock().now(), RequestState::Open, Progress::default());
    let request = Request { id, connection, wanted, as_of, requested_by, state, progress, ended: None };
    if let KeptRequest::Known(known) = store.keep_request(&request).await? {
        return known_again(ports, *known, &request.wanted).await;
    }
    if !note(ports, &request).await? {
        store.end_request(&Request { state: RequestState::Cancelled, ended: Some(as_of), ..request }).await?;
        return Ok(Accepted::TooMany);
    }
    hint(ports, &request).await;
    Ok(Accepted::New(request))
}

async fn known_again<P: Ports>(ports: &P, known: Request, wanted: &Wanted) -> Result<Accepted, PortError> {
    if known.wanted != *wanted {
        return Ok(Accepted::Conflict);
    }
    let known = standing(ports, known).await?;
    if known.state == RequestState::Open {
        hint(ports, &known).await;
    }
    Ok(Accepted::Known(known))
}

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
        Some(request) => standing(ports, request).await.map(Some),
        None => Ok(None),
    }
}

/// The latest requests of a connection, newest first, at most `limit`.
///
/// # Errors
/// When the store fails.
pub async fn list<P: Ports>(ports: &P, connection: &ConnectionId, limit: usize) -> Result<Vec<Request>, PortError> {
    let mut standings = Vec::new();
    for request in ports.store().requests(connection, limit).await? {
        standings.push(standing(ports, request).await?);
    }
    Ok(standings)
}

/// Cancels a request: what was not tried by now is not tried for its sake.
///
/// # Errors
/// When the store fails. The request may then be cancelled or not; cancelling it again finds out, or goes on.
pub async fn cancel<P: Ports>(ports: &P, connection: &ConnectionId, id: &RequestId) -> Result<Cancelled, PortError> {
    let Some(known) = status(ports, connection, id).await? else {
        return Ok(Cancelled::Unknown);
    };
    let open = known.state == RequestState::Open;
    let ended = if open {
        let cancelled = Request { state: RequestState::Cancelled, ended: Some(ports.clock().now()), ..known };
        ports.store().end_request(&cancelled).await?;
        cancelled
    } else {
        known
    };
    // Also of one that had ended: whoever ended it may have died before this.
    change(ports, connection, |control: Control| match control.owed.request(id) {
        Some(_) => Ok(Control { owed: control.owed.clone().without_request(id), ..control }),
        None => Err(()),
    })
    .await?;
    Ok(if open { Cancelled::Cancelled(ended) } else { Cancelled::Ended(ended) })
}

/// How a request stands by the control item.
async fn standing<P: Ports>(ports: &P, request: Request) -> Result<Request, PortError> {
    if request.state != RequestState::Open {
        return Ok(request);
    }
    let store = ports.store();
    if let Some(owed) = store.control(&request.connection).await?.owed.request(&request.id) {
        return Ok(Request { progress: owed.progress, ..request });
    }
    // It ended meanwhile, or was never noted. An end is written before the work is taken off what is owed.
    let known = store.request(&request.connection, &request.id).await?.unwrap_or(request);
    if known.state == RequestState::Open && note(ports, &known).await? {
        hint(ports, &known).await;
    }
    Ok(known)
}

/// Notes a request as owed, whoever holds the lease; false when too many are open.
async fn note<P: Ports>(ports: &P, request: &Request) -> Result<bool, PortError> {
    let noted = change(ports, &request.connection, |control: Control| {
        if control.owed.request(&request.id).is_some() {
            return Err(true);
        }
        let accepted = Forced::accepted(request, control.epoch);
        match control.owed.clone().with_request(accepted) {
            Some(owed) => Ok(Control { owed, ..control }),
            None => Err(false),
        }
    });
    Ok(match noted.await? {
        Changed::Done(_) => true,
        Changed::Refused(known) => known,
    })
}

/// Starts a run at once. Without it the next 20-minute tick does.
async fn hint<P: Ports>(ports: &P, request: &Request) {
    let connection = request.connection.clone();
    let event = Outbound::RunRequested(RunRequested { connection, selection: request.selection() });
    if let Err(problem) = ports.events().publish(&[event]).await {
        warn!(connection = %request.connection, request = %request.id, %problem, "the next tick starts the resync");
    }
}
