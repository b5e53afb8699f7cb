//! Ticks: when something is due, computed from the schedule and never from a clock.
//!
//! Must not know: records, policies' counts, what time it is.

use std::time::Duration;

use crate::time::{TimeOfDay, Timestamp};

/// The grid of `retry-due`'s schedule: a tick at :00, :20 and :40 of every hour, UTC.
pub const TICK: Duration = Duration::from_mins(20);

const DAY: Duration = Duration::from_hours(24);

/// The first multiple of `every` strictly after `instant`.
///
/// A record that fails between two ticks is due at the very next one; storing "failed at + interval" would miss it by
/// seconds and halve the rate.
#[must_use]
pub fn next_tick_after(instant: Timestamp, every: Duration) -> Timestamp {
    instant.floor(every) + every
}

/// The first `at` o'clock (UTC, summer and winter) strictly after `instant`.
#[must_use]
pub fn next_daily_after(instant: Timestamp, at: TimeOfDay) -> Timestamp {
    let today = instant.floor(DAY) + at.after_midnight();
    if today > instant { today } else { today + DAY }
}
