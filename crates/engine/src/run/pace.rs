//! The pace of writes: at most 900 write units a second for each index key, because `DynamoDB` takes 1,000 and a hot index
//! throttles the whole table.
//!
//! Must not know: how to wait.

use std::time::Duration;

use rules::time::Timestamp;

use crate::ports::SIDE_BY_SIDE;

/// Write units a second that one index key may get.
const UNITS_PER_SECOND: u64 = 900;

/// Index write units that an outcome costs at most on one key: an entry removed and one added.
const UNITS_PER_RECORD: u64 = 2;

/// A bucket that leaks at the pace of the index keys.
#[derive(Debug)]
pub(super) struct Pace {
    units_per_second: u64,
    free_at: Option<Timestamp>,
}

impl Pace {
    /// A pace over this many index keys, of which a listing gives only so many at a time.
    pub(super) fn new(shards: u16) -> Self {
        let keys = shards.clamp(1, SIDE_BY_SIDE);
        Self { units_per_second: UNITS_PER_SECOND * u64::from(keys), free_at: None }
    }

    /// How long to wait before the outcomes of `records` may be written.
    pub(super) fn admit(&mut self, records: usize, now: Timestamp) -> Duration {
        let units = UNITS_PER_RECORD * records as u64;
        let start = self.free_at.map_or(now, |free| free.max(now));
        self.free_at = Some(start + Duration::from_millis((units * 1_000).div_ceil(self.units_per_second)));
        start.since(now)
    }
}
