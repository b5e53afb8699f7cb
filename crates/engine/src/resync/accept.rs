//! Accepting a request: kept, noted as owed, and hinted at; each step may be repeated.
//!
//! Must not know: who may ask, how a run works it off.

use rules::ids::{ConnectionId, RequestId};
use rules::resync::{Action, MOST_OPEN, Planned, Progress, Request, RequestState, Wanted};
use rules::time::Timestamp;

use super::standing::{Standing, hint, note, standing, strike};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, Controls, KeptRequest, PortError, Requests, Saved};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// The connection.
    pub connection: ConnectionId,
    /// The caller's own name for it; the same one again is the same request.
    pub id: RequestId,
    /// What is to be done.
    pub action: Action,
    /// With which records.
    pub wanted: Wanted,
    /// The plan that this carries out, and the instant that it speaks of; without one that is when it is accepted.
    pub planned: Option<(Timestamp, Planned)>,
    /// Who asks.
    pub requested_by: String,
}

impl NewRequest {
    fn accepted(self, now: Timestamp) -> Request {
        let NewRequest { connection, id, action, wanted, planned, requested_by } = self;
        Request {
            id,
            connection,
            action,
            wanted,
            as_of: planned.map_or(now, |(as_of, _)| as_of),
            requested_by,
            state: RequestState::Open,
            planned: planned.map(|(_, plan)| plan),
            progress: Progress::default(),
            ended: None,
        }
    }

    fn is(&self, known: &Request) -> bool {
        let same_plan = match (self.planned, known.planned) {
            (Some((as_of, _)), Some(_)) => as_of == known.as_of,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_plan && self.action == known.action && self.wanted == known.wanted
    }
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
        return known_again(ports, known, &new).await;
    }
    if store.control(&new.connection).await?.owed.forced.len() >= MOST_OPEN {
        return Ok(Accepted::TooMany);
    }
    let request = new.clone().accepted(ports.clock().now());
    if let KeptRequest::Known(known) = store.keep_request(&request).await? {
        return known_again(ports, *known, &new).await;
    }
    if !note(ports, &request).await? {
        return withdraw(ports, &request, Accepted::TooMany).await;
    }
    // Noted first: a deletion of the connection under way sees the note, or that the connection is to be kept.
    if !store.keep_connection(&request.connection).await? {
        return withdraw(ports, &request, Accepted::UnknownConnection).await;
    }
    hint(ports, &request).await;
    Ok(Accepted::New(request))
}

/// It lost the race for the last place, or its connection: it must not be in the way of the same one, asked for again.
async fn withdraw<P: Ports>(ports: &P, request: &Request, why: Accepted) -> Result<Accepted, PortError> {
    match ports.store().withdraw_request(request).await? {
        // A run has carried it out meanwhile, or a person has cancelled it.
        Saved::Conflict(Some(current)) => Ok(Accepted::Known(current)),
        Saved::Done | Saved::Conflict(None) => {
            strike(ports, &request.connection, &request.id).await?;
            Ok(why)
        }
    }
}

async fn known_again<P: Ports>(ports: &P, known: Request, new: &NewRequest) -> Result<Accepted, PortError> {
    if !new.is(&known) {
        return Ok(Accepted::Conflict);
    }
    let Some(known) = standing(ports, known).await? else {
        return Ok(Accepted::TooMany);
    };
    match known {
        Standing::Owed(known) => {
            hint(ports, &known).await;
            Ok(Accepted::Known(known))
        }
        Standing::Ended(known) => Ok(Accepted::Known(known)),
        Standing::NoRoom(_) => Ok(Accepted::TooMany),
    }
}
