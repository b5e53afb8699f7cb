//! How a request stands by the control item, where its runs note how far they have come.
//!
//! Must not know: why anybody asks.

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{ConnectionId, RequestId};
use rules::owed::Forced;
use rules::resync::{Request, RequestState};
use tracing::warn;

use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{Controls, Events, PortError, Requests};

/// How a request stands by the control item.
pub(super) enum Standing {
    /// It is open, and a run will work at it.
    Owed(Request),
    /// It is open, and too many others are.
    NoRoom(Request),
    /// It has ended.
    Ended(Request),
}

impl Standing {
    pub(super) fn request(self) -> Request {
        match self {
            Self::Owed(request) | Self::NoRoom(request) | Self::Ended(request) => request,
        }
    }
}

/// How `request` stands; nothing when it is gone.
pub(super) async fn standing<P: Ports>(ports: &P, request: Request) -> Result<Option<Standing>, PortError> {
    if request.state != RequestState::Open {
        return Ok(Some(Standing::Ended(request)));
    }
    let store = ports.store();
    if let Some(owed) = store.control(&request.connection).await?.owed.request(&request.id) {
        return Ok(Some(Standing::Owed(Request { progress: owed.progress, ..request })));
    }
    // It ended meanwhile, or was never noted. An end is written before the work is taken off what is owed.
    let known = store.request(&request.connection, &request.id).await?;
    let known = match known {
        Some(known) if known.state == RequestState::Open => known,
        ended => return Ok(ended.map(Standing::Ended)),
    };
    if !note(ports, &known).await? {
        return Ok(Some(Standing::NoRoom(known)));
    }
    // Whoever ended it between the look and the note has not seen the note.
    match store.request(&known.connection, &known.id).await? {
        Some(known) if known.state == RequestState::Open => {
            hint(ports, &known).await;
            Ok(Some(Standing::Owed(known)))
        }
        ended => {
            strike(ports, &known.connection, &known.id).await?;
            Ok(ended.map(Standing::Ended))
        }
    }
}

/// Takes a request off what is owed, if it is there.
pub(super) async fn strike<P: Ports>(ports: &P, connection: &ConnectionId, id: &RequestId) -> Result<(), PortError> {
    let struck = change(ports, connection, |control: Control| match control.owed.request(id) {
        Some(_) => Ok(Control { owed: control.owed.clone().without_request(id), ..control }),
        None => Err(()),
    });
    struck.await.map(drop)
}

/// Notes a request as owed, whoever holds the lease; false when too many are open.
pub(super) async fn note<P: Ports>(ports: &P, request: &Request) -> Result<bool, PortError> {
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
pub(super) async fn hint<P: Ports>(ports: &P, request: &Request) {
    let connection = request.connection.clone();
    let event = Outbound::RunRequested(RunRequested { connection, selection: request.selection() });
    if let Err(problem) = ports.events().publish(&[event]).await {
        warn!(connection = %request.connection, request = %request.id, %problem, "the next tick starts the resync");
    }
}
