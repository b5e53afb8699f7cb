//! Picking: what is owed next, which records an index lists of it, and which of them the strong read lets be tried.
//!
//! Must not know: how they are sent.

use rules::owed::{Selection, Sweep, Turn};
use rules::record::{Next, Record, State, Stored};
use rules::resync::{Ask, Choice};
use rules::time::Timestamp;

use super::{At, End, OwedChange, Pass, Step};
use crate::broken::Break;
use crate::kept::Kept;
use crate::scene::{Each, Key, NEW, OLD, POLICY, REQUEST, request};
use crate::world::{Asked, record_in};

/// What becomes of a listed record.
enum Pick {
    Try,
    /// It is left alone; the person is told why.
    Leave,
    /// The request has tried it.
    Tried,
}

impl At<'_> {
    /// Chooses what to work at, and reads what is listed of it.
    pub(super) fn choose(&mut self) {
        let Some(selection) = self.next() else {
            self.run.step = Step::Releasing;
            return;
        };
        self.run.desk.turn = Some(Turn::after(&selection));
        let listed = match &selection {
            Selection::Due { tick } => self.listed.unwrap_or_else(|| self.due(*tick)),
            Selection::Forced { .. } => match self.take_up() {
                Some(()) => [true, true],
                None => return,
            },
            Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => [false, false],
        };
        let mut pass = Pass {
            selection,
            items: [None, None],
            read_at: self.now,
            until: None,
            left: [false, false],
            outdated: [false, false],
        };
        self.read(&mut pass, listed);
        self.go_on(pass);
        self.reserve_at_once();
    }

    /// Reserves what the first batch needs: nothing that happens between the read and this is lost on what comes after.
    fn reserve_at_once(&mut self) {
        match std::mem::take(&mut self.run.step) {
            Step::Reserving(pass) => self.reserve(*pass),
            step => self.run.step = step,
        }
    }

    /// What an index without lag lists next for this run; nothing when the next step asks none.
    #[must_use]
    pub fn index(&self) -> Option<Each<bool>> {
        match self.next()? {
            Selection::Due { tick } => Some(self.due(tick)),
            Selection::TimedOut { .. }
            | Selection::Recent { .. }
            | Selection::Forced { .. }
            | Selection::Owed { .. } => None,
        }
    }

    /// The records that are due at a tick, as an index without lag lists them.
    fn due(&self, tick: Timestamp) -> Each<bool> {
        Key::BOTH.map(|key| is_due(self.world.record(key), tick))
    }

    /// Takes up the person's request; nothing when that is done already.
    fn take_up(&mut self) -> Option<()> {
        let Asked::Open(_) = self.world.asked else {
            self.run.note(OwedChange::RequestOver);
            self.go_on_choosing();
            return None;
        };
        let owed = self.run.owed(&self.world.control);
        let forced = owed.request(&REQUEST)?.clone().taken_up(self.run.epoch, self.run.desk.batches);
        self.run.note(OwedChange::Request(forced));
        Some(())
    }

    /// Reads these records strongly and keeps those that are to be tried now.
    pub(super) fn read(&mut self, pass: &mut Pass, listed: Each<bool>) {
        pass.read_at = self.now;
        for key in Key::BOTH {
            if listed[key.at()] {
                self.read_one(pass, key);
            }
        }
    }

    fn read_one(&mut self, pass: &mut Pass, key: Key) {
        let stored = self.as_read(key);
        match self.pick(&pass.selection, record_in(&stored)) {
            Pick::Tried => return,
            Pick::Leave => {
                pass.left[key.at()] = true;
                return;
            }
            Pick::Try => {}
        }
        let quarantines = !self.bounds.lacks(Break::NoQuarantine);
        if let Some(until) = self.run.barred(key, self.now).filter(|_| quarantines) {
            pass.until = pass.until.max(Some(until));
            return;
        }
        let newest = if key == Key::A && self.world.source.succeeded { NEW } else { OLD };
        pass.outdated[key.at()] = newest.is_newer_than(stored.source_version());
        pass.items[key.at()] = Some(stored);
    }

    /// What a strong read gives; in one broken protocol, when the index is stale, what was there before.
    fn as_read(&self, key: Key) -> Kept<Stored> {
        let before = self.listed.and(self.world.before[key.at()].clone());
        before.unwrap_or_else(|| self.world.records[key.at()].clone())
    }

    fn pick(&self, selection: &Selection, record: &Record) -> Pick {
        match selection {
            Selection::Due { tick } if is_due(record, *tick) => Pick::Try,
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => {
                Pick::Leave
            }
            Selection::Forced { .. } => {
                let owed = self.run.owed(&self.world.control);
                let (Asked::Open(as_of), Some(forced)) = (self.world.asked, owed.request(&REQUEST)) else {
                    return Pick::Tried;
                };
                let request = request(as_of);
                match (Ask { policy: &POLICY, request: &request, after: forced.after }).choose(record) {
                    Choice::Take => Pick::Try,
                    Choice::Done => Pick::Tried,
                    Choice::Skip(_) => Pick::Leave,
                }
            }
        }
    }

    /// Leaves a selection: `done` when its listing came to its end.
    pub(super) fn leave(&mut self, pass: &Pass, done: bool) {
        let done = done && self.run.desk.stop.is_none();
        match &pass.selection {
            Selection::Due { tick } if done => self.run.note(OwedChange::DueDone(*tick)),
            Selection::Forced { .. } => self.leave_request(pass, done),
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => {}
        }
        self.go_on_choosing();
    }

    fn leave_request(&mut self, pass: &Pass, done: bool) {
        let owed = self.run.owed(&self.world.control);
        let Some(forced) = owed.request(&REQUEST).cloned() else { return };
        let Some(sweep) = left_of(&forced.sweep, done, pass.until) else {
            // The request's item says first that it is done; what is owed is changed by the next write.
            self.world.asked = Asked::Done;
            for key in Key::BOTH {
                self.world.books.stated[key.at()] |= pass.left[key.at()];
            }
            self.run.note(OwedChange::RequestOver);
            return;
        };
        self.run.note(OwedChange::Request(rules::owed::Forced { sweep, ..forced }));
    }

    /// Goes on with what is owed next, or ends.
    pub(super) fn go_on_choosing(&mut self) {
        self.run.step = if self.next().is_some() { Step::Choosing } else { Step::Releasing };
    }

    fn next(&self) -> Option<Selection> {
        let owed = self.run.owed(&self.world.control);
        let turn = self.run.desk.turn.unwrap_or_else(|| Turn::first_of(self.run.epoch));
        owed.next(self.now, turn).filter(|_| self.run.desk.stop.is_none())
    }

    /// Stops for the deadline.
    pub(super) fn run_out(&mut self, pass: &Pass) {
        self.run.stop(End::Deadline);
        self.leave(pass, false);
    }
}

fn is_due(record: &Record, tick: Timestamp) -> bool {
    matches!(record.state, State::Scheduled(Next::At(next)) if next <= tick)
}

/// What is left of a request's sweep: nothing when it left no record untried.
fn left_of(sweep: &Sweep, done: bool, until: Option<Timestamp>) -> Option<Sweep> {
    let again = sweep.again || until.is_some();
    if !done {
        return Some(Sweep { again, ..sweep.clone() });
    }
    let not_before = sweep.not_before.max(until);
    again.then_some(Sweep { start: sweep.start, cursor: None, again: false, not_before })
}
