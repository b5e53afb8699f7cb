//! Erasure: all that is stored of one record goes, for a person's right to it, and the audit keeps no more than a fingerprint.
//!
//! One write takes the record, its traces in requests and in the journal, and the lease that was held meanwhile, and keeps the
//! audit's entry: whatever breaks, all of it is done or nothing. Only a record that very many requests or entries name takes
//! several, each under the lease, the record itself with the last.
//!
//! Must not know: how a fingerprint is made.

mod hold;
mod traces;

use rules::connection::Connection;
use rules::ids::RecordKey;
use rules::record::Stored;
use rules::time::Timestamp;

use crate::counts::Counts;
use crate::manage::{self, Deed};
use crate::parts::Ports;
use crate::ports::{
    AuditEntry, Clock, CountChange, Erasing, Journal, PortError, Read, Records, Requests, Standing, Standings,
};
use hold::{Hold, Part};
use traces::Traces;

/// How often an erasure that lost a race against a source's report or a person is decided anew.
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
/// When the store fails; it may then be erased or not, and the same again finds out.
pub async fn erase<P: Ports>(ports: &P, key: &RecordKey, deed: Deed<'_>) -> Result<Erased, PortError> {
    let Some(Standing { connection, facts }) = ports.store().standing(&key.connection).await? else {
        return Ok(Erased::UnknownConnection);
    };
    let mut hold = match Hold::take(ports, &connection.id, facts.control).await? {
        Ok(hold) => hold,
        Err(until) => return Ok(Erased::Running { until }),
    };
    let erased = erase_held(ports, &connection, key, deed, &mut hold).await;
    hold.release(ports).await?;
    erased
}

/// What is stored of a record, wherever its key stands.
struct Found {
    record: Option<Stored>,
    traces: Traces,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.record.is_none() && self.traces.is_empty()
    }
}

async fn erase_held<P: Ports>(
    ports: &P,
    connection: &Connection,
    key: &RecordKey,
    deed: Deed<'_>,
    hold: &mut Hold,
) -> Result<Erased, PortError> {
    let entry = manage::entry(ports, Some(connection), deed.concerning(1));
    for _ in 0..RACES {
        let found = match find(ports, key, hold).await? {
            Ok(found) if found.is_nothing() => return Ok(Erased::Nothing),
            Ok(found) => found,
            Err(until) => return Ok(Erased::InFlight { until }),
        };
        match remove(ports, found, &entry, hold).await? {
            Erasing::Done => return Ok(Erased::Erased),
            Erasing::Conflict => hold.renew(ports).await?,
        }
    }
    Err(PortError::unavailable("erasing a record", "it was written by others all the time"))
}

/// Looks the record up; the instant to wait for when a send of it may still be committed.
async fn find<P: Ports>(ports: &P, key: &RecordKey, hold: &Hold) -> Result<Result<Found, Timestamp>, PortError> {
    let store = ports.store();
    let entries = store.entries(&key.connection).await?;
    if let Some(until) = traces::in_flight(&entries, key, ports.clock().now()) {
        return Ok(Err(until));
    }
    let requests = store.requests(&key.connection, MOST_REQUESTS).await?;
    let read = store.read(std::slice::from_ref(key)).await?;
    let record = read.into_iter().next().map(|Read { stored, .. }| stored);
    Ok(Ok(Found { record, traces: Traces::of(key, requests, entries, hold.epoch()) }))
}

/// Removes what was found, with as few writes as it takes, the record with the last one. The first tells the audit.
async fn remove<P: Ports>(ports: &P, found: Found, entry: &AuditEntry, hold: &mut Hold) -> Result<Erasing, PortError> {
    let Found { record, traces } = found;
    let counts = record.as_ref().and_then(gone);
    let (before, last) = traces.in_parts();
    let mut audit = Some(entry.clone());
    for traces in before {
        let part = Part { record: None, counts: None, traces, audit: audit.take() };
        match hold.write(ports, part).await? {
            Erasing::Done => {}
            Erasing::Conflict => return Ok(Erasing::Conflict),
        }
    }
    hold.write_last(ports, Part { record, counts, traces: last, audit: audit.take() }).await
}

/// What changes in the numbers of its type when it goes.
fn gone(record: &Stored) -> Option<CountChange> {
    let mut counts = Counts::default();
    counts.stored(Some(record), None);
    counts.take().into_values().flatten().next()
}
