//! The two retry policies with all their settings and defaults.
//!
//! Must not know: records' states (`verdict` applies a policy to them), the API budget (`budget`).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::schedule::{TICK, next_daily_after, next_tick_after};
use crate::time::{TimeOfDay, Timestamp};

/// How a connection's failures are retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Policy {
    /// Every 20 minutes up to ten times, then a timeout queue every midnight.
    Interval(IntervalPolicy),
    /// Twice a day, all failures of the past 7 days, 50,000 at a time.
    Recent(RecentPolicy),
}

/// The settings of the interval policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalPolicy {
    /// Minutes between two tries of a record; 20. The schedule ticks every 20 minutes, so others are rounded up to a tick.
    pub every_minutes: u32,
    /// Failed tries after which a record goes to the timeout queue; 10.
    pub tries: u32,
    /// When the timeout queue is retried, UTC; 00:00.
    pub nightly_at: TimeOfDay,
    /// Error types that no schedule tries; none.
    pub excluded: BTreeSet<ErrorType>,
}

impl Default for IntervalPolicy {
    fn default() -> Self {
        Self { every_minutes: 20, tries: 10, nightly_at: TimeOfDay::MIDNIGHT, excluded: BTreeSet::new() }
    }
}

impl IntervalPolicy {
    /// The time between two tries.
    #[must_use]
    pub fn every(&self) -> Duration {
        Duration::from_secs(u64::from(self.every_minutes) * 60)
    }

    /// When a record that failed between two ticks is tried first: at the very next tick of the schedule.
    #[must_use]
    pub fn first_try(&self, failed: Timestamp) -> Timestamp {
        next_tick_after(failed, TICK)
    }

    /// When a record that failed at `tick` is tried again.
    #[must_use]
    pub fn next_try(&self, tick: Timestamp) -> Timestamp {
        tick + self.every()
    }

    /// The nightly run after `tick`.
    #[must_use]
    pub fn next_night(&self, tick: Timestamp) -> Timestamp {
        next_daily_after(tick, self.nightly_at)
    }
}

/// The settings of the recent policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentPolicy {
    /// Days after a record's first failure in which sweeps try it; 7.
    pub window_days: u32,
    /// When the sweeps start, UTC; 11:30 and 23:30. Used to forecast; the schedule itself is the deployment's.
    pub sweeps_at: Vec<TimeOfDay>,
    /// Records that one invocation takes before it hands on; 50,000.
    pub batch: u32,
    /// Error types that no sweep reads; DACO-02.
    pub excluded: BTreeSet<ErrorType>,
}

impl Default for RecentPolicy {
    fn default() -> Self {
        let daco_02 = ErrorType::parse("daco-02").expect("a valid error type");
        let at = |hour| TimeOfDay::new(hour, 30).expect("a valid time of day");
        Self { window_days: 7, sweeps_at: vec![at(11), at(23)], batch: 50_000, excluded: BTreeSet::from([daco_02]) }
    }
}

impl RecentPolicy {
    /// The time after its first failure in which a record is swept.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_hours(24) * self.window_days
    }

    /// The first failure that a sweep started at `tick` still reaches.
    #[must_use]
    pub fn horizon(&self, tick: Timestamp) -> Timestamp {
        tick - self.window()
    }

    /// The first sweep after `now`, if any is set.
    #[must_use]
    pub fn next_sweep(&self, now: Timestamp) -> Option<Timestamp> {
        self.sweeps_at.iter().map(|&at| next_daily_after(now, at)).min()
    }
}

impl Policy {
    /// The policy's name, as in `kind`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Interval(_) => "interval",
            Self::Recent(_) => "recent",
        }
    }

    /// Whether no schedule may try this error type.
    #[must_use]
    pub fn excludes(&self, error_type: &ErrorType) -> bool {
        match self {
            Self::Interval(policy) => policy.excluded.contains(error_type),
            Self::Recent(policy) => policy.excluded.contains(error_type),
        }
    }
}
