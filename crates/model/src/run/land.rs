//! Landing: outcomes are written one record at a time, published, and only then is the entry done with.
//!
//! Must not know: how the answers were obtained.

use rules::conflict::{Settlement, merge, settle};
use rules::counts::ApiCalls;
use rules::journal::Phase;
use rules::record::{Record, Stored};
use rules::tries::{Try, TryOutcome};
use rules::verdict::{Attempt, Reading};

use super::{After, At, Batch, End, Landing, Step, Tried};
use crate::action::Reply;
use crate::broken::Break;
use crate::journal::Usage;
use crate::org::{Answer, Said};
use crate::scene::{FAILURE, Key, POLICY};
use crate::world::record_in;

pub(super) fn is_unknown(tried: &Try) -> bool {
    tried.outcome == TryOutcome::Unknown
}

fn reading(said: Said) -> Reading {
    match said {
        Said::Saved => Reading::Saved,
        Said::Refused => Reading::Refused(FAILURE.clone()),
        Said::Unknown => Reading::Unknown,
    }
}

impl At<'_> {
    /// The answer is there.
    pub fn hear(&mut self, answer: Answer) {
        let Step::Awaiting(batch) = std::mem::take(&mut self.run.step) else { return };
        for key in Key::BOTH {
            self.world.books.forced[key.at()] |= answer[key.at()].is_some() && batch.is_forced();
        }
        if self.bounds.lacks(Break::ReserveAfterSending) || self.bounds.lacks(Break::JournalAfterSending) {
            self.run.step = Step::MakingUp(batch, answer);
            return;
        }
        self.land(*batch, answer);
    }

    /// Nothing was processed: no record is blamed, and the run ends.
    pub fn hear_refusal(&mut self) {
        let Step::Awaiting(batch) = std::mem::take(&mut self.run.step) else { return };
        self.world.books.unprocessed.add(batch.id);
        if !self.bounds.lacks(Break::JournalAfterSending) {
            self.run.desk.slots.set(batch.place.slot, Usage::Finished);
        }
        self.run.stop(End::Suspended);
        self.leave(&batch.pass, false);
    }

    pub(super) fn land(&mut self, batch: Batch, answer: Answer) {
        let Some(entry) = self.world.journal.at(batch.place.slot).cloned() else { return };
        let tried = |key: Key| {
            let said = answer[key.at()]?;
            batch.items[key.at()].clone().map(|read| Tried { read, current: None, said })
        };
        let unknown = answer.contains(&Some(Said::Unknown));
        let (slot, at, tried) = (batch.place.slot, self.now, Key::BOTH.map(tried));
        let closes = self.bounds.lacks(Break::CloseEarly);
        if closes && !self.rewrite(slot, |entry| entry.phase = Phase::Closed) {
            return;
        }
        let after = After::Passing(batch.pass);
        self.settle_next(Landing { entry, slot, at, tried, unknown, overtaken: false, after });
    }

    /// Writes one record's outcome on the condition that it is as it was read, and otherwise settles the conflict. A write that
    /// loses a race is decided anew on what is there then, so that reading and writing come to one step.
    pub(super) fn settle(&mut self, mut landing: Landing) {
        let Some(key) = Key::BOTH.into_iter().find(|key| landing.tried[key.at()].is_some()) else { return };
        let Some(tried) = landing.tried[key.at()].clone() else { return };
        self.settle_one(&mut landing, key, &tried);
        match self.reply {
            Reply::Comes => {
                landing.tried[key.at()] = None;
                self.settle_next(landing);
            }
            Reply::Lost => self.run.step = Step::Settling(landing.into()),
            Reply::Fails => self.let_go(),
        }
    }

    fn settle_one(&mut self, landing: &mut Landing, key: Key, tried: &Tried) {
        let attempt = landing.attempt();
        let reading = reading(tried.said);
        let read = record_in(&tried.read);
        let before = record_in(tried.current.as_ref().unwrap_or(&tried.read));
        let current = self.world.record(key);
        if current.fence == before.fence || self.bounds.lacks(Break::NoFence) {
            let after = merge(&POLICY, read, before, &attempt, &reading);
            self.outcome(landing, key, after);
            return;
        }
        match settle(&POLICY, read, Some(&self.world.records[key.at()]), &attempt, &reading) {
            Settlement::Own(known) => landing.unknown |= is_unknown(&known),
            Settlement::Write(after) => self.outcome(landing, key, *after),
            Settlement::Overtaken { .. } => landing.overtaken = true,
            Settlement::Drop => {}
        }
    }

    fn outcome(&mut self, landing: &mut Landing, key: Key, after: Record) {
        let batch = landing.entry.batch;
        landing.unknown |= after.tries.of_batch(batch).is_some_and(is_unknown);
        self.world.put(self.bounds, key, Stored::Record(Box::new(after)));
        let newest = &mut self.world.books.newest[key.at()];
        self.world.books.unfenced |= *newest > Some(batch);
        *newest = (*newest).max(Some(batch));
    }

    /// Publishes what came of the batch. Its entry is finished then, unless an outcome is unknown: that goes on quarantining.
    pub(super) fn publish(&mut self, landing: Landing) {
        let Landing { entry, slot, unknown, overtaken, after, .. } = landing;
        self.world.books.warned |= overtaken;
        if unknown {
            self.run.bar(&entry);
        }
        let recovers = matches!(after, After::Recovering(_));
        let is_closed = self.bounds.lacks(Break::CloseEarly) && !recovers;
        if unknown && entry.quarantined_until > self.now && !is_closed {
            if !self.rewrite(slot, |entry| entry.phase = Phase::Settled) {
                return;
            }
        } else {
            self.run.desk.slots.set(slot, if is_closed { Usage::Free } else { Usage::Finished });
        }
        match after {
            After::Recovering(rest) => self.go_on_recovering(rest),
            After::Passing(pass) => self.go_on(pass),
        }
    }

    /// Puts back a call that was not made, if it is still good.
    pub(super) fn put_back(&mut self, batch: &Batch) {
        if let Some(block) = self.run.desk.block.as_mut().filter(|block| block.bucket == batch.bucket) {
            block.left += ApiCalls(1);
        }
    }
}

impl Landing {
    fn attempt(&self) -> Attempt {
        let entry = &self.entry;
        Attempt {
            batch: entry.batch,
            kind: entry.kind,
            tick: entry.tick,
            at: self.at,
            commits_until: entry.quarantined_until,
        }
    }
}
