//! The protocol as a model: from each state, the actions that are possible, and what they lead to.
//!
//! Must not know: which of the states are good.

use rules::owed::Selection;
use rules::time::Timestamp;
use stateright::{Model, Property};

use crate::action::{AGAIN, Action, Reply, Seen, Skew, Trigger};
use crate::bounds::Bounds;
use crate::faults::Fault;
use crate::kept::Kept;
use crate::org::Flight;
use crate::run::{At, Run, Step};
use crate::scene::{EVENT_AGE, Each, FIRST_TICK, Key, REQUEST};
use crate::world::{Asked, RUNS, World};
use crate::{interesting, invariants, source};

/// The protocol within its bounds.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// The bounds.
    pub bounds: Bounds,
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::beginning(&self.bounds)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.clock(world, actions);
        self.starts(world, actions);
        for place in (0..RUNS).filter(|place| world.runs[*place].is_alive()) {
            self.steps(world, place, actions);
        }
        for (at, flight) in world.org.flights.iter().enumerate() {
            answers(world, at, flight, actions);
        }
        self.reports(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.forget_ends();
        self.carry_out(&mut next, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = invariants::all();
        all.extend(interesting::within(&self.bounds));
        all
    }
}

impl Protocol {
    /// The instant.
    #[must_use]
    pub fn now(&self, world: &World) -> Timestamp {
        self.bounds.instant(world.moment)
    }

    /// Time passes when no answer is due: whether one comes at all is known by the request's time-out.
    fn clock(&self, world: &World, actions: &mut Vec<Action>) {
        let is_last = usize::from(world.moment) + 1 == self.bounds.moments.len();
        if !is_last && world.org.flights.iter().all(|flight| flight.late) {
            actions.push(Action::Pass(None));
            if world.faults.has(Fault::Stall) {
                let then = self.bounds.instant(world.moment + 1);
                let stalls = (0..RUNS).filter(|place| world.runs[*place].is_out_of_time(then));
                actions.extend(stalls.map(|place| Action::Pass(Some(place))));
            }
        }
    }

    fn starts(&self, world: &World, actions: &mut Vec<Action>) {
        let skews: &[Skew] =
            if world.faults.has(Fault::Skew) { &[Skew::None, Skew::Ahead, Skew::Behind] } else { &[Skew::None] };
        let replies: &[Reply] =
            if world.faults.has(Fault::LostReply) { &[Reply::Comes, Reply::Lost] } else { &[Reply::Comes] };
        for trigger in Trigger::ALL {
            let is_expected = world.runs[trigger.run()].step == Step::Expected;
            for &skew in skews {
                if is_expected && self.is_due(world, trigger) {
                    actions.extend(replies.iter().map(|reply| Action::Start(trigger, skew, *reply)));
                }
                let again = world.faults.has(Fault::Duplicate) && world.runs[AGAIN].step == Step::Expected;
                if again && !is_expected && self.is_due(world, trigger) {
                    actions.push(Action::StartAgain(trigger, skew));
                }
            }
        }
    }

    /// Whether a trigger may be delivered: it is not before its time, and not so old that it is dropped.
    fn is_due(&self, world: &World, trigger: Trigger) -> bool {
        let now = self.now(world);
        self.fires(world, trigger).is_some_and(|fired| fired <= now && now < fired + EVENT_AGE)
    }

    /// When a trigger fires, as far as that is known.
    fn fires(&self, world: &World, trigger: Trigger) -> Option<Timestamp> {
        match trigger {
            Trigger::First => Some(FIRST_TICK),
            Trigger::Second => self.bounds.second_tick(),
            Trigger::Hint => world.hinted,
        }
    }

    /// Whether a trigger will start no run any more: it has, or it never fired, or it was dropped.
    #[must_use]
    pub fn is_spent(&self, world: &World, trigger: Trigger) -> bool {
        let dropped = |fired: Timestamp| fired + EVENT_AGE <= self.now(world);
        world.runs[trigger.run()].is_over() || self.fires(world, trigger).is_none_or(dropped)
    }

