//! A global secondary index with keys only. Its entries follow the items, as late as they are told to: a reader may find an entry
//! that is gone, or miss one that is there.
//!
//! Must not know: how it is asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::item::{Item, Key};
use super::span::Span;

/// The keys of an item in its table.
pub(super) type Primary = (Key, Key);

/// Where an item stands in an index: the partition, and the sort key.
type Place = (Key, Key);

/// A change that readers do not see yet.
#[derive(Clone, Debug)]
struct Pending {
    /// From when on they see it, in milliseconds.
    visible: u64,
    of: Primary,
    place: Option<Place>,
}

/// An index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// The names of its key attributes.
    pub(super) partition: String,
    pub(super) sort: String,
    partitions: BTreeMap<Key, BTreeSet<(Key, Primary)>>,
    places: BTreeMap<Primary, Place>,
    pending: VecDeque<Pending>,
}

impl Index {
    /// An empty one over these attributes.
    pub(super) fn new(partition: String, sort: String) -> Self {
        let (partitions, places) = (BTreeMap::new(), BTreeMap::new());
        Self { partition, sort, partitions, places, pending: VecDeque::new() }
    }

    /// Notes what an item is now; readers see it from `visible` on, and never before what was noted earlier.
    pub(super) fn note(&mut self, of: &Primary, item: Option<&Item>, visible: u64) {
        let visible = self.pending.back().map_or(visible, |last| last.visible.max(visible));
        let place = item.and_then(|item| self.place(item));
        self.pending.push_back(Pending { visible, of: of.clone(), place });
    }

    fn place(&self, item: &Item) -> Option<Place> {
        Some((Key::of(item.get(&self.partition)?)?, Key::of(item.get(&self.sort)?)?))
    }

    /// Lets readers see all that is visible at `now`.
    pub(super) fn catch_up(&mut self, now: u64) {
        while self.pending.front().is_some_and(|change| change.visible <= now) {
            let Some(Pending { of, place, .. }) = self.pending.pop_front() else { return };
            if let Some((partition, sort)) = self.places.remove(&of)
                && let Some(entries) = self.partitions.get_mut(&partition)
            {
                entries.remove(&(sort, of.clone()));
            }
            if let Some((partition, sort)) = place {
                self.partitions.entry(partition.clone()).or_default().insert((sort.clone(), of.clone()));
                self.places.insert(of, (partition, sort));
            }
        }
    }

    /// The entries of a partition within `span`, in their order.
    pub(super) fn entries<'a>(
        &'a self,
        partition: &Key,
        span: Span<(Key, Primary)>,
    ) -> impl DoubleEndedIterator<Item = &'a (Key, Primary)> + use<'a> {
        let entries = self.partitions.get(partition).into_iter();
        entries.flat_map(move |entries| entries.range(span.clone()))
    }
}
