//! The bounds: which instants there are, which faults may happen, and which rule is off.
//!
//! Must not know: how the search goes.

use std::time::Duration;

use rules::counts::ApiCalls;
use rules::time::Timestamp;

use crate::broken::Break;
use crate::faults::Faults;
use crate::scene::FIRST_TICK;

/// The bounds of one search. Within them it is exhaustive.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// What it is called.
    pub name: String,
    /// The instants, in seconds after the first tick.
    pub moments: &'static [u64],
    /// When the second tick is, in seconds after the first.
    pub second_tick: u64,
    /// The faults that may happen, each once.
    pub faults: Faults,
    /// Whether the records are of two objects, so that each needs a batch of its own.
    pub apart: bool,
    /// The most calls in 24 hours.
    pub cap: ApiCalls,
    /// The calls that are reserved at a time.
    pub block: ApiCalls,
    /// Whether A's source reports a newer failure.
    pub fails: bool,
    /// Whether A's source reports a success.
    pub succeeds: bool,
    /// Whether a person asks for both records.
    pub asks: bool,
    /// The rule that is switched off, if any.
    pub broken: Option<Break>,
}

/// Two ticks 20 minutes apart. The instants stand on both sides of everything that ends: a run's last send (12:30 after its start),
/// its lease (16:00; at 15:57 it is over for a clock that is ahead), a bucket (20:00), the quarantine of what is sent at 10:00
/// (23:30), and the leases of runs that start at 10:00 and 20:00.
pub const NEAR: &[u64] = &[0, 600, 1_200, 1_440, 2_170];

/// The second tick a day after the first: a run reserves at 19:00, in the first bucket, may still send at 24:00, in the second, and at
/// 24:22:30 a day later the first bucket has ceased to count.
pub const DAY: &[u64] = &[0, 1_140, 1_440, 87_750];

impl Bounds {
    /// Two ticks 20 minutes apart, everybody takes part, and nothing breaks.
    #[must_use]
    pub fn near(faults: Faults) -> Self {
        Self {
            name: format!("near, {faults}"),
            moments: NEAR,
            second_tick: 1_200,
            faults,
            apart: false,
            cap: ApiCalls(4),
            block: ApiCalls(2),
            fails: true,
            succeeds: true,
            asks: true,
            broken: None,
        }
    }

    /// Two ticks a day apart, with a batch for each record.
    #[must_use]
    pub fn day(faults: Faults) -> Self {
        Self {
            name: format!("day, {faults}"),
            moments: DAY,
            second_tick: 87_600,
            apart: true,
            cap: ApiCalls(2),
            fails: false,
            succeeds: false,
            ..Self::near(faults)
        }
    }

    /// The instant of a moment.
    #[must_use]
    pub fn instant(&self, moment: u8) -> Timestamp {
        FIRST_TICK + Duration::from_secs(self.moments[usize::from(moment)])
    }

    /// The instant, as far as the window of 24 hours is concerned: one for all when the instants lie within a day.
    #[must_use]
    pub fn day_of(&self, instant: Timestamp) -> Timestamp {
        let within_a_day = self.moments.iter().all(|seconds| *seconds < 86_400);
        if within_a_day { FIRST_TICK } else { instant }
    }

    /// The second tick.
    #[must_use]
    pub fn second_tick(&self) -> Timestamp {
        FIRST_TICK + Duration::from_secs(self.second_tick)
    }

    /// Whether the protocol lacks this rule.
    #[must_use]
    pub fn lacks(&self, rule: Break) -> bool {
        self.broken == Some(rule)
    }

    /// Whether something reads with eventual consistency.
    #[must_use]
    pub fn reads_lag(&self) -> bool {
        self.lacks(Break::EventualRead)
    }
}
