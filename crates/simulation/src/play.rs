//! A play: what happens when, from the first report to the last check.
//!
//! Must not know: what is right.

mod ending;
mod places;
mod processes;
mod reports;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::fan_out::Schedule;
use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::time::Timestamp;

pub(crate) use places::Places;
use places::Waited;

use crate::chance::Chance;
use crate::executor::{self, Executor, Fate, ProcessId};
use crate::faults::{Fault, Faults};
use crate::people::{Message, Sources, Step, Wish};
use crate::process::Process;
use crate::scene::{connections, create};
use crate::trace::Trace;
use crate::world::World;

/// When plays begin at the earliest.
const EPOCH: i64 = 1_772_452_800_000;

/// How long anything may break, and how long it is quiet after that.
const BREAKING: Duration = Duration::from_hours(58);
const QUIET: Duration = Duration::from_hours(26);

/// How long an invocation may last, unless the play says otherwise.
const INVOCATION: Duration = Duration::from_mins(15);

/// How long a run's invocation may last, in minutes. Where that is short, its lease ends long before Salesforce has done what it
/// may still do, and nothing but the journal keeps the next run from sending again.
const MINUTES: [u64; 3] = [3, 5, 15];

/// After how long the queue delivers again what an invocation that died had taken.
const VISIBILITY: Duration = Duration::from_mins(6);

/// Messages that an invocation takes at a time.
const BATCH: usize = 10;

/// Lines of a history that are shown.
const SHOWN: usize = 150;

/// The most that may be noted to happen in a play: more is without end.
const MOST_HAPPENINGS: u64 = 1_000_000;

/// Something that happens at some time.
#[derive(Debug)]
pub(crate) enum Happening {
    Invoked(Invocation),
    /// What found no place asks again.
    Again(Invocation, Waited),
    Source(Step),
    Queue,
    Wish(ConnectionId, Wish),
    Hour,
    Quiet,
}

/// What is started without anybody who waits for it.
#[derive(Clone, Debug)]
pub(crate) enum Invocation {
    Tick(Schedule, Timestamp),
    Run(RunRequested),
}

type Shelf = Arc<Mutex<Vec<Message>>>;

/// What a process had in its hands.
struct Started {
    process: Process,
    fate: Fate,
    given_back: Shelf,
    taken: Vec<Message>,
    /// What it was asked for, if it is a run.
    requested: Option<RunRequested>,
}

/// What a play came to.
#[derive(Clone, Debug)]
pub struct Played {
    /// The seed.
    pub seed: u64,
    /// Days that went by.
    pub days: f64,
    /// Records that sources reported.
    pub records: u64,
    /// What must never happen, and did: a line each.
    pub violations: Vec<String>,
    /// How often each kind of fault was met.
    pub faults: BTreeMap<Fault, u64>,
    /// The hash of everything that happened.
    pub trace_hash: [u8; 32],
    /// What led to the first violation, when it was asked for.
    pub history: Vec<String>,
}

/// Plays a seed. With `keeps_lines` the history of the first violation is told. That the production code panics is a violation too.
#[must_use]
pub fn play(seed: u64, keeps_lines: bool) -> Played {
    let chance = Chance::of(seed, 1);
    let start = Timestamp::from_millis(EPOCH) + chance.span(Duration::ZERO, Duration::from_hours(24));
    let faults = Faults::of(Chance::of(seed, 2));
    let ids = connections(&chance);
    let world = World::new(start, chance, faults, Trace::new(keeps_lines), ids);
    let mut play = Play::new(seed, world, (BREAKING, QUIET));
    play.invocation = Duration::from_mins(*Chance::of(seed, 4).pick(&MINUTES));
    play.plan();
    // Nothing of a play that panicked is used but what it has seen by then.
    let panics = catch_unwind(AssertUnwindSafe(|| play.goes_on())).is_err();
    if panics {
        play.stopped = Some("something panics");
    }
    play.ends()
}

/// One play under way.
pub(crate) struct Play {
    seed: u64,
    pub(crate) world: World,
    executor: Executor,
    agenda: BTreeMap<(Timestamp, u64), Happening>,
    noted: u64,
    sources: Sources,
    queue: Vec<(Timestamp, Message)>,
    started: BTreeMap<ProcessId, Started>,
    start: Timestamp,
    quiet_from: Timestamp,
    end: Timestamp,
    stopped: Option<&'static str>,
    /// How long a run's invocation may last.
    invocation: Duration,
    /// How many ticks and runs may be under way at a time; as many as there are, without.
    pub(crate) places: Option<Places>,
    /// At which of its awaits the so many-th run dies.
    pub(crate) deaths: BTreeMap<usize, u64>,
    /// The runs in the order of their starts, and how many awaits each came to.
    pub(crate) runs: Vec<(ProcessId, u64)>,
}

