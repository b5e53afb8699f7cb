//! Erasure: all that is stored of one record goes, for a person's right to it, and the audit keeps no more than a fingerprint.
//!
//! Must not know: how a fingerprint is made.

mod hold;

use rules::connection::Connection;
use rules::ids::RecordKey;
use rules::journal::{Entry, Phase, Stamp};
use rules::record::Stored;
use rules::resync::{Request, Wanted};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;

use crate::counts::{self, Counts};
use crate::manage::{Deed, note};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, Journal, PortError, Read, Records, Requests, Saved, SlotWritten, Written};
use hold::Hold;

/// How often a write that lost a race against a source's report is decided anew.
const RACES: usize = 8;

/// The requests that are looked through: those of 30 days, of which a person makes few.
const MOST_REQUESTS: usize = 10_000;

/// What became of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// Nothing of it is left here.
    Erased,
    /// Nothing of it was stored.
    Nothing,
    /// A send of it may still be committed: nothing is erased, or nobody would know any more what Salesforce holds.
    InFlight {
        /// Until when.
        until: Timestamp,
    },
    /// A run is under way, or died, and may have it in hand: nothing is erased.
    Running {
        /// Until when at the latest.
        until: Timestamp,
    },
    /// There is no such connection.
    UnknownConnection,
}

/// Erases a record: its item with the last error and the tries, its payload, the pointer from its parent, and its external id in
/// finished journal entries and in requests. It holds the connection's lease meanwhile, so that no run has the record in hand.
///
/// Nothing marks that it was there, so that a late report of an older failure takes it in again. A record that names it as its
/// parent keeps that name.
///
/// # Errors
/// When the store fails; parts of it may then be gone, and the same again erases the rest.
pub async fn erase<P: Ports>(ports: &P, key: &RecordKey, deed: Deed<'_>) -> Result<Erased, PortError> {
    let Some(connection) = ports.store().connection(&key.connection).await? else {
        return Ok(Erased::UnknownConnection);
    };
    let hold = match Hold::take(ports, &connection.id).await? {
        Ok(hold) => hold,
        Err(until) => return Ok(Erased::Running { until }),
    };
    let erased = erase_held(ports, &connection, key, deed, &hold).await;
    hold.release(ports).await?;
    erased
}

async fn erase_held<P: Ports>(
    ports: &P,
    connection: &Connection,
    key: &RecordKey,
    deed: Deed<'_>,
    hold: &Hold,
) -> Result<Erased, PortError> {
    let store = ports.store();
    let entries = store.entries(&connection.id).await?;
    if let Some(until) = in_flight(&entries, key, ports.clock().now()) {
        return Ok(Erased::InFlight { until });
    }
    let traces: Vec<_> = entries.into_iter().filter(|entry| names(entry, key)).collect();
    let requests = naming(store.requests(&connection.id, MOST_REQUESTS).await?, key);
    let stored = current(ports, key).await?;
    if stored.is_none() && requests.is_empty() && traces.is_empty() {
        return Ok(Erased::Nothing);
    }
    note(ports, Some(connection), deed.concerning(1)).await?;
    remove(ports, stored).await?;
    for request in requests {
        shorten(ports, request, key).await?;
    }
    for (entry, write) in traces.iter().zip(1..) {
        let scrubbed = scrubbed(entry, key, Stamp { epoch: hold.epoch, write });
        if store.write_entry(&connection.id, &scrubbed, Some(entry.stamp)).await? == SlotWritten::Conflict {
            return Err(PortError::unavailable("clearing the journal", "the lease ended before it was done"));
        }
    }
    Ok(Erased::Erased)
}

/// Removes the record's items, whatever sources write meanwhile.
async fn remove<P: Ports>(ports: &P, mut stored: Option<Stored>) -> Result<(), PortError> {
    for _ in 0..RACES {
        let Some(expected) = stored else { return Ok(()) };
        match ports.store().erase(&expected).await? {
            Written::Done => {
                let mut counts = Counts::default();
                counts.stored(Some(&expected), None);
                counts::write(ports.store(), counts.take()).await;
                return Ok(());
            }
            Written::Conflict(current) => stored = current.map(|current| *current),
            Written::Throttled => {
                return Err(PortError::unavailable("erasing a record", "the store is short of capacity"));
            }
        }
    }
    Err(PortError::unavailable("erasing a record", "it was written by others all the time"))
}

/// Until when a send of the record may be committed. An entry that stays open longer was left by a run that died: the next tick
/// settles it.
fn in_flight(entries: &[Entry], key: &RecordKey, now: Timestamp) -> Option<Timestamp> {
    let flying = entries.iter().filter(|entry| names(entry, key) && entry.quarantines(now));
    let until = flying.map(|entry| entry.quarantined_until).max()?;
    Some(if until > now { until } else { next_tick_after(now, TICK) })
}

fn names(entry: &Entry, key: &RecordKey) -> bool {
    entry.object == key.object && entry.sent.iter().any(|sent| sent.id == key.id)
}

fn scrubbed(entry: &Entry, key: &RecordKey, stamp: Stamp) -> Entry {
    let sent: Vec<_> = entry.sent.iter().filter(|sent| sent.id != key.id).cloned().collect();
    let phase = if sent.is_empty() { Phase::Closed } else { entry.phase };
    Entry { sent, phase, stamp, ..entry.clone() }
}

fn naming(mut requests: Vec<Request>, key: &RecordKey) -> Vec<Request> {
    requests.retain(|request| match &request.wanted {
        Wanted::Records(records) => records.iter().any(|(object, id)| *object == key.object && *id == key.id),
        Wanted::Matching(_) => false,
    });
    requests
}

/// Takes the record out of the request, however that stands by then.
async fn shorten<P: Ports>(ports: &P, request: Request, key: &RecordKey) -> Result<(), PortError> {
    let mut known = Some(request);
    for _ in 0..RACES {
        let Some(request) = known else { return Ok(()) };
        known = match ports.store().change_request(&request, &without(request.clone(), key)).await? {
            Saved::Done => None,
            Saved::Conflict(current) => current,
        };
    }
    match known {
        None => Ok(()),
        Some(_) => Err(PortError::unavailable("clearing a request", "it was written by others all the time")),
    }
}

/// The request without the record. One that names no other has nothing left to do, and ends by itself.
fn without(mut request: Request, key: &RecordKey) -> Request {
    if let Wanted::Records(records) = &mut request.wanted {
        records.retain(|(object, id)| *object != key.object || *id != key.id);
    }
    request
}

async fn current<P: Ports>(ports: &P, key: &RecordKey) -> Result<Option<Stored>, PortError> {
    let read = ports.store().read(std::slice::from_ref(key)).await?;
    Ok(read.into_iter().next().map(|Read { stored, .. }| stored))
}
