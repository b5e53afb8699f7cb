//! Asking for forced resyncs and taking them back, audited.
//!
//! Must not know: how a request is worked off.

use rules::connection::Connection;
use rules::ids::RequestId;
use rules::resync::{Action, RequestState, Wanted};

use super::audit::{Deed, note};
use crate::parts::Ports;
use crate::ports::{AuditAction, Connections, PortError, Requests};
use crate::resync::{self, Accepted, Cancelled, NewRequest};

/// Accepts a request.
///
/// # Errors
/// When the store fails. The request may then be accepted or not; the same one again finds out, or goes on.
pub async fn request<P: Ports>(ports: &P, new: NewRequest) -> Result<Accepted, PortError> {
    let Some(connection) = ports.store().connection(&new.connection).await? else {
        return Ok(Accepted::UnknownConnection);
    };
    if resync::status(ports, &new.connection, &new.id).await?.is_none() {
        let action = match new.action {
            Action::Resync => AuditAction::ResyncRequested,
            Action::Delete => AuditAction::DeletionRequested,
        };
        let deed = Deed::of(&new.requested_by, action, in_words(&new)).concerning(meant(&new));
        note(ports, Some(&connection), deed).await?;
    }
    resync::accept(ports, new).await
}

/// Takes a request of this connection back.
///
/// # Errors
/// When the store fails. The request may then be cancelled or not; cancelling it again finds out, or goes on.
pub async fn cancel_request<P: Ports>(
    ports: &P,
    connection: &Connection,
    id: &RequestId,
    who: &str,
) -> Result<Cancelled, PortError> {
    let Some(known) = ports.store().request(&connection.id, id).await? else { return Ok(Cancelled::Unknown) };
    let progress = resync::progress(ports, &known).await?;
    if known.state == RequestState::Open {
        let deed = match known.action {
            Action::Resync => Deed::of(who, AuditAction::ResyncCancelled, id.to_string()),
            Action::Delete => {
                Deed { records: progress.deleted, ..Deed::of(who, AuditAction::DeletionCancelled, id.to_string()) }
            }
        };
        note(ports, Some(connection), deed).await?;
    }
    resync::cancel_known(ports, known, progress).await
}

/// How many records it means: those of its plan, or those that it names; none when nobody has counted them.
fn meant(new: &NewRequest) -> usize {
    match (&new.planned, &new.wanted) {
        (Some((_, plan)), _) => usize::try_from(plan.records.number).unwrap_or(usize::MAX),
        (None, Wanted::Records(records)) => records.len(),
        (None, Wanted::Matching(_)) => 0,
    }
}

/// The request for the audit, which outlives the records: no external id is in it.
fn in_words(new: &NewRequest) -> String {
    format!("{}: {}", new.id, new.wanted)
}
