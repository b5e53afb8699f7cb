//! Managing connections: creating, changing, pausing, deleting, and ending a suspension, each change audited.
//!
//! Must not know: where a wish came from. An entry of the audit is kept before the change that it tells of, so that no change is
//! without one; a change that then lost a race, or failed, has one too.

mod at_once;
mod audit;
mod limit;
mod patch;
mod requests;
mod trial;

pub use audit::{Deed, note};
pub use patch::merge;
pub use requests::{cancel_request, request};
pub use trial::{Trial, TrialAnswer, try_out};

use rules::connection::Connection;
use rules::fields::Mistakes;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde_json::Value;

use crate::parts::Ports;
use crate::ports::{AuditAction, Clock, Connections, Controls, DueRecords, ErrorTypes, PortError, Saved};
use crate::suspension::{self, Cleared};

/// How often a write that lost a race is decided anew.
const RACES: usize = 8;

/// Creates a connection; false when one of its name exists. A suspension that an earlier connection of this name left behind
/// is ended.
///
/// # Errors
/// When the store fails; the connection may then be there.
pub async fn create<P: Ports>(ports: &P, connection: &Connection, who: &str) -> Result<bool, PortError> {
    if ports.store().connection(&connection.id).await?.is_some() {
        return Ok(false);
    }
    let subject = format!("policy {}, {}", connection.policy.name(), connection.target.login_url);
    note(ports, Some(connection), Deed::of(who, AuditAction::ConnectionCreated, subject)).await?;
    let is_created = ports.store().create_connection(connection).await?;
    if is_created {
        suspension::clear(ports, &connection.id).await?;
    }
    Ok(is_created)
}

/// What became of a change of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// They are these now.
    Changed(Box<Connection>),
    /// They were these already.
    Same(Box<Connection>),
    /// The change is wrong; nothing is changed.
    Refused(Mistakes),
    /// The policy cannot be changed while records wait for it.
    HasRecords,
    /// There is no such connection.
    UnknownConnection,
}

/// A change of settings that a person wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The change, as a JSON merge patch (RFC 7396).
    pub patch: &'a Value,
    /// What the audit calls it.
    pub action: AuditAction,
    /// Who wants it.
    pub who: &'a str,
}

/// Changes a connection's settings. Records that only the old ones kept back are gone on with at once.
///
/// # Errors
/// When the store fails, or others change the settings all the time; they may then be changed or not.
pub async fn change<P: Ports>(ports: &P, id: &ConnectionId, wish: Wish<'_>) -> Result<Changed, PortError> {
    let Some(mut before) = ports.store().connection(id).await? else {
        return Ok(Changed::UnknownConnection);
    };
    for _ in 0..RACES {
        let after = match merge(&before, wish.patch) {
            Ok(after) => after,
            Err(mistakes) => return Ok(Changed::Refused(mistakes)),
        };
        if after == before {
            return Ok(Changed::Same(Box::new(before)));
        }
        if let Some(mistakes) = limit::above_the_orgs(ports, &before, &after).await? {
            return Ok(Changed::Refused(mistakes));
        }
        if after.policy.name() != before.policy.name() && has_failing(ports, &before).await? {
            return Ok(Changed::HasRecords);
        }
        let deed = Deed::of(wish.who, wish.action, patch::in_words(wish.patch));
        note(ports, Some(&after), deed).await?;
        match ports.store().change_connection(&before, &after).await? {
            Saved::Done => {
                at_once::after_change(ports, &before, &after).await;
                return Ok(Changed::Changed(Box::new(after)));
            }
            Saved::Conflict(Some(current)) => before = current,
            Saved::Conflict(None) => return Ok(Changed::UnknownConnection),
        }
    }
    Err(PortError::unavailable("changing the settings", "they were changed by others all the time"))
}

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// The settings are gone. The control item stays, so that epochs only grow.
    Deleted,
    /// It has failing records, which nobody would ever try again.
    HasRecords,
    /// Resyncs that a person asked for are not done.
    HasRequests,
    /// A run is under way, until it ends or its lease does.
    Running {
        /// When the lease ends by itself.
        until: Timestamp,
    },
    /// There is no such connection.
    UnknownConnection,
}

/// Deletes a connection, when nothing is left to do for it.
///
/// # Errors
/// When the store fails; the settings may then be gone or not.
pub async fn delete<P: Ports>(ports: &P, id: &ConnectionId, who: &str) -> Result<Deleted, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(Deleted::UnknownConnection);
    };
    let (control, now) = (ports.store().control(id).await?, ports.clock().now());
    if !control.owed.forced.is_empty() {
        return Ok(Deleted::HasRequests);
    }
    if let Some(lease) = control.lease.filter(|lease| lease.until > now) {
        return Ok(Deleted::Running { until: lease.until });
    }
    if has_failing(ports, &connection).await? {
        return Ok(Deleted::HasRecords);
    }
    note(ports, Some(&connection), Deed::of(who, AuditAction::ConnectionDeleted, String::new())).await?;
    ports.store().delete_connection(id).await?;
    Ok(Deleted::Deleted)
}

/// Ends a suspension by hand, and goes on at once with what waited.
///
/// # Errors
/// When the store fails; it may then be ended or not.
pub async fn clear_suspension<P: Ports>(ports: &P, id: &ConnectionId, who: &str) -> Result<Cleared, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(Cleared::UnknownConnection);
    };
    let Some(suspension) = ports.store().control(id).await?.suspension else {
        return Ok(Cleared::NotSuspended);
    };
    let subject = format!("{} since {}", suspension.cause.words(), suspension.since);
    note(ports, Some(&connection), Deed::of(who, AuditAction::SuspensionCleared, subject)).await?;
    let cleared = suspension::clear(ports, id).await?;
    if let Cleared::Cleared(_) = &cleared {
        at_once::after_clearing(ports, &connection).await;
    }
    Ok(cleared)
}

/// Whether a connection has a failing record, as far as an index that may lag can tell. The directory, which may be wrong, only
/// says where to look first.
async fn has_failing<P: Ports>(ports: &P, connection: &Connection) -> Result<bool, PortError> {
    let mut directory = ports.store().directory(&connection.id).await?;
    directory.sort_by_key(|entry| std::cmp::Reverse(entry.total()));
    let types: Vec<_> = directory.into_iter().map(|entry| entry.error_type).collect();
    let (from, to) = (Timestamp::from_millis(0), crate::overview::latest(ports.clock().now()));
    let mut after = None;
    loop {
        let page = ports.store().aged(&connection.id, &types, from, to, connection.shards, after.as_ref(), 1).await?;
        match (page.keys.is_empty(), page.next) {
            (false, _) => return Ok(true),
            (true, None) => return Ok(false),
            (true, next) => after = next,
        }
    }
}
