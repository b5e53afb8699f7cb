//! The journal's slots as this run sees them: which are free, what each holds, and the next stamp.
//!
//! Must not know: how a slot is written.

use std::collections::BTreeMap;

use rules::ids::{BatchId, Epoch};
use rules::journal::{Entry, Phase, Slot, Stamp};
use rules::time::Timestamp;

/// What a slot is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Use {
    /// It may be overwritten, and holds nothing that must be closed.
    Free,
    /// It may be overwritten, and holds a finished entry of ours that is not closed yet; this one closes it.
    Finished(Box<Entry>),
    /// A batch is in flight, unpublished, or quarantined.
    Taken,
}

/// A slot that was given to a batch, with everything that its entry needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slot: Slot,
    pub(super) expected: Option<Stamp>,
    pub(super) stamp: Stamp,
}

/// All slots of a connection.
#[derive(Debug)]
pub(super) struct Slots {
    epoch: Epoch,
    writes: u32,
    batches: u32,
    held: BTreeMap<Slot, (Option<Stamp>, Use)>,
    /// What the slots that were given out were used for before.
    before: BTreeMap<Slot, Use>,
}

impl Slots {
    /// The slots as the journal holds them.
    pub(super) fn new(epoch: Epoch, entries: &[Entry], now: Timestamp) -> Self {
        let usage = |entry: &Entry| match entry.phase {
            Phase::Open => Use::Taken,
            Phase::Settled if entry.quarantines(now) => Use::Taken,
            Phase::Settled | Phase::Closed => Use::Free,
        };
        let held = entries.iter().map(|entry| (entry.slot, (Some(entry.stamp), usage(entry)))).collect();
        Self { epoch, writes: 0, batches: 0, held, before: BTreeMap::new() }
    }

    /// A new batch's id.
    pub(super) fn next_batch(&mut self) -> BatchId {
        self.batches += 1;
        BatchId { epoch: self.epoch, sequence: self.batches }
    }

    /// How many batches there were.
    pub(super) fn batches(&self) -> u32 {
        self.batches
    }

    /// A slot for a new entry: the first free one, or one more.
    pub(super) fn acquire(&mut self) -> Place {
        let free = self.held.iter().find(|(_, (_, usage))| *usage != Use::Taken);
        let one_more = || Slot(self.held.keys().last().map_or(0, |last| last.0 + 1));
        let slot = free.map_or_else(one_more, |(slot, _)| *slot);
        self.rewrite(slot)
    }

    /// The place for writing a slot that is ours, or becomes so.
    pub(super) fn rewrite(&mut self, slot: Slot) -> Place {
        self.writes += 1;
        let stamp = Stamp { epoch: self.epoch, write: self.writes };
        let (expected, before) = self.held.insert(slot, (Some(stamp), Use::Taken)).unwrap_or((None, Use::Free));
        self.before.insert(slot, before);
        Place { slot, expected, stamp }
    }

    /// The place was not written after all: the slot is as it was, and what it held is still to be closed.
    pub(super) fn unwritten(&mut self, place: Place) {
        let before = self.before.remove(&place.slot).unwrap_or(Use::Free);
        self.held.insert(place.slot, (place.expected, before));
    }

    /// The entry in its slot needs no more attention, but is not closed.
    pub(super) fn finish(&mut self, entry: Entry) {
        let closing = Entry { sent: Vec::new(), phase: Phase::Closed, ..entry };
        self.set(closing.slot, Use::Finished(Box::new(closing)));
    }

    /// The entry in the slot is closed.
    pub(super) fn free(&mut self, slot: Slot) {
        self.set(slot, Use::Free);
    }

    fn set(&mut self, slot: Slot, usage: Use) {
        if let Some(entry) = self.held.get_mut(&slot) {
            entry.1 = usage;
        }
    }

    /// What closes the entries that are finished and not closed.
    pub(super) fn finished(&self) -> Vec<Entry> {
        let closing = |usage: &Use| match usage {
            Use::Finished(entry) => Some(entry.as_ref().clone()),
            Use::Free | Use::Taken => None,
        };
        self.held.values().filter_map(|(_, usage)| closing(usage)).collect()
    }
}
