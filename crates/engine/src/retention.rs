//! Retention: payloads that are older than a connection wants to keep them go; what is left of the record says so.
//!
//! Must not know: when it is applied, how a store lets other things expire.

use rules::connection::Connection;
use rules::ids::{ConnectionId, RecordKey};
use rules::record::{HoldReason, Record, Stored};
use rules::time::Timestamp;
use tracing::info;

use crate::parts::Ports;
use crate::ports::{
    Connections, DueRecords, ErrorTypes, Journal, Keeping, PayloadChange, PortError, Put, Records, Written,
};
use crate::run::{Quarantine, readable};

/// Keys that are listed and read at a time.
const PAGE: usize = 500;

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Records that have no payload any more.
    pub records: u64,
}

/// Drops the payloads of a connection's failing records whose last failure is older than its settings keep them. Those records
/// are held as `payload_missing`. One that Salesforce may still commit keeps its payload until that is over.
///
/// # Errors
/// When the store fails; what was dropped by then stays so, and the rest goes the next time.
pub async fn apply<P: Ports>(ports: &P, connection: &ConnectionId, now: Timestamp) -> Result<Dropped, PortError> {
    let mut dropped = Dropped::default();
    let Some(connection) = ports.store().connection(connection).await? else {
        return Ok(dropped);
    };
    let Some(horizon) = connection.retention.payload_horizon(now) else {
        return Ok(dropped);
    };
    let types = ports.store().error_types(&connection.id).await?;
    let (from, shards) = (Timestamp::from_millis(0), connection.shards);
    let mut after = None;
    loop {
        // What failed last before the horizon failed first before it, too.
        let page = ports.store().aged(&connection.id, &types, from, horizon, shards, after.as_ref(), PAGE).await?;
        dropped.records += drop_each(ports, &connection, &page.keys, now).await?;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if dropped.records > 0 {
        info!(connection = %connection.id, records = dropped.records, "payloads were kept long enough");
    }
    Ok(dropped)
}

async fn drop_each<P: Ports>(
    ports: &P,
    connection: &Connection,
    keys: &[RecordKey],
    now: Timestamp,
) -> Result<u64, PortError> {
    let read: Vec<_> = readable(ports.store().read_each(keys).await?);
    // Read after the records: a run that sends one later read it as it is now, and settles the outcome with what it finds.
    let quarantine = Quarantine::of(&connection.id, &ports.store().entries(&connection.id).await?, now);
    let to_go = |stored: Stored| match stored {
        Stored::Record(record) if connection.retention.drops_payload(&record, now) => Some(*record),
        Stored::Record(_) | Stored::Success(_) => None,
    };
    let mut dropped = 0;
    for record in read.into_iter().filter_map(|read| to_go(read.stored)).filter(|record| !quarantine.has(&record.key)) {
        let put = without_payload(record);
        // One that changed meanwhile is left to the next time.
        dropped += u64::from(ports.store().put(&put, &Keeping::of(connection)).await? == Written::Done);
    }
    Ok(dropped)
}

/// It stays where it was, so that it goes in the same all-or-nothing write.
fn without_payload(record: Record) -> Put {
    let expected = Some(record.fence);
    let held = record.hold(HoldReason::PayloadMissing).advance();
    Put { stored: Stored::Record(Box::new(held)), payload: PayloadChange::Drop, expected }
}
