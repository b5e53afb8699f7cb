//! A run: which step it takes next, and what it has in memory. Its steps are those of production, in their order; each is at most
//! one request to the table, the bus or Salesforce.
//!
//! Must not know: what other runs do, except through the table.

mod finish;
mod knock;
mod land;
mod pick;
mod recover;
mod send;

use rules::budget::Bucket;
use rules::control::Control;
use rules::counts::ApiCalls;
use rules::ids::{BatchId, Epoch};
use rules::journal::Entry;
use rules::owed::{Forced, Owed, Selection, Turn};
use rules::record::Stored;
use rules::time::Timestamp;

use crate::action::{Reply, Skew};
use crate::bounds::Bounds;
use crate::journal::{Place, Slots};
use crate::kept::Kept;
use crate::org::{Answer, Said};
use crate::scene::{BEFORE_DEADLINE, Each, REQUEST_TIMEOUT, SKEW};
use crate::world::World;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Nothing was left to do.
    Done,
    /// Another one held the lease.
    Busy,
    /// Another one took the lease meanwhile.
    Deposed,
    /// The budget was used up.
    Budget,
    /// Its time was over.
    Deadline,
    /// Salesforce processed nothing: the connection would be suspended.
    Suspended,
    /// It died.
    Crashed,
    /// A write failed, or seemed to: it gave up, and ended its lease.
    Failed,
}

/// Records that one selection means and that are not sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    /// What is worked at.
    pub selection: Selection,
    /// The records, as they were read.
    pub items: Each<Option<Kept<Stored>>>,
    /// When they were read.
    pub read_at: Timestamp,
    /// The end of the last quarantine because of which one was passed over.
    pub until: Option<Timestamp>,
    /// The records that the request leaves alone, with a reason.
    pub left: Each<bool>,
    /// For the observer: what was read was older than a success recorded before.
    pub outdated: Each<bool>,
}

/// A batch with everything that allows it to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Its records, as they were read.
    pub items: Each<Option<Kept<Stored>>>,
    /// The journal slot that it has.
    pub place: Place,
    /// The bucket that its call is charged to.
    pub bucket: Bucket,
    /// It is not sent after this instant.
    pub send_by: Timestamp,
    /// The rest of its selection.
    pub pass: Pass,
}

/// A try whose outcome is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tried {
    /// The record as it was sent.
    pub read: Kept<Stored>,
    /// The record as it is now, when it was read anew since.
    pub current: Option<Kept<Stored>>,
    /// What was said of it.
    pub said: Said,
}

/// What a run goes on with when a batch is settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum After {
    /// With the entries in these slots, which older epochs left open.
    Recovering(Vec<usize>),
    /// With the rest of its selection.
    Passing(Pass),
}

/// A batch whose outcomes are being written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Landing {
    /// Its journal entry.
    pub entry: Kept<Entry>,
    /// Where that is.
    pub slot: usize,
    /// When its answer was there.
    pub at: Timestamp,
    /// The tries that are not written yet.
    pub tried: Each<Option<Tried>>,
    /// Whether an outcome is unknown.
    pub unknown: bool,
    /// Whether A's source may have been overwritten.
    pub overtaken: bool,
    /// What comes after it.
    pub after: After,
}

/// The next step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Step {
    /// Its trigger has not come.
    #[default]
    Expected,
    /// It asks for the lease.
    Knocking,
    /// It reads the journal.
    Looking,
    /// It stamps the first of these slots and reads the records of its entry.
    Recovering(Vec<usize>),
    /// It chooses what to work at, and reads what an index lists of it.
    Choosing,
    /// It reserves calls.
    Reserving(Box<Pass>),
    /// It writes the journal entry.
    Journaling(Box<Batch>),
    /// It sends the batch.
    Sending(Box<Batch>),
    /// It waits for the answer.
    Awaiting(Box<Batch>),
    /// In a broken protocol: it reserves the call, or writes the entry, that it should have before.
    MakingUp(Box<Batch>, Answer),
    /// It writes the outcome of the first record that has none.
    Settling(Box<Landing>),
    /// It publishes what came of the batch, and goes on quarantining what is unknown.
    Publishing(Box<Landing>),
    /// It closes finished entries and releases the lease, unless more is owed.
    Releasing,
    /// It is over.
    Over(End),
}

/// Calls that were reserved and not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The bucket in which they may be made.
    pub bucket: Bucket,
    /// How many are left.
    pub left: ApiCalls,
}

/// A change of the owed work that the next write of the control item carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwedChange {
    /// The due records of this tick, or of an earlier one, are done.
    DueDone(Timestamp),
    /// The person's request stands like this.
    Request(Forced),
    /// Nothing is left to do for it.
    RequestOver,
}

impl OwedChange {
    fn apply(&self, mut owed: Owed) -> Owed {
        match self {
            Self::DueDone(tick) => owed.due = owed.due.filter(|due| due > tick),
            Self::Request(now) => return owed.with_progress(now.clone()),
            Self::RequestOver => return owed.without_request(&crate::scene::REQUEST),
        }
        owed
    }
}

