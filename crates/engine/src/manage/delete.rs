//! Deleting a connection, whatever arrives for it meanwhile.
//!
//! A mark is put on the settings; then nothing may be left to do, and the settings go only if the mark is still there. Whoever
//! brings work meanwhile takes the mark off, and the deletion comes to nothing:
//!
//! - A request is noted first and takes the mark off then (`resync/accept.rs`): either the deletion sees it noted, or it finds the
//!   mark gone; if the settings went before, the request finds that and is withdrawn.
//! - A report of a failure is taken in by settings that were read [`HOLDS`] before at the most (`ingest.rs`), and those that bear a
//!   mark are freed of it first. So [`SETTLES`] after the mark, whatever was taken in without seeing it is written, and listed.
//!
//! The second rests on time, because a condition on the settings with every record would double what taking in costs: a write
//! that takes longer than the difference of the two is not seen.
//!
//! Must not know: who may delete.

use std::time::Duration;

use rules::connection::Connection;
use rules::ids::ConnectionId;
use rules::time::Timestamp;

use super::audit::{Deed, Noted, entry};
use super::failing::{Look, has_failing};
use crate::ingest::HOLDS;
use crate::parts::Ports;
use crate::ports::{AuditAction, Clock, Connections, DeletionMark, Entropy, PortError, Removed, Standing, Standings};

/// How long a deletion waits between the mark and its last look: what ingest may hold, three seconds for a write under way, and
/// two by which an index may lag.
const SETTLES: Duration = HOLDS.saturating_add(Duration::from_secs(3 + 2));

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
    /// Failures or requests arrived, or somebody changed it, at the same time.
    InUse,
    /// There is no such connection.
    UnknownConnection,
}

/// Deletes a connection, when nothing is left to do for it. It takes a few seconds.
///
/// # Errors
/// When the store fails; the settings may then be gone or not.
pub async fn delete<P: Ports>(ports: &P, id: &ConnectionId, who: &str) -> Result<Deleted, PortError> {
    let store = ports.store();
    // Whoever cannot delete it anyway is told at once.
    if let Err(why) = in_the_way(ports, id, Look::AtWhatIsCounted).await? {
        return Ok(why);
    }
    let mark = DeletionMark(ports.entropy().number());
    if !store.begin_deletion(id, mark).await? {
        return Ok(Deleted::UnknownConnection);
    }
    ports.clock().wait(SETTLES).await;
    let connection = match in_the_way(ports, id, Look::AtEverything).await? {
        Ok(connection) => connection,
        Err(why) => {
            store.keep_connection(id).await?;
            return Ok(why);
        }
    };
    let deed = Deed::of(who, AuditAction::ConnectionDeleted, String::new());
    let entry = entry(ports, Some(&connection), deed);
    let (kept, why) = match store.delete_connection(id, mark, &entry).await? {
        Removed::Done => return Ok(Deleted::Deleted),
        Removed::Kept => (Deleted::InUse, "it was used at the same time"),
        Removed::Gone => (Deleted::UnknownConnection, "somebody else deleted it"),
    };
    Noted(entry).not_done(ports, why).await?;
    Ok(kept)
}

/// The connection, or why it is not to be deleted.
async fn in_the_way<P: Ports>(
    ports: &P,
    id: &ConnectionId,
    look: Look,
) -> Result<Result<Connection, Deleted>, PortError> {
    let Some(Standing { connection, facts }) = ports.store().standing(id).await? else {
        return Ok(Err(Deleted::UnknownConnection));
    };
    let (control, now) = (facts.control, ports.clock().now());
    if !control.owed.forced.is_empty() {
        return Ok(Err(Deleted::HasRequests));
    }
    if let Some(lease) = control.lease.filter(|lease| lease.until > now) {
        return Ok(Err(Deleted::Running { until: lease.until }));
    }
    Ok(if has_failing(ports, &connection, look).await? { Err(Deleted::HasRecords) } else { Ok(connection) })
}