impl Play {
    /// A play in `world`, which breaks for the first span and is quiet for the second.
    pub(crate) fn new(seed: u64, world: World, (breaking, quiet): (Duration, Duration)) -> Self {
        let executor = Executor::new(world.timeline.clone(), Chance::of(seed, 3));
        let start = world.now();
        let quiet_from = start + breaking;
        Self {
            seed,
            world,
            executor,
            agenda: BTreeMap::new(),
            noted: 0,
            sources: Sources::default(),
            queue: Vec::new(),
            started: BTreeMap::new(),
            start,
            quiet_from,
            end: quiet_from + quiet,
            stopped: None,
            invocation: INVOCATION,
            places: None,
            deaths: BTreeMap::new(),
            runs: Vec::new(),
        }
    }

    pub(crate) fn at(&mut self, instant: Timestamp, happening: Happening) {
        self.noted += 1;
        self.agenda.insert((instant, self.noted), happening);
    }

    fn plan(&mut self) {
        let start = self.world.now();
        for connection in create(&self.world) {
            for (at, step) in self.sources.plan(&self.world, &connection, self.quiet_from) {
                self.at(at, Happening::Source(step));
            }
            let mut at = start;
            for number in 0..self.world.chance.below(12) {
                at = at + self.world.chance.span(Duration::from_mins(5), Duration::from_hours(8));
                if at < self.quiet_from {
                    // Which record is meant is decided then, among those that are known by then.
                    let wish = Wish::Later(number);
                    self.at(at, Happening::Wish(connection.clone(), wish));
                }
            }
        }
        self.plan_ticks(start);
        for hour in 0..BREAKING.as_secs() / 3_600 {
            self.at(start + Duration::from_hours(hour), Happening::Hour);
        }
        self.at(self.quiet_from, Happening::Quiet);
    }

    pub(crate) fn plan_ticks(&mut self, start: Timestamp) {
        let ten = Duration::from_mins(10);
        let mut tick = start.floor(ten) + ten;
        while tick < self.end {
            for schedule in [Schedule::Due, Schedule::TimedOut, Schedule::Recent] {
                if ticks(schedule, tick) {
                    self.plan_tick(schedule, tick);
                }
            }
            tick = tick + ten;
        }
    }

    fn plan_tick(&mut self, schedule: Schedule, tick: Timestamp) {
        let after = self.world.chance.span(Duration::from_millis(50), Duration::from_millis(900));
        self.at(tick + after, Happening::Invoked(Invocation::Tick(schedule, tick)));
    }

    /// Lets everything happen, to the end.
    pub(crate) fn goes_on(&mut self) {
        loop {
            for (at, requested) in self.world.post.deliveries() {
                self.at(at, Happening::Invoked(Invocation::Run(requested)));
            }
            match self.executor.step() {
                executor::Step::Ended(ended) => self.ended(&ended),
                executor::Step::WentOn => {}
                executor::Step::Idle if self.jumps() => {}
                executor::Step::Idle => return,
            }
        }
    }

    /// Jumps to the next moment at which something happens; whether there is one.
    fn jumps(&mut self) -> bool {
        let happens = self.agenda.keys().next().map(|(at, _)| *at);
        let wakes = self.world.timeline.next();
        let Some(next) = happens.into_iter().chain(wakes).min().filter(|next| *next <= self.end) else { return false };
        if self.noted > MOST_HAPPENINGS {
            self.stopped = Some("things start one another without end");
            return false;
        }
        self.world.timeline.advance_to(next);
        while let Some(first) = self.agenda.first_entry().filter(|first| first.key().0 <= next) {
            let happening = first.remove();
            self.happens(happening);
        }
        true
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Invoked(invocation) => self.invokes(invocation, Waited::none(self.world.now())),
            Happening::Again(invocation, waited) => self.invokes(invocation, waited),
            Happening::Source(step) => self.reports(&step),
            Happening::Queue => self.ingests(),
            Happening::Wish(connection, wish) => self.wishes(connection, wish),
            Happening::Hour => self.hour(),
            Happening::Quiet => self.quiet(),
        }
    }

    fn begins(&mut self, invocation: Invocation) {
        match invocation {
            Invocation::Tick(schedule, tick) => self.ticks(schedule, tick),
            Invocation::Run(requested) => self.runs(requested),
        }
    }

    /// An hour begins: the weather changes.
    fn hour(&mut self) {
        let World { faults, chance, table, .. } = &self.world;
        let now = self.world.now();
        let lags = faults.meets(Fault::IndexLags);
        table.lag(if lags { chance.span(Duration::from_secs(1), Duration::from_mins(2)) } else { Duration::ZERO });
        if faults.meets(Fault::TableOut) {
            table.goes_out(now, chance);
        }
        table.sweep(now);
        self.world.orgs.all(|orgs| {
            for org in orgs.values_mut() {
                org.weather.changes(faults, chance, org.secret, now);
            }
        });
    }
}

fn ticks(schedule: Schedule, tick: Timestamp) -> bool {
    let minute = tick.since(tick.floor(Duration::from_hours(24))).as_secs() / 60;
    match schedule {
        Schedule::Due => minute.is_multiple_of(20),
        Schedule::TimedOut => minute == 0,
        Schedule::Recent => minute == 11 * 60 + 30 || minute == 23 * 60 + 30,
    }
}
