//! Asking for forced resyncs and taking them back, audited.
//!
//! Must not know: how a request is worked off.

use rules::connection::Connection;
use rules::ids::RequestId;
use rules::resync::{Action, RequestState, Wanted};

use super::audit::{Deed, Noted, entry, note};
use crate::parts::Ports;
use crate::ports::{AuditAction, Connections, PortError, Requests};
use crate::resync::{self, Accepted, Cancelled, NewRequest};

/// Accepts a request. What is not accepted stands in the audit as that.
///
/// # Errors
/// When the store fails. The request may then be accepted or not; the same one again finds out, or goes on.
pub async fn request<P: Ports>(ports: &P, new: NewRequest) -> Result<Accepted, PortError> {
    let Some(connection) = ports.store().connection(&new.connection).await? else {
        return Ok(Accepted::UnknownConnection);
    };
    if let Some(known) = ports.store().request(&new.connection, &new.id).await? {
        return resync::known_again(ports, known, &new).await;
    }
    let action = match new.action {
        Action::Resync => AuditAction::ResyncRequested,
        Action::Delete => AuditAction::DeletionRequested,
    };
    let deed = Deed::of(&new.requested_by, action, in_words(&new)).concerning(meant(&new));
    let entry = entry(ports, Some(&connection), deed);
    let accepted = resync::accept_new(ports, new, &entry).await?;
    let noted = Noted(entry);
    match accepted {
        // A known one was told when it was kept, whoever asked first.
        Accepted::New(_) | Accepted::Known(_) => {}
        Accepted::Conflict => noted.not_done(ports, "another request has this name").await?,
        Accepted::UnknownConnection => noted.not_done(ports, "the connection is gone").await?,
        Accepted::TooMany => noted.not_done(ports, "too many requests are open").await?,
    }
    Ok(accepted)
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
    if known.state != RequestState::Open {
        return resync::cancel_known(ports, known, progress).await;
    }
    // What was deleted by then, the entries of the runs that deleted it say.
    let action = match known.action {
        Action::Resync => AuditAction::ResyncCancelled,
        Action::Delete => AuditAction::DeletionCancelled,
    };
    let noted = note(ports, Some(connection), Deed::of(who, action, id.to_string())).await?;
    let cancelled = resync::cancel_known(ports, known, progress).await?;
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
