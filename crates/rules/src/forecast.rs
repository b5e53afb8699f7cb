//! The forecast: when the records that wait will have been tried, as far as the API budget goes.
//!
//! Must not know: single records, who asks.
//!
//! It assumes, and says so in words ([`ASSUMPTIONS`]), that sources make the calls of the past 24 hours again, at the same times
//! of the day; that each record costs its share of one full call, once; and that whatever is left of the budget at a tick is
//! used at that tick.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::budget::{Bucket, Budget};
use crate::connection::Connection;
use crate::control::Control;
use crate::counts::ApiCalls;
use crate::policy::Policy;
use crate::schedule::{TICK, next_tick_after};
use crate::time::Timestamp;

/// The records of one full call. Source: sObject Collections, at most 200 records.
pub const RECORDS_A_CALL: u64 = 200;

/// How far a forecast looks.
pub const HORIZON: Duration = Duration::from_hours(24 * 30);

/// Buckets in a day, after which what sources do begins anew.
const DAY: u32 = 72;

/// Ticks without a call left after which there never is one: all our own calls have left the window by then, and sources have
/// been through a whole day.
const NEVER: u32 = 2 * (DAY + 2);

/// What a forecast takes for granted, for a person.
pub const ASSUMPTIONS: [&str; 6] = [
    "sources make the calls of the past 24 hours again, at the same times of the day; what is told of one record or of the budget's gate \
     takes it that they make none",
    "each waiting record costs its share of a call with 200 records, once; sign-ins and retries that fail again are left out",
    "calls come back as 20 minutes after 20 minutes leave the past 24 hours, and are used at the next tick",
    "nothing new fails meanwhile, and the org's own limit leaves room",
    "the numbers of records are kept by counting and put right every night: they are about right",
    "under a policy with a window, records that left it are counted as waiting until somebody deletes or retries them",
];

/// The calls that it takes to try so many records once.
#[must_use]
pub fn calls_for(records: u64) -> ApiCalls {
    ApiCalls(records.div_ceil(RECORDS_A_CALL))
}

/// Why no end of the backlog can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endless {
    /// A person paused the connection.
    Paused,
    /// The connection is suspended.
    Suspended,
    /// No sweep is set.
    NoSchedule,
    /// The cap allows no call at all.
    NoCap,
    /// Sources use all there is.
    NoRoom,
    /// It takes longer than a forecast looks.
    TooLong,
}

impl Endless {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Paused => "a person paused the connection",
            Self::Suspended => "the connection is suspended",
            Self::NoSchedule => "no sweep is set",
            Self::NoCap => "the cap is 0 calls, so that nothing is ever sent; only a higher limit helps",
            Self::NoRoom => "if sources make the calls of the past day again, they take all that comes back",
            Self::TooLong => "at this rate it takes more than 30 days",
        }
    }
}

/// When the backlog will have been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clears {
    /// Nothing waits.
    Nothing,
    /// At this tick the last call is made.
    At(Timestamp),
    /// Nobody can tell.
    Unknown(Endless),
}

/// A forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// When a budget that is used up has a call left at a tick; none when it is not used up, never will have one, or when the
    /// connection is stopped for another reason.
    pub resumes: Option<Timestamp>,
    /// When the backlog will have been tried.
    pub clears: Clears,
    /// The calls that this takes.
    pub calls_needed: ApiCalls,
}

/// The records that a connection's schedules will try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// All of them.
    pub records: u64,
    /// Those of them that are in the timeout queue, which waits for its night.
    pub timed_out: u64,
}

/// The forecast of a connection with so many records that its schedules will try.
#[must_use]
pub fn forecast(
    connection: &Connection,
    control: &Control,
    budget: &Budget<'_>,
    waiting: Waiting,
    now: Timestamp,
) -> Forecast {
    let batches = batches(connection, control, waiting, now);
    let calls_needed = batches.iter().map(|batch| batch.calls).sum();
    let course = Course::of(budget, now);
    let stopped = stopped(connection, control, budget);
    let waits = budget.used(now) >= budget.cap && stopped.is_none();
    let one = Batch { from: Some(next_tick_after(now, TICK)), calls: ApiCalls(1) };
    let resumes = waits.then(|| course.clone().spend(&[one]).ok()).flatten();
    let clears = match stopped {
        _ if calls_needed == ApiCalls(0) => Clears::Nothing,
        Some(why) => Clears::Unknown(why),
        None => course.spend(&batches).map_or_else(Clears::Unknown, Clears::At),
    };
    Forecast { resumes, clears, calls_needed }
}

