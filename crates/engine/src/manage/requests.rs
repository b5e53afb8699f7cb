//! Asking for forced resyncs and taking them back, audited.
//!
//! Must not know: how a request is worked off.

use rules::ids::{ConnectionId, RequestId};
use rules::resync::{Action, RequestState, Wanted};

use super::audit::{Deed, note};
use crate::parts::Ports;
use crate::ports::{AuditAction, Connections, PortError};
use crate::resync::{self, Accepted, Cancelled, NewRequest};

/// Accepts a request. What is not accepted stands in the audit as that.
///
/// # Errors
/// When the store fails. The request may then be accepted or not; the same one again finds out, or goes on.
pub async fn request<P: Ports>(ports: &P, new: NewRequest) -> Result<Accepted, PortError> {
    let Some(connection) = ports.store().connection(&new.connection).await? else {
        return Ok(Accepted::UnknownConnection);
    };
    let noted = if resync::status(ports, &new.connection, &new.id).await?.is_none() {
        let action = match new.action {
            Action::Resync => AuditAction::ResyncRequested,
            Action::Delete => AuditAction::DeletionRequested,
        };
        let deed = Deed::of(&new.requested_by, action, in_words(&new)).concerning(meant(&new));
        Some(note(ports, Some(&connection), deed).await?)
    } else {
        None
    };
    let accepted = resync::accept(ports, new).await?;
    let refused = match accepted {
        // A known one may be the very one that was noted, when its caller's first attempt died.
        Accepted::New(_) | Accepted::Known(_) => None,
        Accepted::Conflict => Some("another request has this name"),
        Accepted::UnknownConnection => Some("the connection is gone"),
        Accepted::TooMany => Some("too many requests are open"),
    };
    if let Some((noted, why)) = noted.zip(refused) {
        noted.not_done(ports, why).await?;
    }
    Ok(accepted)
}

/// Takes a request back.
///
/// # Errors
/// When the store fails. The request may then be cancelled or not; cancelling it again finds out, or goes on.
pub async fn cancel_request<P: Ports>(
    ports: &P,
    connection: &ConnectionId,
    id: &RequestId,
    who: &str,
) -> Result<Cancelled, PortError> {
    let known = resync::status(ports, connection, id).await?.filter(|known| known.state == RequestState::Open);
    let Some(known) = known else { return resync::cancel(ports, connection, id).await };
    let settings = ports.store().connection(connection).await?;
    let deed = match known.action {
        Action::Resync => Deed::of(who, AuditAction::ResyncCancelled, id.to_string()),
        // What was deleted by then, the entries of the runs that deleted it say.
        Action::Delete => Deed::of(who, AuditAction::DeletionCancelled, id.to_string()),
    };
    let noted = note(ports, settings.as_ref(), deed).await?;
    let cancelled = resync::cancel(ports, connection, id).await?;
    match &cancelled {
        Cancelled::Cancelled(_) => {}
        // Somebody else may have cancelled it, or this one in an attempt whose reply was lost.
        Cancelled::Ended(request) if request.state == RequestState::Cancelled => {}
        Cancelled::Ended(_) => noted.not_done(ports, "it was done before").await?,
        Cancelled::Unknown => noted.not_done(ports, "it is gone").await?,
    }
    Ok(cancelled)
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
