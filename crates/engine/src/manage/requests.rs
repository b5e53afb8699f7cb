//! Asking for forced resyncs and taking them back, audited.
//!
//! Must not know: how a request is worked off.

use rules::ids::{ConnectionId, RequestId};
use rules::resync::{RequestState, Wanted};

use super::audit::{Deed, note};
use crate::parts::Ports;
use crate::ports::{AuditAction, Connections, PortError};
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
        let deed =
            Deed::of(&new.requested_by, AuditAction::ResyncRequested, in_words(&new)).concerning(named(&new.wanted));
        note(ports, Some(&connection), deed).await?;
    }
    resync::accept(ports, new).await
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
    let known = resync::status(ports, connection, id).await?;
    if known.is_some_and(|known| known.state == RequestState::Open) {
        let settings = ports.store().connection(connection).await?;
        note(ports, settings.as_ref(), Deed::of(who, AuditAction::ResyncCancelled, id.to_string())).await?;
    }
    resync::cancel(ports, connection, id).await
}

/// How many records it names; none when it names them by what they have in common.
fn named(wanted: &Wanted) -> usize {
    match wanted {
        Wanted::Records(records) => records.len(),
        Wanted::Type { .. } | Wanted::All { .. } => 0,
    }
}

/// The request for the audit, which outlives the records: no external id is in it.
fn in_words(new: &NewRequest) -> String {
    let of = |object: &Option<_>| object.as_ref().map(|object| format!(" of {object}")).unwrap_or_default();
    match &new.wanted {
        Wanted::Records(_) => format!("{}: named records", new.id),
        Wanted::Type { error_type, object } => {
            let object: &Option<rules::ids::ObjectName> = object;
            format!("{}: all{} with {error_type}", new.id, of(object))
        }
        Wanted::All { object } => format!("{}: all{}", new.id, of(object)),
    }
}
