//! What a play of fairness came to: by each org's own log, how late its records arrived there.
//!
//! Must not know: how it was played.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rules::ids::{ConnectionId, RecordKey};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use serde::Serialize;

use super::{Crowd, Due};
use crate::play::{Places, Play};
use crate::world::World;

/// How late the light connections' records were, from the tick at which each was due to its first arrival at Salesforce.
#[derive(Clone, Debug, Serialize)]
pub struct Delays {
    /// Records that became due from the first tick on until the heavy connection had none left, beside it or not.
    pub records: usize,
    /// Half of these were no later.
    pub median_seconds: f64,
    /// The latest of these.
    pub most_seconds: f64,
    /// Those of all that were more than one tick late.
    pub late: usize,
    /// Those of all that never arrived, or were never saved.
    pub missing: usize,
    /// How often a tick or a run found no place and waited.
    pub waits: u64,
    /// Ticks and runs that waited too long and were given up.
    pub given_up: u64,
}

/// How the heavy connection fared.
#[derive(Clone, Debug, Serialize)]
pub struct Heavy {
    /// Records that were due.
    pub records: usize,
    /// From the tick at which they were due to the last that was saved.
    pub seconds: f64,
    /// Ticks of the 20-minute schedule in that time, with the first.
    pub ticks: u64,
    /// Runs that called Salesforce.
    pub runs: usize,
    /// Their calls.
    pub calls: usize,
    /// Records that never arrived, or were never saved.
    pub missing: usize,
}

/// What both plays came to.
#[derive(Clone, Debug, Serialize)]
pub struct Fairness {
    /// How many ticks and runs could be under way at a time.
    pub ceiling: usize,
    /// The heavy connection.
    pub heavy: Heavy,
    /// The light ones beside it.
    pub beside: Delays,
    /// The same without its records.
    pub alone: Delays,
    /// What must never happen, and did.
    pub violations: Vec<String>,
}

/// What one play came to.
pub(super) struct Told {
    heavy: Heavy,
    light: Light,
    waits: u64,
    given_up: u64,
    violations: Vec<String>,
}

/// When each light record that arrived was due, and how late it arrived; and how many there are that never did or were never saved.
struct Light {
    arrived: Vec<(Timestamp, Duration)>,
    missing: usize,
}

impl Fairness {
    pub(super) fn of(crowd: &Crowd, start: Timestamp, beside: Told, alone: Told) -> Self {
        let first = next_tick_after(start, TICK);
        let until = first + Duration::from_secs_f64(beside.heavy.seconds);
        Self {
            ceiling: crowd.ceiling,
            beside: beside.delays(until),
            alone: alone.delays(until),
            heavy: beside.heavy,
            violations: beside.violations.into_iter().chain(alone.violations).collect(),
        }
    }

    /// Whether no light record was more than one tick late, every record was sent and saved, and no invariant was violated.
    #[must_use]
    pub fn holds(&self) -> bool {
        let is_well = |delays: &Delays| delays.late == 0 && delays.missing == 0;
        is_well(&self.beside) && is_well(&self.alone) && self.heavy.missing == 0 && self.violations.is_empty()
    }
}

impl Told {
    /// The delays of what was due up to `until`.
    fn delays(&self, until: Timestamp) -> Delays {
        let Light { arrived, missing } = &self.light;
        let within = arrived.iter().filter(|(tick, _)| *tick <= until);
        let mut delays: Vec<Duration> = within.map(|(_, delay)| *delay).collect();
        delays.sort_unstable();
        let seconds = |delay: Option<&Duration>| delay.map_or(0.0, Duration::as_secs_f64);
        Delays {
            records: delays.len(),
            median_seconds: seconds(delays.get(delays.len() / 2)),
            most_seconds: seconds(delays.last()),
            late: arrived.iter().filter(|(_, delay)| *delay > TICK).count(),
            missing: *missing,
            waits: self.waits,
            given_up: self.given_up,
        }
    }
}

/// Tells of a play that has gone on to its end.
pub(super) fn told(play: Play, heavy: &ConnectionId, due: &[Due]) -> Told {
    let world = play.world.clone();
    let places = play.places.as_ref();
    let (waits, given_up) = places.map_or((0, 0), |Places { turned_away, given_up, .. }| (*turned_away, *given_up));
    // Its checks let each org save what is to be saved by then.
    let violations = play.ends().violations;
    Told { heavy: of_heavy(&world, heavy), light: of_light(&world, due), waits, given_up, violations }
}

fn of_light(world: &World, due: &[Due]) -> Light {
    let ids: BTreeSet<&ConnectionId> = due.iter().map(|(key, _)| &key.connection).collect();
    let first: BTreeMap<RecordKey, Timestamp> = ids.into_iter().flat_map(|id| first_arrivals(world, id)).collect();
    let is_saved = |key: &RecordKey| world.orgs.of(&key.connection, |org| org.row(key).is_some());
    let arrived = due.iter().filter_map(|(key, tick)| Some((*tick, first.get(key)?.since(*tick))));
    let missing = due.iter().filter(|(key, _)| !first.contains_key(key) || !is_saved(key)).count();
    Light { arrived: arrived.collect(), missing }
}

fn first_arrivals(world: &World, id: &ConnectionId) -> BTreeMap<RecordKey, Timestamp> {
    let mut first = BTreeMap::new();
    world.orgs.of(id, |org| {
        for call in &org.calls {
            for part in &call.parts {
                first.entry(part.key.clone()).or_insert(call.arrived);
            }
        }
    });
    first
}

fn of_heavy(world: &World, id: &ConnectionId) -> Heavy {
    let keys = world.keys(id);
    world.orgs.of(id, |org| {
        let runs: BTreeSet<_> = org.calls.iter().map(|call| call.process).collect();
        let due = org.calls.first().map(|call| call.arrived.floor(TICK));
        let rows = || keys.iter().filter_map(|key| org.row(key));
        let saved = rows().map(|row| row.written).max();
        let took = saved.zip(due).map_or(Duration::ZERO, |(saved, due)| saved.since(due));
        Heavy {
            records: keys.len(),
            seconds: took.as_secs_f64(),
            ticks: if keys.is_empty() { 0 } else { took.as_secs() / TICK.as_secs() + 1 },
            runs: runs.len(),
            calls: org.calls.len(),
            missing: keys.len() - rows().count(),
        }
    })
}
