//! Processes: what is started when something happens, what is to become of it, and what becomes of what it had in its hands.
//!
//! Must not know: when things happen.

use std::sync::PoisonError;
use std::time::Duration;

use engine::fan_out::{Schedule, fan_out};
use engine::ports::{StopReason, causes};
use engine::recount::recount;
use engine::run::{Halt, Order, RunEnd, run};
use rules::events::RunRequested;
use rules::ids::ConnectionId;
use rules::resync::{Action, Wanted};
use rules::schedule::TICK;
use rules::time::Timestamp;

use super::{Happening, INVOCATION, Invocation, Play, Shelf, Started, VISIBILITY};
use crate::chance::Chance;
use crate::executor::{End, Ended, Fate, ProcessId};
use crate::faults::Fault;
use crate::oracle::Reported;
use crate::people::{Message, Step, Wish};
use crate::process::{Process, Role};
use crate::world::World;

impl Play {
    pub(super) fn ticks(&mut self, schedule: Schedule, tick: Timestamp) {
        let (faults, now) = (self.world.faults.clone(), self.world.now());
        if faults.meets(Fault::TickLost) {
            return;
        }
        if faults.meets(Fault::TickLate) {
            let late = self.world.chance.span(Duration::from_secs(10), Duration::from_mins(19));
            self.at(now + late, Happening::Invoked(Invocation::Tick(schedule, tick)));
            return;
        }
        if faults.meets(Fault::TickTwice) {
            let again = self.world.chance.span(Duration::ZERO, Duration::from_secs(90));
            self.at(now + again, Happening::Invoked(Invocation::Tick(schedule, tick)));
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

    pub(super) fn runs(&mut self, requested: RunRequested) {
        let RunRequested { connection, selection } = requested.clone();
        if self.world.faults.meets(Fault::SourceWrites) {
            self.source_interferes(&connection);
        }
        let (process, parts) = self.world.process(Role::Run, Some(connection.clone()));
        let world = self.world.clone();
        let (id, now) = (process.id, self.world.now());
        let deadline = now + self.invocation;
        let order = Order { connection: connection.clone(), selection, deadline, halt: Halt::default() };
        self.start(process, Vec::new(), Shelf::default(), async move {
            let said = format!("{connection}: a run of {:?} begins", order.selection);
            world.trace.note(world.now(), Some(id), ("run", 0), || said);
            let end = run(&parts, &order).await;
            if let Err(error) = &end {
                world.facts(|facts| facts.said.push(causes(error)));
            }
            // Who was deposed leaves what it noted to the next run, as the dead do.
            if end.as_ref().map_or(true, is_deposed) {
                broken_off(&world, &connection);
            }
            world.trace.note(world.now(), Some(id), ("ran", 0), || format!("{connection}: the run ends: {end:?}"));
        });
        if let Some(started) = self.started.get_mut(&id) {
            started.requested = Some(requested);
        }
    }

    /// The source of some record writes it itself about now.
    pub(super) fn source_interferes(&mut self, connection: &ConnectionId) {
        let keys = self.world.keys(connection);
        if keys.is_empty() {
            return;
        }
        let key = self.world.chance.pick(&keys).clone();
        let soon = self.world.now() + self.world.chance.span(Duration::ZERO, Duration::from_secs(4));
        self.at(soon, Happening::Source(Step::Writes { key, what: Reported::Succeeded }));
    }

    /// What a run of this connection left in doubt fails anew at its source, and a person is quick to have it retried.
    fn fails_in_doubt(&mut self, process: ProcessId, connection: &ConnectionId) {
        if !self.world.faults.chooses(Fault::FailsInDoubt) {
            return;
        }
        let now = self.world.now();
        let keys = self.world.orgs.of(connection, |org| org.in_doubt(now));
        if keys.is_empty() {
            return;
        }
        self.world.faults.count(Fault::FailsInDoubt);
        let key = self.world.chance.pick(&keys).clone();
        let Some(wanted) = Wanted::records([(key.object.clone(), key.id.clone())]) else { return };
        let soon = now + self.world.chance.span(Duration::ZERO, Duration::from_mins(1));
        let later = soon + self.world.chance.span(Duration::from_secs(5), Duration::from_mins(3));
        self.at(soon, Happening::Source(Step::Writes { key, what: Reported::Failed }));
        let id = format!("doubt{}", process.0);
        let wish = Wish::Request { id, action: Action::Resync, wanted, planned: false };
        self.at(later, Happening::Wish(connection.clone(), wish));
    }

    pub(super) fn wishes(&mut self, connection: ConnectionId, wish: Wish) {
        let wish = wish.decided(&self.world, &connection);
        let (process, parts) = self.world.process(Role::Action, Some(connection.clone()));
        let world = self.world.clone();
        self.start(process, Vec::new(), Shelf::default(), wish.asks_for_it(world, parts, connection));
    }

    pub(super) fn start(
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
        self.started.insert(process.id, Started { process, fate, given_back, taken, requested: None });
    }

    pub(super) fn fate(&self, role: Role) -> Fate {
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
        let death = told.or(by_chance);
        let freeze = faults.chooses(Fault::ProcessFrozen).then(|| {
            let most = *chance.pick(&[6, 12, 40, 120]);
            (chance.between(1, most), thaws_after(chance))
        });
        let lasts = if role == Role::Run { self.invocation } else { INVOCATION };
        let early = role == Role::Run && faults.chooses(Fault::DeadlineEarly);
        let soon = *chance.pick(&[Duration::from_secs(1), Duration::from_secs(5), Duration::from_mins(3)]);
        let lasts = if early { chance.span(Duration::from_millis(50), soon) } else { lasts };
        // A machine that sleeps ends nobody.
        let end = freeze.is_none().then(|| now + lasts);
        Fate { death, freeze, end }
    }

    pub(super) fn ended(&mut self, ended: &Ended) {
        let Some(started) = self.started.remove(&ended.process) else { return };
        let now = self.world.now();
        if let Some(run) = self.runs.iter_mut().find(|(process, _)| *process == ended.process) {
            run.1 = ended.awaits;
        }
        if started.fate.freeze.is_some_and(|(at, _)| at <= ended.awaits) {
            self.world.faults.count(Fault::ProcessFrozen);
        }
        let back = match ended.end {
            End::Done => std::mem::take(&mut *started.given_back.lock().unwrap_or_else(PoisonError::into_inner)),
            End::Died => {
                self.died(&started);
                if let Some(requested) = started.requested.filter(|_| self.world.faults.meets(Fault::AskedAgain)) {
                    let again = self.world.chance.span(Duration::from_mins(1), Duration::from_mins(12));
                    self.at(now + again, Happening::Invoked(Invocation::Run(requested)));
                }
                started.taken
            }
        };
        if let (Role::Run, Some(connection)) = (started.process.role, &started.process.connection) {
            self.fails_in_doubt(ended.process, connection);
        }
        for message in back {
            let again = self.world.chance.span(Duration::from_secs(30), VISIBILITY);
            self.enqueue(now + again, message);
        }
    }

    pub(super) fn died(&self, started: &Started) {
        let Started { process, fate, .. } = started;
        let fault = match process.role {
            _ if fate.end.is_some_and(|at| at <= self.world.now()) => Fault::DeadlineEarly,
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
}

/// For how long a process sleeps. Half of them wake within the seconds in which the next tick's run has its calls in flight.
fn thaws_after(chance: &Chance) -> Duration {
    if chance.happens(500) {
        TICK + chance.span(Duration::ZERO, Duration::from_secs(8))
    } else {
        chance.span(Duration::from_secs(20), Duration::from_mins(30))
    }
}

fn is_deposed(end: &RunEnd) -> bool {
    matches!(end, RunEnd::Ran(report) if report.stopped == StopReason::Deposed)
}

fn broken_off(world: &World, connection: &ConnectionId) {
    world.facts(|facts| *facts.broken_off.entry(connection.clone()).or_default() += 1);
}
