//! What a run does for every record without waiting, for whoever measures how long that takes.
//!
//! Must not know: who measures.

use std::time::Duration;

use rules::record::Record;
use rules::time::Timestamp;

use crate::payload::Payload;

/// How long writing the outcomes of so many records takes at the pace of the index keys that a run writes to side by side.
#[must_use]
pub fn pace_of(records: usize) -> Duration {
    crate::run::pace_of(records)
}

/// Packs these records, which were read at this instant, into batches; how many.
#[must_use]
pub fn packed(records: impl Iterator<Item = (Record, Payload)>, read_at: Timestamp) -> usize {
    crate::run::packed(records, read_at)
}
