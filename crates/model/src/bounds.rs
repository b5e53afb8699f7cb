//! The bounds: which instants there are, which faults may happen, and which rule is off.
//!
//! Must not know: how the search goes.

use std::time::Duration;

use rules::counts::ApiCalls;
use rules::time::Timestamp;

use crate::broken::Break;
use crate::faults::{Fault, Faults};
use crate::scene::FIRST_TICK;

/// The bounds of one search. Within them it is exhaustive.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "who takes part is free to combine")]
pub struct Bounds {
    /// What it is called.
    pub name: String,
    /// The instants, in seconds after the first tick.
    pub moments: &'static [u64],
    /// When the second tick is, in seconds after the first; none when there is no second one.
    pub second_tick: Option<u64>,
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

/// The instants of two ticks 20 minutes apart. They stand on both sides of everything that ends: a run's last send (12:30 after its
/// start) and its lease (16:00), a bucket (20:00), the quarantine of what is sent at 10:00 (23:30), and the leases of runs that start
/// at 10:00 and at 20:00.
const NEAR: &[u64] = &[0, 600, 1_200, 1_440, 2_170];

/// As [`NEAR`], and with 15:57, when a lease is over for a clock that is ahead.
const NEAR_WITH_SKEW: &[u64] = &[0, 600, 957, 1_200, 1_440, 2_170];

/// Whether a lease can end by a clock that is ahead, while its holder is dead or stalls. A holder that lives has let it go by then.
const fn leases_end_early(faults: Faults) -> bool {
    faults.has(Fault::Skew) && (faults.has(Fault::Crash) || faults.has(Fault::Stall))
}

/// The second tick a day after the first: a run reserves at 19:00, in the first bucket, may still send at 24:00, in the second, and at
/// 24:22:30 a day later the first bucket has ceased to count.
const DAY: &[u64] = &[0, 1_140, 1_440, 87_750];

impl Bounds {
    /// Two ticks 20 minutes apart, and nobody else.
    #[must_use]
    pub fn two_ticks(faults: Faults) -> Self {
        Self {
            name: format!("two ticks, faults: {faults}"),
            moments: if leases_end_early(faults) { NEAR_WITH_SKEW } else { NEAR },
            second_tick: Some(1_200),
            faults,
            apart: false,
            cap: ApiCalls(3),
            block: ApiCalls(2),
            fails: false,
            succeeds: false,
            asks: false,
            broken: None,
        }
    }

    /// The same, and a newer failure of A.
    #[must_use]
    pub fn failing(faults: Faults) -> Self {
        let name = format!("two ticks and a newer failure, faults: {faults}");
        Self { name, fails: true, ..Self::two_ticks(faults) }
    }

    /// Two ticks, and a success of A.
    #[must_use]
    pub fn succeeding(faults: Faults) -> Self {
        let name = format!("two ticks and a success, faults: {faults}");
        Self { name, succeeds: true, ..Self::two_ticks(faults) }
    }

    /// Two ticks, a newer failure and a success of A, in any order.
    #[must_use]
    pub fn reporting(faults: Faults) -> Self {
        let name = format!("two ticks, a newer failure and a success, faults: {faults}");
        Self { name, fails: true, succeeds: true, ..Self::two_ticks(faults) }
    }

    /// One tick, and a person who asks for both records.
    #[must_use]
    pub fn asking(faults: Faults) -> Self {
        let name = format!("one tick and a forced run, faults: {faults}");
        Self { name, second_tick: None, asks: true, ..Self::two_ticks(faults) }
    }

    /// One tick, a person who asks, a newer failure and a success of A.
    #[must_use]
    pub fn asking_and_reporting(faults: Faults) -> Self {
        let name = format!("one tick, a forced run, a newer failure and a success, faults: {faults}");
        Self { name, fails: true, succeeds: true, ..Self::asking(faults) }
    }

    /// Two ticks, and a person who asks for both records.
    #[must_use]
    pub fn three_runs(faults: Faults) -> Self {
        let name = format!("two ticks and a forced run, faults: {faults}");
        Self { name, asks: true, ..Self::two_ticks(faults) }
    }

    /// Two ticks a day apart and a person who asks, with a batch for each record and two calls in 24 hours.
    #[must_use]
    pub fn day(faults: Faults) -> Self {
        Self {
            name: format!("two ticks a day apart and a forced run, faults: {faults}"),
            moments: DAY,
            second_tick: Some(87_600),
            apart: true,
            cap: ApiCalls(2),
            asks: true,
            ..Self::two_ticks(faults)
        }
    }

    /// The same bounds for a broken protocol.
    #[must_use]
    pub fn without(self, rule: Break) -> Self {
        Self { broken: Some(rule), ..self }
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

    /// The second tick, if there is one.
    #[must_use]
    pub fn second_tick(&self) -> Option<Timestamp> {
        self.second_tick.map(|seconds| FIRST_TICK + Duration::from_secs(seconds))
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
