//! The end of a run: closing what is finished, and the release; or death.
//!
//! Must not know: what was done before.

use rules::control::Control;
use rules::journal::{Entry, Phase};
use rules::lease::{Lease, release};

use super::send::returned;
use super::{At, End, OwedChange, Run, Step};
use crate::broken::Break;
use crate::journal::Usage;
use crate::scene::FIRST_TICK;

impl At<'_> {
    /// Closes the entries that are finished; whether they were ours. Overwriting one closes it too.
    fn close(&mut self) -> bool {
        for slot in self.run.desk.slots.finished() {
            let closed = self.rewrite(slot, |entry| {
                // Nobody reads more of a closed entry than its stamp.
                *entry = Entry {
                    sent: Vec::new(),
                    phase: Phase::Closed,
                    tick: FIRST_TICK,
                    send_by: FIRST_TICK,
                    quarantined_until: FIRST_TICK,
                    ..entry.clone()
                };
            });
            if !closed {
                return false;
            }
            self.run.desk.slots.set(slot, Usage::Free);
        }
        true
    }

    /// Closes what is finished, and releases the lease with the rest of the budget, unless more is owed that can be done. A run
    /// that dies between the two leaves no more behind than one that dies before both.
    pub(super) fn release(&mut self) {
        if !self.close() {
            return;
        }
        let (now, epoch, stop, rest) = (self.now, self.run.epoch, self.run.desk.stop, self.run.desk.block);
        if stop.is_some_and(is_redone_by_the_next_tick) {
            let tick = self.run.order.as_ref().map_or(now, rules::owed::Selection::tick);
            self.run.note(OwedChange::DueDone(self.run.owed(&self.world.control).due.unwrap_or(tick)));
        }
        let blind = self.bounds.lacks(Break::BlindRelease);
        let mut released = false;
        let goes_on = self.update(|control| {
            if stop.is_none() && control.owed.ready(now) && !blind {
                return None;
            }
            released = true;
            release(Control { ledger: returned(&control, rest), ..control }, epoch)
        });
        if released {
            self.world.books.peace = stop.is_none();
            self.end(stop.unwrap_or(End::Done));
        } else if goes_on {
            self.run.step = Step::Choosing;
        }
    }

    /// After a failure: lets the lease end now, if that is still possible, so that the next run need not wait.
    pub(super) fn let_go(&mut self) {
        let (now, rest) = (self.now, self.run.desk.block);
        if self.close() {
            let ended = self.update(|control| {
                let ledger = returned(&control, rest);
                let lease = control.lease.clone().map(|lease| Lease { until: lease.until.min(now), ..lease });
                Some(Control { ledger, lease, ..control })
            });
            if ended {
                self.world.books.peace = false;
            }
        }
        self.end(End::Failed);
    }

    /// The run dies: nothing of it is left but what the table holds.
    pub fn die(&mut self) {
        if self.world.control.is_held_by(self.run.epoch) {
            self.world.books.peace = false;
        }
        self.run = Run::over(End::Crashed);
    }
}

/// Whether what was due stays due, so that the next tick finds it by itself.
const fn is_redone_by_the_next_tick(stop: End) -> bool {
    match stop {
        End::Budget | End::Suspended => true,
        End::Done | End::Busy | End::Deposed | End::Deadline | End::Crashed | End::Failed => false,
    }
}
