//! Whether a connection has a failing record, at a bounded price.
//!
//! An exact answer from the index costs a request for each type and shard: 320 for 20 types over 16 shards. So the directory's
//! counts, one request, say where to look first:
//!
//! - A count above none is proven by the first entry that is found. When the looks are used up before all of that type's shards
//!   were seen empty, the count is believed: at worst a change is refused until the nightly recount has put it right.
//! - Where all counts are none, the whole index is looked at, a shard of each type at a time: a count that a crash has kept from
//!   growing must not hide a record, which would be left behind for good. That is dear with many types and shards, and rare: a
//!   connection of whose records nothing is known to fail.
//!
//! Must not know: what the answer is for.

use std::collections::VecDeque;

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::time::Timestamp;

use crate::parts::Ports;
use crate::ports::{self, Clock, DueRecords, ErrorTypes, PageToken, PortError};

/// Requests to the index at most before a count is believed.
const MOST_LOOKS: usize = 4;

/// How closely it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Only where the directory counts a record: enough for one who looks again before anything is done.
    AtWhatIsCounted,
    /// At the whole index where nothing is counted.
    AtEverything,
}

/// Whether a connection has a failing record, as far as the directory and an index that may lag can tell.
pub(super) async fn has_failing<P: Ports>(ports: &P, connection: &Connection, look: Look) -> Result<bool, PortError> {
    let mut directory = ports.store().directory(&connection.id).await?;
    directory.sort_by_key(|entry| std::cmp::Reverse(entry.total()));
    let counted = directory.iter().filter(|entry| entry.total() > 0).count();
    let mut places: VecDeque<(ErrorType, Option<PageToken>)> =
        directory.into_iter().map(|entry| (entry.error_type, None)).collect();
    // Those with a count come first, and stay first until each is seen empty.
    let mut unproven = counted;
    let mut looks = 0;
    while let Some((error_type, after)) = places.pop_front() {
        if unproven == 0 && look == Look::AtWhatIsCounted {
            return Ok(false);
        }
        if unproven > 0 && looks == MOST_LOOKS {
            return Ok(true);
        }
        looks += 1;
        let (found, next) = look_at(ports, connection, &error_type, after.as_ref()).await?;
        if found {
            return Ok(true);
        }
        match next {
            Some(next) if unproven > 0 => places.push_front((error_type, Some(next))),
            Some(next) => places.push_back((error_type, Some(next))),
            None => unproven = unproven.saturating_sub(1),
        }
    }
    Ok(false)
}

/// One request: whether it lists a record, and where to go on.
async fn look_at<P: Ports>(
    ports: &P,
    connection: &Connection,
    error_type: &ErrorType,
    after: Option<&PageToken>,
) -> Result<(bool, Option<PageToken>), PortError> {
    let (from, to) = (Timestamp::from_millis(0), crate::overview::latest(ports.clock().now()));
    let look = ports::Look { connection: &connection.id, error_type, from, to, shards: connection.shards };
    let stretch = ports.store().look(look, after, 1).await?;
    Ok((!stretch.entries.is_empty(), stretch.next))
}
