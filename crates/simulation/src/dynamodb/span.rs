//! A span of entries that stand in order: what a page of a query looks at, and nothing else, however large its partition is.
//!
//! Must not know: what the entries are.

use std::ops::Bound;

/// From where to where, as the collections in order take it: never from behind its own end.
pub(super) type Span<T> = (Bound<T>, Bound<T>);

/// What lies from `from` on and before `until`, and behind `start` for a reader who goes forward or back; nothing when that is empty.
pub(super) fn span<T: Ord>(from: T, until: T, start: Option<T>, forward: bool) -> Option<Span<T>> {
    let (from, until) = match start {
        Some(start) if forward && start >= from => (Bound::Excluded(start), until),
        Some(start) if !forward && start < until => (Bound::Included(from), start),
        Some(_) | None => (Bound::Included(from), until),
    };
    let is_some = match &from {
        Bound::Included(least) | Bound::Excluded(least) => *least < until,
        Bound::Unbounded => true,
    };
    is_some.then_some((from, Bound::Excluded(until)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is found of 0 to 9 that way.
    fn found(from: u32, until: u32, start: Option<u32>, forward: bool) -> Vec<u32> {
        let all: BTreeSet<u32> = (0..10).collect();
        span(from, until, start, forward).map_or_else(Vec::new, |span| all.range(span).copied().collect())
    }

    #[test]
    fn a_page_begins_behind_the_last_one_in_either_direction() {
        assert_eq!(found(2, 5, None, true), [2, 3, 4]);
        assert_eq!(found(2, 5, Some(3), true), [4]);
        assert_eq!(found(2, 5, Some(3), false), [2]);
    }

    #[test]
    fn a_start_outside_leaves_all_or_nothing() {
        assert_eq!(found(2, 5, Some(0), true), [2, 3, 4]);
        assert_eq!(found(2, 5, Some(9), false), [2, 3, 4]);
        assert_eq!(found(2, 5, Some(7), true), Vec::<u32>::new());
        assert_eq!(found(2, 5, Some(2), false), Vec::<u32>::new());
        assert_eq!(found(2, 5, Some(1), false), Vec::<u32>::new());
        assert_eq!(found(5, 2, None, true), Vec::<u32>::new());
    }
}
