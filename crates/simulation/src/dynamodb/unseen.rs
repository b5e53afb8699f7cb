//! What items were before changes that readers without strong consistency do not see yet.
//!
//! Must not know: what an item is now.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Primary;
use super::kept::Kept;

/// Changes that are not seen yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Unseen {
    /// Until when, and what it was before.
    changes: BTreeMap<Primary, Vec<(u64, Option<Kept>)>>,
    /// The same in the order in which they are seen.
    ends: BTreeSet<(u64, Primary)>,
}

impl Unseen {
    /// An item changes, and is seen as it was `before` until `visible`.
    pub(super) fn note(&mut self, primary: &Primary, visible: u64, before: Option<Kept>) {
        self.changes.entry(primary.clone()).or_default().push((visible, before));
        self.ends.insert((visible, primary.clone()));
    }

    /// Forgets what is seen at `now`.
    pub(super) fn forget(&mut self, now: u64) {
        while self.ends.first().is_some_and(|(visible, _)| *visible <= now) {
            let Some((_, primary)) = self.ends.pop_first() else { return };
            let Some(changes) = self.changes.get_mut(&primary) else { continue };
            changes.retain(|(visible, _)| *visible > now);
            if changes.is_empty() {
                self.changes.remove(&primary);
            }
        }
    }

    /// An item that `is` so, as it is seen at `now`: as it was before the first change that is not seen yet.
    pub(super) fn seen<'a>(&'a self, primary: &Primary, is: Option<&'a Kept>, now: u64) -> Option<&'a Kept> {
        let mut changes = self.changes.get(primary).into_iter().flatten();
        changes.find(|(visible, _)| *visible > now).map_or(is, |(_, before)| before.as_ref())
    }
}
