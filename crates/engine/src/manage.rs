//! Managing connections: creating, changing, pausing, deleting, and ending a suspension, each change audited.
//!
//! Must not know: where a wish came from. An entry of the audit is kept before the change that it tells of, so that no change is
//! without one; one whose change then lost a race says that. Of a change that failed nobody knows, and its entry stays.

mod at_once;
mod audit;
mod delete;
mod failing;
mod limit;
mod patch;
mod requests;
mod trial;

pub(crate) use audit::entry;
pub use audit::{Deed, Noted, note};
pub use delete::{Deleted, delete};
pub use patch::merge;
pub use requests::{cancel_request, request};
pub use trial::{Trial, TrialAnswer, try_out};

use rules::connection::Connection;
use rules::fields::Mistakes;
use rules::ids::ConnectionId;
use serde_json::Value;

use crate::parts::Ports;
use crate::ports::{AuditAction, Connections, Controls, PortError, Saved, Standings};
use crate::suspension::{self, Cleared};
use failing::{Look, has_failing};

/// How often a write that lost a race is decided anew.
const RACES: usize = 8;

/// What became of a connection that was to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there now.
    Created,
    /// Another one has its name.
    NameTaken,
    /// It is wrong; nothing is created.
    Refused(Mistakes),
}

/// Creates a connection. A suspension that an earlier connection of this name left behind is ended.
///
/// # Errors
/// When the store fails; the connection may then be there.
pub async fn create<P: Ports>(ports: &P, connection: &Connection, who: &str) -> Result<Created, PortError> {
    if ports.store().connection(&connection.id).await?.is_some() {
        return Ok(Created::NameTaken);
    }
    if let Some(mistakes) = limit::above_a_known_orgs(ports, connection).await? {
        return Ok(Created::Refused(mistakes));
    }
    let subject = format!("policy {}, {}", connection.policy.name(), connection.target.login_url);
    let noted = note(ports, Some(connection), Deed::of(who, AuditAction::ConnectionCreated, subject)).await?;
    if !ports.store().create_connection(connection).await? {
        noted.not_done(ports, "another one got the name").await?;
        return Ok(Created::NameTaken);
    }
    suspension::clear(ports, &connection.id).await?;
    Ok(Created::Created)
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
    let facts = ports.store().facts(id).await?;
    for _ in 0..RACES {
        let after = match merge(&before, wish.patch) {
            Ok(after) => after,
            Err(mistakes) => return Ok(Changed::Refused(mistakes)),
        };
        if after == before {
            return Ok(Changed::Same(Box::new(before)));
        }
        if let Some(mistakes) = limit::above_the_orgs(&before, &after, facts.control.org) {
            return Ok(Changed::Refused(mistakes));
        }
        if after.policy.name() != before.policy.name() && has_failing(ports, &before, Look::AtEverything).await? {
            return Ok(Changed::HasRecords);
        }
        let deed = Deed::of(wish.who, wish.action, patch::in_words(wish.patch));
        let noted = note(ports, Some(&after), deed).await?;
        match ports.store().change_connection(&before, &after).await? {
            Saved::Done => {
                at_once::after_change(ports, &before, &after, &facts).await;
                return Ok(Changed::Changed(Box::new(after)));
            }
            Saved::Conflict(Some(current)) => before = current,
            Saved::Conflict(None) => {
                noted.not_done(ports, "the connection is gone").await?;
                return Ok(Changed::UnknownConnection);
            }
        }
        noted.not_done(ports, "somebody else changed the settings at the same time").await?;
    }
    Err(PortError::unavailable("changing the settings", "they were changed by others all the time"))
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
    let noted = note(ports, Some(&connection), Deed::of(who, AuditAction::SuspensionCleared, subject)).await?;
    let cleared = suspension::clear(ports, id).await?;
    match cleared {
        Cleared::Cleared(_) => at_once::after_clearing(ports, &connection).await,
        Cleared::NotSuspended => noted.not_done(ports, "it had ended by itself").await?,
        Cleared::UnknownConnection => noted.not_done(ports, "the connection is gone").await?,
    }
    Ok(cleared)
}