fn stopped(connection: &Connection, control: &Control, budget: &Budget<'_>) -> Option<Endless> {
    match (connection.paused, &control.suspension) {
        (true, _) => Some(Endless::Paused),
        (false, Some(_)) => Some(Endless::Suspended),
        (false, None) => (budget.cap == ApiCalls(0)).then_some(Endless::NoCap),
    }
}

/// Calls that a schedule makes from one tick on.
#[derive(Clone, Copy, Debug)]
struct Batch {
    /// The tick; none when no schedule is set.
    from: Option<Timestamp>,
    calls: ApiCalls,
}

/// What the schedules do with the records that wait.
fn batches(connection: &Connection, control: &Control, waiting: Waiting, now: Timestamp) -> [Batch; 2] {
    let (tick, owed) = (next_tick_after(now, TICK), &control.owed);
    let timed_out = waiting.timed_out.min(waiting.records);
    let (first, night) = match &connection.policy {
        Policy::Interval(_) if owed.timed_out.is_some() => (Some(tick), Some(tick)),
        Policy::Interval(policy) => (Some(tick), Some(policy.next_night(now))),
        Policy::Recent(_) if owed.recent.is_some() => (Some(tick), None),
        Policy::Recent(policy) => (policy.next_sweep(now), None),
    };
    let nightly = Batch { from: night.or(first), calls: calls_for(timed_out) };
    [Batch { from: first, calls: calls_for(waiting.records - timed_out) }, nightly]
}

/// The budget's way from now on.
#[derive(Clone, Debug)]
struct Course {
    cap: ApiCalls,
    request_timeout: Duration,
    now: Timestamp,
    /// Calls that were made, or are taken to be made, by bucket.
    calls: BTreeMap<Bucket, ApiCalls>,
    /// What sources reported, by bucket; what they made in the past day they make again.
    reported: BTreeMap<Bucket, ApiCalls>,
}

impl Course {
    fn of(budget: &Budget<'_>, now: Timestamp) -> Self {
        let mut calls: BTreeMap<Bucket, ApiCalls> = BTreeMap::new();
        for (bucket, made) in budget.own.buckets().chain(budget.reported.buckets()) {
            *calls.entry(bucket).or_default() += made;
        }
        let reported = budget.reported.buckets().collect();
        Self { cap: budget.cap, request_timeout: budget.request_timeout, now, calls, reported }
    }

    /// The tick at which the last of these calls is made, when all that is left at each tick is used for those whose time has come.
    fn spend(mut self, batches: &[Batch]) -> Result<Timestamp, Endless> {
        let mut work = Vec::new();
        for batch in batches.iter().filter(|batch| batch.calls > ApiCalls(0)) {
            work.push((batch.from.ok_or(Endless::NoSchedule)?, batch.calls));
        }
        let needed_by = |tick| work.iter().filter(|(from, _)| *from <= tick).map(|(_, calls)| *calls).sum::<ApiCalls>();
        let all: ApiCalls = work.iter().map(|(_, calls)| *calls).sum();
        let (mut made, mut idle) = (ApiCalls(0), 0);
        let mut tick = work.iter().map(|(from, _)| *from).min().unwrap_or(self.now);
        let mut foreseen = Bucket::of(self.now);
        while tick <= self.now + HORIZON {
            // What sources are taken to make in a bucket is made by its end.
            while foreseen < Bucket::of(tick) {
                self.foresee(foreseen);
                foreseen = Bucket(foreseen.0 + 1);
            }
            self.calls.retain(|bucket, _| bucket.counts_until(self.request_timeout) > tick);
            let used = self.calls.values().copied().sum();
            let needed = needed_by(tick).less(made);
            let left = self.cap.less(used).min(needed);
            if left > ApiCalls(0) {
                *self.calls.entry(Bucket::of(tick)).or_default() += left;
                made += left;
                idle = 0;
            } else if needed > ApiCalls(0) {
                idle += 1;
            }
            if made == all {
                return Ok(tick);
            }
            if idle > NEVER {
                return Err(Endless::NoRoom);
            }
            tick = next_tick_after(tick, TICK);
        }
        Err(Endless::TooLong)
    }

    /// Adds what sources are taken to make in `bucket`, beyond what they reported of it already. Of the 20 minutes under way the
    /// greater number holds: that of yesterday, or what is reported so far.
    fn foresee(&mut self, bucket: Bucket) {
        let this = Bucket::of(self.now);
        let of = |bucket: u32| self.reported.get(&Bucket(bucket)).copied().unwrap_or_default();
        let yesterday = bucket.0.saturating_sub(((bucket.0 - this.0) / DAY + 1) * DAY);
        let usual = if yesterday + DAY == this.0 { of(yesterday).max(of(this.0)) } else { of(yesterday) };
        *self.calls.entry(bucket).or_default() += usual.less(of(bucket.0));
    }
}
