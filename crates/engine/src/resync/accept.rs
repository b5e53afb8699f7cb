//! Accepting a request: kept, owed and audited with one write, then hinted at.
//!
//! Must not know: who may ask, how a run works it off.

use rules::control::Control;
use rules::ids::{ConnectionId, RequestId};
use rules::owed::Forced;
use rules::resync::{Action, Planned, Progress, Request, RequestState, Wanted};
use rules::time::Timestamp;

use super::cancel::cancel_known;
use super::standing::{hint, standings};
use crate::parts::Ports;
use crate::ports::{AuditEntry, Clock, Connections, Controls, Entropy, KeptRequest, PortError, Requests};

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

/// How often a control item that others keep writing is read anew.
const RACES: usize = 16;

/// Accepts a request of whose name none was known a moment ago, for a connection that was there then: one write keeps it, owes
/// it and tells the audit.
pub(crate) async fn accept_new<P: Ports>(
    ports: &P,
    new: NewRequest,
    audit: &AuditEntry,
) -> Result<Accepted, PortError> {
    let store = ports.store();
    let request = new.clone().accepted(ports.clock().now());
    let mut control = store.control(&new.connection).await?;
    for _ in 0..RACES {
        let Some(owed) = control.owed.clone().with_request(Forced::accepted(&request, control.epoch)) else {
            // Somebody else may have taken the last place for the very same request.
            return match store.request(&new.connection, &new.id).await? {
                Some(known) => known_again(ports, known, &new).await,
                None => Ok(Accepted::TooMany),
            };
        };
        let owing = Control { owed, revision: ports.entropy().number(), ..control.clone() };
        match store.keep_request(&request, &owing, control.revision, audit).await? {
            // A deletion of the connection under way sees what is owed by now, or that the connection is to be kept.
            KeptRequest::New if !store.keep_connection(&new.connection).await? => {
                let progress = request.progress;
                cancel_known(ports, request, progress).await?;
                return Ok(Accepted::UnknownConnection);
            }
            KeptRequest::New => {
                hint(ports, &request).await;
                return Ok(Accepted::New(request));
            }
            KeptRequest::Known(known) => return known_again(ports, *known, &new).await,
            KeptRequest::Overtaken(current) => control = *current,
        }
    }
    Err(PortError::unavailable("accepting a request", "the control item was written by others all the time"))
}

/// What is answered to one whose name is known.
pub(crate) async fn known_again<P: Ports>(ports: &P, known: Request, new: &NewRequest) -> Result<Accepted, PortError> {
    if !new.is(&known) {
        return Ok(Accepted::Conflict);
    }
    let id = known.id.clone();
    let Some(known) = standings(ports, &new.connection, vec![known]).await?.pop() else {
        return Err(PortError::unavailable("accepting a request", format!("the request {id} is gone")));
    };
    if known.state == RequestState::Open {
        hint(ports, &known).await;
    }
    Ok(Accepted::Known(known))
}