    fn steps(&self, world: &World, place: usize, actions: &mut Vec<Action>) {
        let run = &world.runs[place];
        if !matches!(run.step, Step::Awaiting(_)) {
            actions.push(Action::Step(place, Reply::Comes));
        }
        if matches!(run.step, Step::Settling(_)) && world.faults.has(Fault::LostReply) {
            actions.extend([Action::Step(place, Reply::Lost), Action::Step(place, Reply::Fails)]);
        }
        if run.step == Step::Choosing && world.faults.has(Fault::StaleIndex) {
            self.listings(world, place, actions);
        }
        if world.faults.has(Fault::Crash) {
            actions.push(Action::Crash(place));
        }
    }

    /// What a stale index may list instead of the truth.
    fn listings(&self, world: &World, place: usize, actions: &mut Vec<Action>) {
        let mut world = world.clone();
        let at = self.at(&mut world, place);
        let Some(truth) = at.index() else { return };
        let every = [[false, false], [false, true], [true, false], [true, true]];
        let lies = self.bounds.reads_lag();
        actions.extend(
            every.into_iter().filter(|shown| lies || *shown != truth).map(|shown| Action::StepByIndex(place, shown)),
        );
    }

    fn reports(&self, world: &World, actions: &mut Vec<Action>) {
        if self.bounds.asks && world.asked == Asked::No && world.moment < 2 {
            actions.push(Action::Ask);
        }
        if self.bounds.fails && !world.source.failed {
            actions.push(Action::Fail(Seen::Early));
            // Whether it failed after the request was made is all that another time would change.
            if matches!(world.asked, Asked::Open(_)) {
                actions.push(Action::Fail(Seen::Now));
            }
        }
        if self.bounds.succeeds && world.source.wrote.is_none() {
            actions.push(Action::Write);
        }
        if world.source.wrote.is_some() && !world.source.succeeded {
            actions.push(Action::Succeed);
        }
    }

    fn at<'a>(&'a self, world: &'a mut World, place: usize) -> At<'a> {
        let run = Run::clone(&world.runs[place]);
        let now = run.clock(self.now(world));
        At { bounds: &self.bounds, world, run, place, now, reply: Reply::Comes, listed: None }
    }

