//! The real time, which the binaries live in: ticks and failures of the tests are near it.
//!
//! Must not know: what happens when.

use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use rules::time::Timestamp;

/// Now, in whole seconds, as schedules and sources write it.
pub(super) fn now() -> Timestamp {
    SystemClock.now().floor(Duration::from_secs(1))
}

/// One hour.
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Between two ticks of the 20-minute schedule.
pub(super) const TICK: Duration = Duration::from_mins(20);

/// How long Lambda lets a retry function run.
pub(super) const INVOCATION: Duration = Duration::from_mins(15);
