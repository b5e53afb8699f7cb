//! A play: what happens when, from the first report to the last check.
//!
//! Must not know: what is right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::fan_out::{Schedule, fan_out};
use engine::ingest::{Ingest, NotTaken};
use engine::ports::causes;
use engine::recount::recount;
use engine::run::{Halt, Order, run};
use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde_json::json;

use crate::chance::Chance;
use crate::executor::{End, Ended, Executor, Fate, ProcessId};
use crate::faults::{Fault, Faults};
use crate::oracle::{Evidence, Reported, Violation, check};
use crate::people::{About, Message, Sources, Step, Wish};
use crate::process::{Process, Role};
use crate::scene::{connections, create};
use crate::trace::{Line, Trace};
use crate::world::World;

/// When plays begin at the earliest.
const EPOCH: i64 = 1_772_452_800_000;

/// How long anything may break, and how long it is quiet after that.
const BREAKING: Duration = Duration::from_hours(58);
const QUIET: Duration = Duration::from_hours(26);

/// How long an invocation may last.
const INVOCATION: Duration = Duration::from_mins(15);

/// After how long the queue delivers again what an invocation that died had taken.
const VISIBILITY: Duration = Duration::from_mins(6);

/// Messages that an invocation takes at a time.
const BATCH: usize = 10;

/// Lines of a history that are shown.
const SHOWN: usize = 150;

/// The most processes of a play: more start one another without end.
const MOST_PROCESSES: u64 = 20_000;

/// Something that happens at some time.
#[derive(Debug)]
pub(crate) enum Happening {
    Tick(Schedule, Timestamp),
    Run(RunRequested),
    Source(Step),
    Queue,
    Wish(ConnectionId, Wish),
    Hour,
    Quiet,
}

type Shelf = Arc<Mutex<Vec<Message>>>;

/// What a process had in its hands.
struct Started {
    process: Process,
    fate: Fate,
    given_back: Shelf,
    taken: Vec<Message>,
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

/// Plays a seed. With `keeps_lines` the history of the first violation is told.
#[must_use]
pub fn play(seed: u64, keeps_lines: bool) -> Played {
    let chance = Chance::of(seed, 1);
    let start = Timestamp::from_millis(EPOCH) + chance.span(Duration::ZERO, Duration::from_hours(24));
    let faults = Faults::of(Chance::of(seed, 2));
    let ids = connections(&chance);
    let world = World::new(start, chance, faults, Trace::new(keeps_lines), ids);
    let mut play = Play::new(seed, world, (BREAKING, QUIET));
    play.plan();
    play.goes_on();
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
        self.at(tick + after, Happening::Tick(schedule, tick));
    }

    /// Lets everything happen, to the end.
    pub(crate) fn goes_on(&mut self) {
        loop {
            for (at, requested) in self.world.post.deliveries() {
                self.at(at, Happening::Run(requested));
            }
            if let Some(ended) = self.executor.step() {
                if let Some(ended) = ended {
                    self.ended(&ended);
                }
                continue;
            }
            if !self.jumps() {
                return;
            }
        }
    }

    /// Jumps to the next moment at which something happens; whether there is one.
    fn jumps(&mut self) -> bool {
        let happens = self.agenda.keys().next().map(|(at, _)| *at);
        let wakes = self.world.timeline.next();
        let Some(next) = happens.into_iter().chain(wakes).min().filter(|next| *next <= self.end) else { return false };
        if self.started.len() as u64 > MOST_PROCESSES || self.noted > 50 * MOST_PROCESSES {
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
            Happening::Tick(schedule, tick) => self.ticks(schedule, tick),
            Happening::Run(requested) => self.runs(requested),
            Happening::Source(step) => self.reports(&step),
            Happening::Queue => self.ingests(),
            Happening::Wish(connection, wish) => self.wishes(connection, wish),
            Happening::Hour => self.hour(),
            Happening::Quiet => self.quiet(),
        }
    }

