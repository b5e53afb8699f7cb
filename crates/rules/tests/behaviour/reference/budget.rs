//! The budget as an exact log: every call with the instant at which it was made.
//! It must not know buckets.

use std::time::Duration;

use rules::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// Calls, by the instant at which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Vec<(Timestamp, u64)>);

impl Log {
    pub(crate) fn note(&mut self, made: Timestamp, calls: u64) {
        self.0.push((made, calls));
    }

    /// The calls made after `from` and not after `to`.
    pub(crate) fn between(&self, from: Timestamp, to: Timestamp) -> u64 {
        self.0.iter().filter(|(made, _)| *made > from && *made <= to).map(|(_, calls)| calls).sum()
    }

    /// The calls of the 24 hours that end at `now`.
    pub(crate) fn past_day(&self, now: Timestamp) -> u64 {
        self.between(now - DAY, now)
    }

    /// The most calls that any 24 hours hold: a fullest window ends at some call.
    pub(crate) fn fullest_day(&self) -> u64 {
        self.0.iter().map(|(made, _)| self.past_day(*made)).max().unwrap_or(0)
    }
}