/// What a run has in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Desk {
    /// Calls at hand.
    pub block: Option<Block>,
    /// Until when each record may not be sent, as far as this run knows.
    pub barred: Each<Option<Timestamp>>,
    /// The journal's slots, as far as this run knows.
    pub slots: Slots,
    /// Its batches so far.
    pub batches: u32,
    /// Whose work comes next.
    pub turn: Option<Turn>,
    /// Changes that the next write of the control item carries.
    pub pending: Vec<OwedChange>,
    /// Why nothing more is sent.
    pub stop: Option<End>,
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Run {
    /// Its next step.
    pub step: Step,
    /// Its clock.
    pub skew: Skew,
    /// What it was asked to try; nothing before its trigger came and after its end.
    pub order: Option<Selection>,
    /// When its invocation ends.
    pub deadline: Option<Timestamp>,
    /// Whether it goes on after that.
    pub stalls: bool,
    /// Its fencing token.
    pub epoch: Epoch,
    /// Its memory.
    pub desk: Desk,
}

impl Run {
    /// A run that is over: nothing of it is left.
    #[must_use]
    pub fn over(end: End) -> Self {
        Self { step: Step::Over(end), ..Self::default() }
    }

    /// Whether it is at work.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        !matches!(self.step, Step::Expected | Step::Over(_))
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.step, Step::Over(_))
    }

    /// What its clock says when it is really `now`.
    #[must_use]
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        match self.skew {
            Skew::None => now,
            Skew::Ahead => now + SKEW,
            Skew::Behind => now - SKEW,
        }
    }

    /// Whether its invocation has ended by `now`.
    #[must_use]
    pub fn is_out_of_time(&self, now: Timestamp) -> bool {
        self.is_alive() && !self.stalls && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    fn deadline(&self) -> Timestamp {
        self.deadline.expect("a run that has started has a deadline")
    }

    /// The instant from which it sends nothing any more.
    fn stop_at(&self) -> Timestamp {
        self.deadline() - REQUEST_TIMEOUT - BEFORE_DEADLINE
    }

    /// The work owed, with the changes that the next write carries.
    fn owed(&self, control: &Control) -> Owed {
        self.desk.pending.iter().fold(control.owed.clone(), |owed, change| change.apply(owed))
    }

    fn note(&mut self, change: OwedChange) {
        self.desk
            .pending
            .retain(|earlier| !matches!((&change, earlier), (OwedChange::Request(_), OwedChange::Request(_))));
        self.desk.pending.push(change);
    }

    fn stop(&mut self, why: End) {
        self.desk.stop.get_or_insert(why);
    }

    /// When a record may be sent again, if it may not be at `now`.
    fn barred(&self, key: crate::scene::Key, now: Timestamp) -> Option<Timestamp> {
        self.desk.barred[key.at()].filter(|until| *until > now)
    }

    fn bar(&mut self, entry: &Entry) {
        for sent in &entry.sent {
            let until = &mut self.desk.barred[crate::scene::Key::of(&sent.id).at()];
            *until = (*until).max(Some(entry.quarantined_until));
        }
    }
}

/// A run at its step, with the world around it.
pub struct At<'a> {
    /// The bounds.
    pub bounds: &'a Bounds,
    /// The world.
    pub world: &'a mut World,
    /// The run, taken out of the world.
    pub run: Run,
    /// Its place there.
    pub place: usize,
    /// What its clock says.
    pub now: Timestamp,
    /// What comes of the step's reply.
    pub reply: Reply,
    /// What the index lists; the truth when nothing.
    pub listed: Option<Each<bool>>,
}

impl At<'_> {
    /// Takes the run's next step.
    pub fn step(&mut self) {
        match std::mem::take(&mut self.run.step) {
            Step::Expected | Step::Knocking => self.knock(),
            Step::Looking => self.look(),
            Step::Recovering(slots) => self.recover(&slots),
            Step::Choosing => self.choose(),
            Step::Reserving(pass) => self.reserve(*pass),
            Step::Journaling(batch) => self.journal(*batch),
            Step::Sending(batch) => self.send(*batch),
            Step::MakingUp(batch, answer) => self.make_up(*batch, answer),
            Step::Settling(landing) => self.settle(*landing),
            Step::Publishing(landing) => self.publish(*landing),
            Step::Releasing => self.release(),
            step @ (Step::Awaiting(_) | Step::Over(_)) => self.run.step = step,
        }
    }

    /// Ends the run.
    fn end(&mut self, end: End) {
        self.run = Run::over(end);
    }

    /// Changes the control item if this run still holds it. A write that lost a race is made anew on what is there then, so
    /// that read and write come to one step. Gives whether the run goes on.
    fn update(&mut self, change: impl FnOnce(Control) -> Option<Control>) -> bool {
        let control = &*self.world.control;
        if !control.is_held_by(self.run.epoch) {
            self.end(End::Deposed);
            return false;
        }
        let current = Control { owed: self.run.owed(control), ..control.clone() };
        if let Some(changed) = change(current) {
            self.world.control(changed);
            self.run.desk.pending.clear();
        }
        true
    }

    /// Writes a slot that is ours; whether it was as last seen. If not, another epoch has stamped it.
    fn rewrite(&mut self, slot: usize, change: impl FnOnce(&mut Entry)) -> bool {
        let place = self.run.desk.slots.rewrite(slot, self.run.epoch);
        let Some(known) = self.world.journal.at(slot) else { return false };
        let mut entry = Entry { stamp: place.stamp, ..Entry::clone(known) };
        change(&mut entry);
        let written = self.world.journal.write(slot, entry, place.expected);
        if !written {
            self.end(End::Deposed);
        }
        written
    }
}