    fn ticks(&mut self, schedule: Schedule, tick: Timestamp) {
        let (faults, now) = (self.world.faults.clone(), self.world.now());
        if faults.meets(Fault::TickLost) {
            return;
        }
        if faults.meets(Fault::TickLate) {
            let late = self.world.chance.span(Duration::from_secs(10), Duration::from_mins(19));
            self.at(now + late, Happening::Tick(schedule, tick));
            return;
        }
        if faults.meets(Fault::TickTwice) {
            let again = self.world.chance.span(Duration::ZERO, Duration::from_secs(90));
            self.at(now + again, Happening::Tick(schedule, tick));
        }
        let (process, parts) = self.world.process(Role::FanOut, None);
        let deadline = now + INVOCATION;
        self.start(process, Vec::new(), Shelf::default(), async move {
            // What a tick could not do the next one does.
            let fanned = fan_out(&parts, schedule, tick).await;
            if fanned.is_ok() && schedule == Schedule::TimedOut {
                recount(&parts, deadline, &Halt::default()).await;
            }
        });
    }

    fn runs(&mut self, requested: RunRequested) {
        let RunRequested { connection, selection } = requested;
        if self.world.faults.meets(Fault::SourceWrites) {
            self.source_interferes(&connection);
        }
        let (process, parts) = self.world.process(Role::Run, Some(connection.clone()));
        let world = self.world.clone();
        let (id, now) = (process.id, self.world.now());
        let order =
            Order { connection: connection.clone(), selection, deadline: now + INVOCATION, halt: Halt::default() };
        self.start(process, Vec::new(), Shelf::default(), async move {
            let said = format!("{connection}: a run of {:?} begins", order.selection);
            world.trace.note(world.now(), Some(id), ("run", 0), || said);
            let end = run(&parts, &order).await;
            if let Err(error) = &end {
                broken_off(&world, &connection);
                world.facts(|facts| facts.said.push(causes(error)));
            }
            world.trace.note(world.now(), Some(id), ("ran", 0), || format!("{connection}: the run ends: {end:?}"));
        });
    }

    /// The source of some record writes it itself about now.
    fn source_interferes(&mut self, connection: &ConnectionId) {
        let keys = self.world.keys(connection);
        if keys.is_empty() {
            return;
        }
        let key = self.world.chance.pick(&keys).clone();
        let soon = self.world.now() + self.world.chance.span(Duration::ZERO, Duration::from_secs(4));
        self.at(soon, Happening::Source(Step::Writes { key, what: Reported::Succeeded }));
    }

    fn reports(&mut self, step: &Step) {
        let message = self.sources.takes(&self.world, step);
        let (faults, chance, now) = (&self.world.faults, &self.world.chance, self.world.now());
        let late = faults.meets(Fault::ReportLate);
        let longest = if late { Duration::from_hours(3) } else { Duration::from_secs(3) };
        let mut visible = vec![now + chance.span(Duration::from_millis(200), longest)];
        if faults.meets(Fault::ReportTwice) {
            visible.push(now + chance.span(Duration::from_millis(200), Duration::from_mins(30)));
        }
        for at in visible {
            self.enqueue(at, message.clone());
        }
    }

    fn enqueue(&mut self, visible: Timestamp, message: Message) {
        self.queue.push((visible, message));
        self.at(visible, Happening::Queue);
    }

    fn ingests(&mut self) {
        let now = self.world.now();
        let mut taken = Vec::new();
        let (due, later): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(|(visible, _)| *visible <= now);
        self.queue = later;
        for (visible, message) in due {
            if taken.len() < BATCH { taken.push(message) } else { self.enqueue(visible, message) }
        }
        if taken.is_empty() {
            return;
        }
        let (process, parts) = self.world.process(Role::Ingest, None);
        let (world, given_back, messages) = (self.world.clone(), Shelf::default(), taken.clone());
        let shelf = Arc::clone(&given_back);
        self.start(process, taken, given_back, async move {
            let ingest = Ingest::new(&parts);
            for message in messages {
                match ingest.take(&message.body).await {
                    Ok(_) => recorded(&world, &message),
                    Err(NotTaken::Refused(mistakes)) => world.watch.violated(refused(&world, &message, &mistakes)),
                    Err(NotTaken::Port(_) | NotTaken::Throttled | NotTaken::Contended) => {
                        shelf.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    }
                }
            }
            ingest.write_counts().await;
        });
    }

