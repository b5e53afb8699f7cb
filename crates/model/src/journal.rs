//! The journal's slots, each written on the condition of the stamp that was seen in it.
//!
//! Must not know: what an entry means.

use rules::ids::Epoch;
use rules::journal::{Entry, Phase, Stamp};

use crate::kept::Kept;
use crate::scene::Key;

/// The slots that were ever written, as the table holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal(Vec<Kept<Entry>>);

impl Journal {
    /// The entry in a slot.
    #[must_use]
    pub fn at(&self, slot: usize) -> Option<&Kept<Entry>> {
        self.0.get(slot)
    }

    /// All entries, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = &Kept<Entry>> {
        self.0.iter()
    }

    /// Writes a slot if its stamp is the one expected; whether it was.
    pub fn write(&mut self, slot: usize, entry: Entry, expected: Option<Stamp>) -> bool {
        if self.at(slot).map(|known| known.stamp) != expected {
            return false;
        }
        match self.0.get_mut(slot) {
            Some(known) => *known = Kept::new(entry),
            None => self.0.push(Kept::new(entry)),
        }
        true
    }

    /// Takes a record out of all entries: only a broken protocol does.
    pub fn forget(&mut self, key: Key) {
        for entry in &mut self.0 {
            let mut changed = Entry::clone(entry);
            changed.sent.retain(|sent| sent.id != *key.id());
            *entry = Kept::new(changed);
        }
    }

    /// Whether an open entry has the record.
    #[must_use]
    pub fn is_open_for(&self, key: Key) -> bool {
        self.iter().any(|entry| entry.phase == Phase::Open && has(entry, key))
    }
}

/// Whether the entry has the record.
#[must_use]
pub fn has(entry: &Entry, key: Key) -> bool {
    entry.sent.iter().any(|sent| sent.id == *key.id())
}

/// What a run makes of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// It may be overwritten.
    Free,
    /// It may be overwritten, and holds an entry of ours that is not closed yet.
    Finished,
    /// A batch is in flight, unpublished, or quarantined.
    Taken,
}

/// The slots as one run sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slots {
    writes: u32,
    seen: Vec<(Option<Stamp>, Usage)>,
}

/// A slot that was given out, with the stamps before and after its writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The slot.
    pub slot: usize,
    /// The stamp that must be there.
    pub expected: Option<Stamp>,
    /// The stamp that comes there.
    pub stamp: Stamp,
}

impl Slots {
    /// The slots as the journal holds them, where `taken` says which may not be overwritten.
    #[must_use]
    pub fn of(journal: &Journal, taken: impl Fn(&Entry) -> bool) -> Self {
        let usage = |entry: &Entry| if taken(entry) { Usage::Taken } else { Usage::Free };
        Self { writes: 0, seen: journal.iter().map(|entry| (Some(entry.stamp), usage(entry))).collect() }
    }

    /// A slot for a new entry.
    pub fn acquire(&mut self, epoch: Epoch) -> Place {
        let free = self.seen.iter().position(|(_, usage)| *usage != Usage::Taken);
        self.rewrite(free.unwrap_or(self.seen.len()), epoch)
    }

    /// The place for writing a slot that is ours, or becomes so.
    pub fn rewrite(&mut self, slot: usize, epoch: Epoch) -> Place {
        self.writes += 1;
        if slot == self.seen.len() {
            self.seen.push((None, Usage::Free));
        }
        let stamp = Stamp { epoch, write: self.writes };
        let expected = std::mem::replace(&mut self.seen[slot], (Some(stamp), Usage::Taken)).0;
        Place { slot, expected, stamp }
    }

    /// Sets what a slot is used for.
    pub fn set(&mut self, slot: usize, usage: Usage) {
        self.seen[slot].1 = usage;
    }

    /// The slots with entries that are finished and not closed.
    #[must_use]
    pub fn finished(&self) -> Vec<usize> {
        (0..self.seen.len()).filter(|slot| self.seen[*slot].1 == Usage::Finished).collect()
    }
}
