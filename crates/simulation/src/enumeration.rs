//! Crash enumeration: one small scenario, in which nothing else breaks, is played as often as its run has awaits, and the run dies at
//! another of them each time; then so is the run that takes over from each of those, which dies at each of its own.
//!
//! Must not know: what a run does at an await.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::resync::{Action, Wanted};
use rules::time::Timestamp;
use serde_json::json;

use crate::chance::Chance;
use crate::cloud::Temper;
use crate::faults::Faults;
use crate::oracle::Reported;
use crate::people::{Step, Wish};
use crate::play::{Happening, Play, Played};
use crate::scene::create_these;
use crate::trace::Trace;
use crate::world::World;

/// Two hours and a half before a midnight, so that the night's tick is among those that follow.
const START: i64 = 1_772_486_700_000;

/// How long the runs may die, and how long it is quiet after that.
const SPANS: (Duration, Duration) = (Duration::from_mins(50), Duration::from_mins(150));

/// Which deaths are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One run dies.
    Singles,
    /// One run dies, and then the one that takes over from it: at every `step`-th of its awaits.
    Pairs {
        /// 1 for every pair.
        step: usize,
    },
}

/// What the plays came to.
#[derive(Clone, Debug, Default)]
pub struct Enumerated {
    /// The awaits of the runs that work.
    pub awaits: u64,
    /// Plays.
    pub plays: u64,
    /// What must never happen, with the deaths that led there: the number of a run, and the await at which it died.
    pub violations: Vec<String>,
}

/// A death: the number of the run, and the await.
type Death = (usize, u64);

/// A run that only found the lease taken has fewer awaits than this.
const WORKS: u64 = 20;

/// Plays every death of the scenario, some at a time.
///
/// # Panics
/// When a play does, which the simulation itself would be to blame for.
#[must_use]
pub fn enumerate(which: Which, threads: usize) -> Enumerated {
    let (_, runs) = scenario(&[]);
    let working = runs.iter().enumerate().filter(|(_, awaits)| **awaits >= WORKS);
    let first: Vec<Death> = working.flat_map(|(run, awaits)| (1..=*awaits).map(move |at| (run, at))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut enumerated = Enumerated::default();
        while let Some(death) = first.get(next.fetch_add(1, Ordering::Relaxed)) {
            enumerated.dies(*death, which);
        }
        enumerated
    };
    let parts: Vec<Enumerated> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a play does not panic")).collect()
    });
    let awaits = first.len() as u64;
    parts.into_iter().fold(Enumerated { awaits, ..Enumerated::default() }, Enumerated::and)
}

impl Enumerated {
    fn and(mut self, other: Self) -> Self {
        self.plays += other.plays;
        self.violations.extend(other.violations);
        self
    }

    fn dies(&mut self, death: Death, which: Which) {
        let runs = self.with(&[death]);
        let Which::Pairs { step } = which else { return };
        let later = runs.iter().enumerate().skip(death.0 + 1);
        if let Some((heir, awaits)) = later.into_iter().find(|(_, awaits)| **awaits >= WORKS) {
            for at in (1..=*awaits).step_by(step.max(1)) {
                self.with(&[death, (heir, at)]);
            }
        }
    }

    /// Plays these deaths; how many awaits each run came to.
    fn with(&mut self, deaths: &[Death]) -> Vec<u64> {
        let (played, runs) = scenario(deaths);
        self.plays += 1;
        let said = played.violations.iter().map(|what| format!("died at {deaths:?}: {what}"));
        self.violations.extend(said);
        runs
    }
}

/// Six records of two objects are due at one tick; while their run is under way a person wants two of them at once, and one succeeds at
/// its source.
fn scenario(deaths: &[Death]) -> (Played, Vec<u64>) {
    let connection = ConnectionId::new("alder").expect("a short name");
    let start = Timestamp::from_millis(START);
    let faults = Faults::none(Chance::of(0, 2));
    let trace = Trace::new(false);
    let world = World::new(start, Chance::of(0, 1), faults, trace, BTreeSet::from([connection.clone()]));
    create_these(&world, &[json!({ "id": connection, "policy": { "kind": "interval" }, "calls_in_flight": 2 })]);
    let mut play = Play::new(0, world, SPANS);
    play.deaths = deaths.iter().copied().collect();
    let tempers = [(0, "UNABLE_TO_LOCK_ROW"), (1, "UNABLE_TO_LOCK_ROW"), (1, "ENTITY_IS_DELETED")];
    let keys: Vec<RecordKey> = (0..6).map(|number| key(&connection, number)).collect();
    for (number, key) in keys.iter().enumerate() {
        let (times, code) = tempers[number % tempers.len()];
        play.world.orgs.of(&connection, |org| org.tempers.insert(key.clone(), Temper::Refused { times, code }));
        let step = Step::Writes { key: key.clone(), what: Reported::Failed };
        play.at(start + Duration::from_secs(number as u64), Happening::Source(step));
    }
    let named = keys[..2].iter().map(|key| (key.object.clone(), key.id.clone()));
    let wanted = Wanted::records(named).expect("two records");
    let wish = Wish::Request { id: "w".to_owned(), action: Action::Resync, wanted, planned: false };
    let tick = start.floor(Duration::from_mins(20)) + Duration::from_mins(20);
    play.at(tick + Duration::from_millis(800), Happening::Wish(connection, wish));
    let succeeds = Step::Writes { key: keys[3].clone(), what: Reported::Succeeded };
    play.at(tick + Duration::from_millis(1_200), Happening::Source(succeeds));
    play.plan_ticks(start);
    play.goes_on();
    let runs = play.runs.iter().map(|(_, awaits)| *awaits).collect();
    (play.ends(), runs)
}

fn key(connection: &ConnectionId, number: usize) -> RecordKey {
    let object = ObjectName::new(if number < 4 { "Contact" } else { "Account" }).expect("a name of Salesforce's");
    let id = RecordId::new(format!("al-{number}")).expect("a short text");
    RecordKey { connection: connection.clone(), object, id }
}