    fn wishes(&mut self, connection: ConnectionId, wish: Wish) {
        let wish = wish.decided(&self.world, &connection);
        let (process, parts) = self.world.process(Role::Action, Some(connection.clone()));
        let world = self.world.clone();
        self.start(process, Vec::new(), Shelf::default(), wish.is_asked(world, parts, connection));
    }

    fn start(
        &mut self,
        process: Process,
        taken: Vec<Message>,
        given_back: Shelf,
        work: impl Future<Output = ()> + 'static,
    ) {
        let fate = self.fate(process.role);
        if process.role == Role::Run {
            self.runs.push((process.id, 0));
        }
        self.executor.start(process.id, fate, work);
        self.started.insert(process.id, Started { process, fate, given_back, taken });
    }

    fn fate(&self, role: Role) -> Fate {
        let (faults, chance, now) = (&self.world.faults, &self.world.chance, self.world.now());
        let dies = match role {
            Role::Run => faults.chooses(Fault::RunDies),
            Role::FanOut => faults.chooses(Fault::FanOutDies),
            Role::Ingest => faults.chooses(Fault::IngestDies),
            Role::Action => faults.chooses(Fault::ActionDies),
            Role::Observer => false,
        };
        let by_chance = dies.then(|| {
            let most = *chance.pick(&[8, 40, 200]);
            chance.between(1, most)
        });
        let told = if role == Role::Run { self.deaths.get(&self.runs.len()).copied() } else { None };
        let dies_at = told.or(by_chance);
        let freezes_at = faults.chooses(Fault::ProcessFrozen).then(|| {
            let span = chance.span(Duration::from_secs(20), Duration::from_mins(30));
            (chance.between(1, 120), span)
        });
        let early = role == Role::Run && faults.chooses(Fault::DeadlineEarly);
        let soon = *chance.pick(&[Duration::from_secs(1), Duration::from_secs(5), Duration::from_mins(3)]);
        let lasts = if early { chance.span(Duration::from_millis(50), soon) } else { INVOCATION };
        // A machine that sleeps ends nobody.
        let killed_at = freezes_at.is_none().then(|| now + lasts);
        Fate { dies_at, freezes_at, killed_at }
    }

    fn ended(&mut self, ended: &Ended) {
        let Some(started) = self.started.remove(&ended.process) else { return };
        let now = self.world.now();
        if let Some(run) = self.runs.iter_mut().find(|(process, _)| *process == ended.process) {
            run.1 = ended.awaits;
        }
        if started.fate.freezes_at.is_some_and(|(at, _)| at <= ended.awaits) {
            self.world.faults.count(Fault::ProcessFrozen);
        }
        let back = match ended.end {
            End::Done => std::mem::take(&mut *started.given_back.lock().unwrap_or_else(PoisonError::into_inner)),
            End::Died => {
                self.died(&started);
                started.taken
            }
        };
        for message in back {
            let again = self.world.chance.span(Duration::from_secs(30), VISIBILITY);
            self.enqueue(now + again, message);
        }
    }