    fn with(&self, world: &mut World, place: usize, does: impl FnOnce(&mut At<'_>)) {
        let mut at = self.at(world, place);
        does(&mut at);
        let run = at.run;
        world.runs[place] = Kept::new(run);
    }

    fn carry_out(&self, world: &mut World, action: Action) {
        let now = self.now(world);
        match action {
            Action::Pass(stalls) => self.pass(world, stalls),
            Action::Start(trigger, skew, reply) => self.start(world, trigger.run(), trigger, skew, reply),
            Action::StartAgain(trigger, skew) => {
                spend(world, Fault::Duplicate);
                self.start(world, AGAIN, trigger, skew, Reply::Comes);
            }
            Action::Step(place, reply) => {
                if reply != Reply::Comes {
                    spend(world, Fault::LostReply);
                }
                self.with(world, place, |at| {
                    at.reply = reply;
                    at.step();
                });
            }
            Action::StepByIndex(place, listed) => {
                spend(world, Fault::StaleIndex);
                self.with(world, place, |at| {
                    at.listed = Some(listed);
                    at.step();
                });
            }
            Action::Crash(place) => {
                spend(world, Fault::Crash);
                self.with(world, place, dies);
            }
            Action::Answer(..) | Action::Refuse(_) | Action::Lose(..) | Action::GiveUp(_) => self.answer(world, action),
            Action::Ask => source::ask(world, now),
            Action::Fail(seen) => source::take_failure(&self.bounds, world, seen, now),
            Action::Write => source::write(world, now),
            Action::Succeed => {
                if let Some(wrote) = world.source.wrote {
                    source::take_success(&self.bounds, world, wrote);
                }
            }
        }
    }

    fn pass(&self, world: &mut World, stalls: Option<usize>) {
        world.moment += 1;
        let now = self.now(world);
        if let Some(place) = stalls {
            spend(world, Fault::Stall);
            world.runs[place] = Kept::new(Run { stalls: true, ..Run::clone(&world.runs[place]) });
        }
        world.org.pass(now);
        for place in 0..RUNS {
            if world.runs[place].is_out_of_time(now) {
                self.with(world, place, dies);
            }
        }
    }

    fn start(&self, world: &mut World, place: usize, trigger: Trigger, skew: Skew, reply: Reply) {
        if skew != Skew::None {
            spend(world, Fault::Skew);
        }
        if reply != Reply::Comes {
            spend(world, Fault::LostReply);
        }
        let order = match (trigger, world.asked) {
            (Trigger::First, _) => Selection::Due { tick: FIRST_TICK },
            (Trigger::Second, _) => Selection::Due { tick: self.bounds.second_tick().unwrap_or(FIRST_TICK) },
            (Trigger::Hint, Asked::Open(tick)) => Selection::Forced { request: REQUEST.clone(), tick },
            (Trigger::Hint, Asked::No | Asked::Done) => {
                Selection::Forced { request: REQUEST.clone(), tick: FIRST_TICK }
            }
        };
        if trigger == Trigger::Hint && place == trigger.run() && !world.faults.has(Fault::Duplicate) {
            world.hinted = None;
        }
        world.runs[place] = Kept::new(Run { skew, order: Some(order), ..Run::default() });
        self.with(world, place, |at| {
            at.reply = reply;
            at.step();
        });
    }

    fn answer(&self, world: &mut World, action: Action) {
        match action {
            Action::Answer(flight, answer) => {
                let flight = world.org.process(flight, answer, &mut world.books);
                self.with(world, flight.sender, |at| at.hear(answer));
            }
            Action::Refuse(flight) => {
                let flight = world.org.flights.remove(flight);
                self.with(world, flight.sender, is_refused);
            }
            Action::Lose(flight, answer) => {
                let is_awaited = awaits(world, &world.org.flights[flight]);
                let lost = match answer {
                    Some(answer) => world.org.process(flight, answer, &mut world.books),
                    None => world.org.flights.remove(flight),
                };
                if is_awaited {
                    spend(world, Fault::LostReply);
                    self.with(world, lost.sender, |at| at.hear(lost.unknown()));
                }
            }
            Action::GiveUp(flight) => {
                spend(world, Fault::LateCommit);
                let late = Flight { late: true, ..world.org.flights[flight] };
                let is_awaited = awaits(world, &late);
                world.org.flights[flight] = late;
                if is_awaited {
                    self.with(world, late.sender, |at| at.hear(late.unknown()));
                }
            }
            Action::Pass(_)
            | Action::Start(..)
            | Action::StartAgain(..)
            | Action::Step(..)
            | Action::StepByIndex(..)
            | Action::Crash(_)
            | Action::Ask
            | Action::Fail(_)
            | Action::Write
            | Action::Succeed => {}
        }
    }
}

fn dies(at: &mut At<'_>) {
    at.die();
}

fn is_refused(at: &mut At<'_>) {
    at.hear_refusal();
}

fn spend(world: &mut World, fault: Fault) {
    world.faults = world.faults.without(fault);
}

/// Whether the sender of a request is alive and waits for its answer.
fn awaits(world: &World, flight: &Flight) -> bool {
    matches!(&world.runs[flight.sender].step, Step::Awaiting(batch) if batch.id == flight.batch)
}

/// What may become of a request: an answer to a sender that waits; with nobody there to hear, it is processed or not.
fn answers(world: &World, at: usize, flight: &Flight, actions: &mut Vec<Action>) {
    let is_awaited = awaits(world, flight);
    if is_awaited {
        actions.extend(flight.answers().into_iter().map(|answer| Action::Answer(at, answer)));
        actions.push(Action::Refuse(at));
    }
    if !is_awaited || world.faults.has(Fault::LostReply) {
        actions.extend(flight.answers().into_iter().map(|answer| Action::Lose(at, Some(answer))));
        if !flight.late {
            actions.push(Action::Lose(at, None));
        }
    }
    if !flight.late && world.faults.has(Fault::LateCommit) {
        actions.push(Action::GiveUp(at));
    }
}

/// The keys of the model, where an index lists them.
#[must_use]
pub fn shown(listed: Each<bool>) -> Vec<Key> {
    Key::BOTH.into_iter().filter(|key| listed[key.at()]).collect()
}
