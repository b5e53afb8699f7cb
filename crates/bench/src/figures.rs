//! The figures of a measured run, and what they cost.
//!
//! Must not know: how they were measured, or which bars they are held to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::spawn::Counted;

/// Dollars, on demand in us-east-1: for a write unit, a read unit, an event's 64 KB, and a gigabyte-second and a request of a
/// function on arm64.
const WRITE_UNIT: f64 = 0.625e-6;
const READ_UNIT: f64 = 0.125e-6;
const EVENT_PIECE: f64 = 1.0e-6;
const GIGABYTE_SECOND: f64 = 0.000_013_333_4;
const INVOCATION: f64 = 0.2e-6;

/// The memory that the template gives a retry function, in gigabytes.
const MEMORY: f64 = 0.5;

/// What one run took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) records: usize,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    pub(crate) dynamodb_requests: u64,
    pub(crate) salesforce_calls: u64,
    pub(crate) put_events_calls: u64,
    pub(crate) bytes_to_salesforce: u64,
    pub(crate) bytes_to_dynamodb: u64,
    pub(crate) peak_rss_bytes: u64,
    pub(crate) cpu_seconds: f64,
    pub(crate) wall_seconds: f64,
    pub(crate) cost_usd: f64,
    pub(crate) records_per_second: f64,
}

/// What this process took for a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    pub(crate) peak_memory: u64,
}

impl Figures {
    /// The figures of a run of `records`.
    pub(crate) fn of(records: usize, counted: &Counted, took: Took) -> Self {
        let wall = took.wall.as_secs_f64();
        Self {
            records,
            write_units: counted.write_units,
            read_units: counted.read_units,
            dynamodb_requests: counted.dynamodb_requests,
            salesforce_calls: counted.salesforce_calls,
            put_events_calls: counted.put_events_calls,
            bytes_to_salesforce: counted.bytes_to_salesforce,
            bytes_to_dynamodb: counted.bytes_to_dynamodb,
            peak_rss_bytes: took.peak_memory,
            cpu_seconds: took.cpu.as_secs_f64(),
            wall_seconds: wall,
            cost_usd: cost(counted, wall),
            #[expect(clippy::cast_precision_loss, reason = "a number of records is far below 2^52")]
            records_per_second: records as f64 / wall,
        }
    }
}

/// The table, the bus and the function. What the org charges is not money.
#[expect(clippy::cast_precision_loss, reason = "a number of events is far below 2^52")]
fn cost(counted: &Counted, wall: f64) -> f64 {
    counted.write_units * WRITE_UNIT
        + counted.read_units * READ_UNIT
        + counted.event_pieces as f64 * EVENT_PIECE
        + wall * MEMORY * GIGABYTE_SECOND
        + INVOCATION
}
