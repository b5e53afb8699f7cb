//! Taking the lease, and the first look at the journal.
//!
//! Must not know: what the run will do with it.

use rules::control::Control;
use rules::ids::{Epoch, RunId};
use rules::journal::{Entry, Phase};
use rules::lease::{AFTER_DEADLINE, Lease, Take, take};

use super::{At, End, Step};
use crate::action::Reply;
use crate::broken::Break;
use crate::journal::Slots;
use crate::scene::INVOCATION;

impl At<'_> {
    /// Asks for the lease, together with the work; or notes the work for the one who holds it.
    pub(super) fn knock(&mut self) {
        let deadline = *self.run.deadline.get_or_insert(self.now + INVOCATION);
        let order = self.run.order.clone().expect("a run that has started has an order");
        let holder = RunId(self.place as u64 + 1);
        let before = self.world.control.epoch;
        match take(Control::clone(&self.world.control), holder, deadline + AFTER_DEADLINE, &order, self.now) {
            Take::Ours(control) => self.enter(control.epoch),
            Take::Busy { noting, .. } => {
                if let Some(noted) = noting {
                    self.world.control(*noted);
                }
                self.end(End::Busy);
            }
            Take::Free(control) => {
                let control = self.as_broken(*control, before);
                self.world.books.peace = false;
                self.world.books.epoch_fell |= control.epoch <= before;
                let epoch = control.epoch;
                self.world.control(control);
                self.enter(epoch);
            }
        }
    }

    fn as_broken(&self, control: Control, before: Epoch) -> Control {
        if !self.bounds.lacks(Break::LeaseWithoutEpoch) {
            return control;
        }
        let epoch = before.max(Epoch(1));
        let lease = control.lease.map(|lease| Lease { epoch, ..lease });
        Control { epoch, lease, ..control }
    }

    fn enter(&mut self, epoch: Epoch) {
        self.run.epoch = epoch;
        self.run.step = match self.reply {
            Reply::Comes => Step::Looking,
            Reply::Lost | Reply::Fails => Step::Knocking,
        };
    }

    /// Reads the journal: what is quarantined, which slots are free, and what must be recovered.
    pub(super) fn look(&mut self) {
        let (now, epoch) = (self.now, self.run.epoch);
        if !self.bounds.lacks(Break::RecoverLaterRuns)
            && self.world.journal.iter().any(|entry| entry.is_of_later_run(epoch))
        {
            self.end(End::Deposed);
            return;
        }
        let taken = |entry: &Entry| match entry.phase {
            Phase::Open => true,
            Phase::Settled => entry.quarantines(now),
            Phase::Closed => false,
        };
        self.run.desk.slots = Slots::of(&self.world.journal, taken);
        let mut open = Vec::new();
        for (slot, entry) in self.world.journal.iter().enumerate() {
            if entry.quarantines(now) {
                self.run.bar(entry);
            }
            if entry.phase == Phase::Open {
                open.push(slot);
            }
        }
        self.go_on_recovering(open);
    }

    /// Goes on with the entries in these slots, or begins to work.
    pub(super) fn go_on_recovering(&mut self, open: Vec<usize>) {
        if !open.is_empty() {
            self.run.step = Step::Recovering(open);
            return;
        }
        if self.budget_is_spent() {
            self.run.stop(End::Budget);
        }
        self.go_on_choosing();
    }
}
