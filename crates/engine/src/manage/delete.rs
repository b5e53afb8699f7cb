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

use rules::ids::ConnectionId;
use rules::time::Timestamp;

use super::audit::{Deed, note};
use super::failing::has_failing;
use crate::ingest::HOLDS;
use crate::parts::Ports;
use crate::ports::{AuditAction, Clock, Connections, Controls, DeletionMark, Entropy, PortError, Removed};

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
    if let Some(why) = in_the_way(ports, id).await? {
        return Ok(why);
    }
    let mark = DeletionMark(ports.entropy().number());
    if !store.begin_deletion(id, mark).await? {
        return Ok(Deleted::UnknownConnection);
    }
    ports.clock().wait(SETTLES).await;
    if let Some(why) = in_the_way(ports, id).await? {
        store.keep_connection(id).await?;
        return Ok(why);
    }
    let connection = store.connection(id).await?;
    let noted = note(ports, connection.as_ref(), Deed::of(who, AuditAction::ConnectionDeleted, String::new())).await?;
    match store.delete_connection(id, mark).await? {
        Removed::Done => Ok(Deleted::Deleted),
        Removed::Kept => {
            noted.not_done(ports, "it was used at the same time").await?;
            Ok(Deleted::InUse)
        }
    }
}

async fn in_the_way<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<Deleted>, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(Some(Deleted::UnknownConnection));
    };
    let (control, now) = (ports.store().control(id).await?, ports.clock().now());
    if !control.owed.forced.is_empty() {
        return Ok(Some(Deleted::HasRequests));
    }
    if let Some(lease) = control.lease.filter(|lease| lease.until > now) {
        return Ok(Some(Deleted::Running { until: lease.until }));
    }
    Ok(has_failing(ports, &connection).await?.then_some(Deleted::HasRecords))
}
