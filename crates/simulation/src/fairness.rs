//! Fairness: one connection with very many due records beside others with few, under a ceiling of ticks and runs at a time, and the same
//! without the one's records. Nothing breaks. How late the others' records arrive at Salesforce is told.
//!
//! Must not know: what a run or a tick does.

mod heavy;
mod told;

use std::collections::BTreeSet;
use std::time::Duration;

use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use serde_json::{Value, json};

pub use told::{Delays, Fairness, Heavy};

use crate::chance::Chance;
use crate::faults::Faults;
use crate::oracle::Reported;
use crate::people::Step;
use crate::play::{Happening, Places, Play};
use crate::scene::create_these;
use crate::trace::Trace;
use crate::world::World;

/// Two hours and a half before a midnight, so that the ticks of all three schedules are among those that follow.
const START: i64 = 1_772_486_700_000;

/// How long the light connections' records fail, and how long there is for what is left after that.
const SPANS: (Duration, Duration) = (Duration::from_hours(3), Duration::from_hours(3));

/// The records of each light connection.
const RECORDS: usize = 20;

/// How much later than what was written the indexes are, which is what they are on a quiet day.
const LAG: Duration = Duration::from_millis(200);

/// The calls that nobody comes to.
const AMPLE: u64 = 100_000_000;

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// The due records of the heavy connection.
    pub heavy: usize,
    /// The light connections, of 20 records each.
    pub light: usize,
    /// How often each of them is refused before it is saved.
    pub refusals: u32,
    /// How many ticks and runs may be under way at a time, over all connections.
    pub ceiling: usize,
    /// How long the heavy connection's org works at each call, when it is not as quick as the others.
    pub slow: Option<Duration>,
}

/// A record, and the tick at which it is due first.
type Due = (RecordKey, Timestamp);

/// Plays the crowd, and then the light connections alone.
#[must_use]
pub fn fairness(crowd: &Crowd) -> Fairness {
    let beside = scenario(crowd);
    let alone = scenario(&Crowd { heavy: 0, ..*crowd });
    Fairness::of(crowd, Timestamp::from_millis(START), beside, alone)
}

fn scenario(crowd: &Crowd) -> told::Told {
    let start = Timestamp::from_millis(START);
    let heavy = name("heavy");
    let lights: Vec<ConnectionId> = (0..crowd.light).map(|number| name(&format!("light-{number:04}"))).collect();
    let all: BTreeSet<ConnectionId> = lights.iter().chain([&heavy]).cloned().collect();
    let settings: Vec<Value> = all.iter().map(settings).collect();
    let world = World::new(start, Chance::of(0, 1), Faults::none(Chance::of(0, 2)), Trace::new(false), all);
    create_these(&world, &settings);
    world.table.lag(LAG);
    heavy::fill(&world, &heavy, crowd);
    let mut play = Play::new(0, world, SPANS);
    play.places = Some(Places::new(crowd.ceiling));
    let due = plan(&mut play, &lights);
    play.plan_ticks(start);
    play.goes_on();
    told::told(play, &heavy, &due)
}

/// Decides when each light record fails, which is the same in every play, whatever else chance decides.
fn plan(play: &mut Play, lights: &[ConnectionId]) -> Vec<Due> {
    let (start, chance) = (play.world.now(), Chance::of(0, 5));
    let mut due = Vec::new();
    for key in lights.iter().flat_map(|id| (0..RECORDS).map(|number| key(id, number))) {
        let failed = early(start + chance.span(Duration::ZERO, SPANS.0));
        due.push((key.clone(), next_tick_after(failed, TICK)));
        play.at(failed, Happening::Source(Step::Writes { key, what: Reported::Failed }));
    }
    due
}

/// At least a minute before a tick, so that the report is there by then.
fn early(failed: Timestamp) -> Timestamp {
    failed.min(next_tick_after(failed, TICK) - Duration::from_mins(1))
}

fn name(text: &str) -> ConnectionId {
    ConnectionId::new(text).expect("a short name")
}

/// Settings that leave everything as it is by itself, but for a limit that nobody comes to.
fn settings(id: &ConnectionId) -> Value {
    json!({ "id": id, "policy": { "kind": "interval" }, "budget": { "api_limit": AMPLE } })
}

fn key(connection: &ConnectionId, number: usize) -> RecordKey {
    let object = ObjectName::new("Contact").expect("a name of Salesforce's");
    let id = RecordId::new(format!("{}-{number:07}", &connection.as_str()[..2])).expect("a short text");
    RecordKey { connection: connection.clone(), object, id }
}
