//! Recovery: what becomes of an entry that an older epoch left open.
//!
//! Must not know: why that run ended.

use rules::journal::{Recovered, Sent, recover};
use rules::record::{Record, Stored};

use super::{After, At, Landing, Step, Tried};
use crate::kept::Kept;
use crate::org::Said;
use crate::scene::Key;
use crate::world::record_in;

impl At<'_> {
    /// Stamps the first entry with our epoch, which shuts out its old writer, and reads its records. What the old writer does to
    /// the records between the two, it may as well do before: one step.
    pub(super) fn recover(&mut self, slots: &[usize]) {
        let Some((&slot, rest)) = slots.split_first() else { return };
        if !self.rewrite(slot, |_| ()) {
            return;
        }
        let Some(entry) = self.world.journal.at(slot).cloned() else { return };
        // Its sender can close it no more: what it was told is lost.
        self.world.books.unprocessed.remove(entry.batch);
        let (at, after) = (self.now, After::Recovering(rest.to_vec()));
        let tried = [None, None];
        let mut landing = Landing { entry: entry.clone(), slot, at, tried, unknown: false, overtaken: false, after };
        for sent in &entry.sent {
            self.sort(&mut landing, sent);
        }
        self.settle_next(landing);
    }

    fn sort(&self, landing: &mut Landing, sent: &Sent) {
        let key = Key::of(&sent.id);
        match recover(landing.entry.batch, sent.version, Some(&self.world.records[key.at()])) {
            Recovered::Settled(known) => landing.unknown |= super::land::is_unknown(&known),
            Recovered::Unknown => {
                let current = self.world.records[key.at()].clone();
                let read = Record { source_version: sent.version, ..record_in(&current).clone() };
                let read = Kept::new(Stored::Record(Box::new(read)));
                landing.tried[key.at()] = Some(Tried { read, current: Some(current), said: Said::Unknown });
                landing.unknown = true;
            }
            Recovered::Overtaken => (landing.overtaken, landing.unknown) = (true, true),
            Recovered::Over => landing.unknown = true,
            Recovered::Later => {}
        }
    }

    /// Goes on with the next outcome, or publishes.
    pub(super) fn settle_next(&mut self, landing: Landing) {
        let left = landing.tried.iter().any(Option::is_some);
        let landing = Box::new(landing);
        self.run.step = if left { Step::Settling(landing) } else { Step::Publishing(landing) };
    }
}
