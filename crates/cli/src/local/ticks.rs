//! When a job's tick is carried out on a wall clock that sleeps, jumps, and is put right: decided from times alone.
//!
//! Must not know: what time it is, what a job does.

use std::time::Duration;

use engine::fan_out::Schedule;
use rules::schedule::TICK;
use rules::time::{TimeOfDay, Timestamp};
use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_hours(24);

/// 11:30 UTC: the first of the two sweeps of a day, as `template.yaml` schedules them; the other is 12 hours later.
const SWEEP: TimeOfDay = TimeOfDay::new(11, 30).expect("a time of day");

/// 02:10 UTC: when neither a sweep nor the timeout queue begins.
const QUIET: TimeOfDay = TimeOfDay::new(2, 10).expect("a time of day");

/// What is done at set times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Job {
    /// The schedule of every 20 minutes.
    Due,
    /// The schedule of every midnight.
    TimedOut,
    /// The schedule of 11:30 and 23:30.
    Recent,
    /// What is kept no longer is removed.
    Housekeeping,
}

/// All jobs.
pub(super) const JOBS: [Job; 4] = [Job::Due, Job::TimedOut, Job::Recent, Job::Housekeeping];

/// What is to be done about a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It was never done: this tick counts as done, there is nothing to catch up.
    Begin(Timestamp),
    /// Its next tick is to come.
    Wait,
    /// This tick is to be carried out; earlier ones that were missed are not.
    Fire(Timestamp),
    /// What was noted lies further ahead than the next tick can: a clock was wrong. This tick counts as the last.
    Reset(Timestamp),
}

impl Job {
    /// The function of the cloud that does it, if one does.
    pub(crate) fn schedule(self) -> Option<Schedule> {
        match self {
            Self::Due => Some(Schedule::Due),
            Self::TimedOut => Some(Schedule::TimedOut),
            Self::Recent => Some(Schedule::Recent),
            Self::Housekeeping => None,
        }
    }

    /// The latest tick that is not after `now`.
    pub(crate) fn latest(self, now: Timestamp) -> Timestamp {
        let (every, shift) = self.grid();
        (now - shift).floor(every) + shift
    }

    /// The first tick after `now`.
    pub(super) fn next(self, now: Timestamp) -> Timestamp {
        let (every, _) = self.grid();
        self.latest(now) + every
    }

    /// How far apart its ticks are, and how long after a multiple of that.
    fn grid(self) -> (Duration, Duration) {
        match self {
            Self::Due => (TICK, Duration::ZERO),
            Self::TimedOut => (DAY, Duration::ZERO),
            Self::Recent => (DAY / 2, SWEEP.after_midnight()),
            Self::Housekeeping => (DAY, QUIET.after_midnight()),
        }
    }

    /// What is to be done at `now`, when `last` is the last tick that was carried out.
    pub(super) fn decide(self, last: Option<Timestamp>, now: Timestamp) -> Decision {
        let latest = self.latest(now);
        let (every, _) = self.grid();
        match last {
            None => Decision::Begin(latest),
            Some(last) if last > now + every => Decision::Reset(latest),
            Some(last) if latest > last => Decision::Fire(latest),
            Some(_) => Decision::Wait,
        }
    }
}

#[cfg(test)]
mod tests;
