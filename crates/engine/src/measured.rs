//! What a run does for every record without waiting, for whoever measures how long that takes.
//!
//! Must not know: who measures.

use rules::record::Record;
use rules::time::Timestamp;

use crate::payload::Payload;

/// Packs these records, which were read at this instant, into batches; how many.
#[must_use]
pub fn packed(records: impl Iterator<Item = (Record, Payload)>, read_at: Timestamp) -> usize {
    crate::run::packed(records, read_at)
}