    fn died(&self, started: &Started) {
        let Started { process, fate, .. } = started;
        let fault = match process.role {
            _ if fate.killed_at.is_some_and(|at| at <= self.world.now()) => Fault::DeadlineEarly,
            Role::Run => Fault::RunDies,
            Role::FanOut => Fault::FanOutDies,
            Role::Ingest => Fault::IngestDies,
            Role::Action | Role::Observer => Fault::ActionDies,
        };
        self.world.faults.count(fault);
        let about = process.connection.as_ref().map_or_else(String::new, |connection| format!("{connection}: "));
        let said = || format!("{about}the {:?} dies", process.role);
        self.world.trace.note(self.world.now(), Some(process.id), ("dies", 0), said);
        if let Some(connection) = &process.connection {
            broken_off(&self.world, connection);
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

    /// From now on nothing breaks, and persons put right what they have to.
    fn quiet(&mut self) {
        let World { faults, table, .. } = &self.world;
        faults.end();
        table.lag(Duration::from_millis(200));
        self.world.trace.note(self.world.now(), None, ("quiet", 0), || "from now on nothing breaks".to_owned());
        let ids: Vec<ConnectionId> = self.world.orgs.all(|orgs| {
            orgs.values_mut().for_each(|org| {
                org.weather.clears();
                org.secret += 1;
            });
            orgs.keys().cloned().collect()
        });
        let soon = self.world.now() + Duration::from_mins(1);
        for id in ids {
            let ample = json!({ "paused": false, "budget": { "api_limit": null, "cap_without_limit": 5_000 } });
            self.at(soon, Happening::Wish(id.clone(), Wish::Change(ample)));
            self.at(soon + Duration::from_mins(1), Happening::Wish(id, Wish::Clear));
        }
    }

    /// Checks what is left, and tells what the play came to.
    pub(crate) fn ends(self) -> Played {
        let world = &self.world;
        if let Some(stopped) = self.stopped {
            let connection = world.orgs.all(|orgs| orgs.keys().next().cloned()).expect("a play has a connection");
            let violation =
                Violation { invariant: "an end", at: world.now(), connection, key: None, text: stopped.to_owned() };
            world.watch.violated(violation);
        } else {
            inspect(world);
        }
        let violations = world.watch.violations();
        let history = violations.first().map_or_else(Vec::new, |first| {
            let id = first.key.as_ref().map(|key| key.id.as_str());
            // What was in the making then is part of it.
            let until = first.at + Duration::from_mins(1);
            world.trace.history(&first.connection, id, (until, SHOWN)).iter().map(Line::to_string).collect()
        });
        let records =
            world.facts(|facts| facts.reports.iter().map(|report| &report.key).collect::<BTreeSet<_>>().len());
        Played {
            seed: self.seed,
            days: self.end.since(self.start).as_secs_f64() / 86_400.0,
            records: records as u64,
            violations: violations.iter().map(Violation::to_string).collect(),
            faults: world.faults.hits(),
            trace_hash: world.trace.hash(),
            history,
        }
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

fn broken_off(world: &World, connection: &ConnectionId) {
    world.facts(|facts| *facts.broken_off.entry(connection.clone()).or_default() += 1);
}

fn recorded(world: &World, message: &Message) {
    let now = world.now();
    world.facts(|facts| {
        let recorded = match message.about {
            About::Record(number) => &mut facts.reports[number].recorded,
            About::Usage(number) => &mut facts.used[number].recorded,
        };
        recorded.get_or_insert(now);
    });
}

fn refused(world: &World, message: &Message, mistakes: &rules::fields::Mistakes) -> Violation {
    let (connection, key) = world.facts(|facts| match message.about {
        About::Record(number) => {
            let key = &facts.reports[number].key;
            (key.connection.clone(), Some(key.clone()))
        }
        About::Usage(number) => (facts.used[number].connection.clone(), None),
    });
    Violation {
        invariant: "conservation",
        at: world.now(),
        connection,
        key,
        text: format!("a right report is refused: {mistakes}"),
    }
}

/// Checks each connection.
fn inspect(world: &World) {
    let posted = world.post.posted();
    let ids: Vec<ConnectionId> = world.orgs.all(|orgs| orgs.keys().cloned().collect());
    for id in ids {
        world.orgs.of(&id, |org| org.settle(world.now()));
        let (connection, control) = (world.eyes.connection(&id), world.eyes.control(&id));
        let stored = world.eyes.stored(&world.keys(&id));
        let facts = world.facts(|facts| facts.clone());
        check(&Evidence {
            connection: &connection,
            control: &control,
            stored: &stored,
            facts: &facts,
            posted: &posted,
            orgs: &world.orgs,
            eyes: &world.eyes,
            watch: &world.watch,
            now: world.now(),
        });
    }
}
