//! The width: how many calls a run has in flight. Fewer when Salesforce asks for fewer or slows down, and again more, up to the
//! connection's number, while it is quick.
//!
//! Must not know: what the calls are for, or how time is measured.

use std::time::Duration;

/// The fewest records of a call whose time says how quick Salesforce is: a smaller one is mostly overhead.
const TELLING: usize = 50;

/// A call that takes so many times as long as the quickest is a sign of too many at once.
const SLOW: u32 = 3;

/// How many calls, times the width, must be quick before there may be one more.
const PATIENCE: usize = 2;

/// How many calls there may be, and how they have been answered.
#[derive(Clone, Debug)]
pub(super) struct Width {
    most: usize,
    now: usize,
    /// The least time that a record of a telling call took.
    quickest: Option<Duration>,
    /// Quick calls in a row.
    quick: usize,
    /// Slow calls since the width changed.
    slow: usize,
}

impl Width {
    /// As many as the connection allows: the first call goes alone all the same.
    pub(super) fn of(most: u8) -> Self {
        let most = usize::from(most.max(1));
        Self { most, now: most, quickest: None, quick: 0, slow: 0 }
    }

    /// How many calls there may be.
    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// A call with so many records was answered after `took`. A quarter of those in flight must be slow before there are fewer, so
    /// that one slow trigger does not hold up the rest.
    pub(super) fn answered(&mut self, records: usize, took: Duration) {
        let Some(parts) = u32::try_from(records).ok().filter(|_| records >= TELLING) else { return };
        let a_record = took / parts;
        let quickest = self.quickest.map_or(a_record, |quickest| quickest.min(a_record));
        self.quickest = Some(quickest);
        if a_record > quickest * SLOW {
            self.quick = 0;
            self.slow += 1;
            if self.slow * 4 > self.now {
                self.change((self.now - 1).max(1));
            }
            return;
        }
        self.quick += 1;
        if self.quick >= PATIENCE * self.now {
            self.change((self.now + 1).min(self.most));
        }
    }

    /// Salesforce said that there are too many.
    pub(super) fn refused(&mut self) {
        self.change((self.now / 2).max(1));
    }

    fn change(&mut self, now: usize) {
        (self.now, self.quick, self.slow) = (now, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(550);

    fn after(mut width: Width, calls: usize, took: Duration) -> Width {
        for _ in 0..calls {
            width.answered(200, took);
        }
        width
    }

    #[test]
    fn a_quick_salesforce_gets_as_many_calls_as_the_connection_allows() {
        assert_eq!(after(Width::of(4), 100, QUICK).now(), 4);
    }

    #[test]
    fn rising_latency_takes_calls_away_and_quick_answers_bring_them_back_one_by_one() {
        let width = after(Width::of(8), 20, QUICK);
        let slowed = after(width, 12, QUICK * 5);
        assert!((1..=3).contains(&slowed.now()), "{slowed:?}");
        let narrow = slowed.now();
        let once = after(slowed, PATIENCE * narrow, QUICK);
        assert_eq!(once.now(), narrow + 1);
        assert_eq!(after(once, 200, QUICK).now(), 8);
    }

    #[test]
    fn a_refusal_halves_them_and_one_always_remains() {
        let mut width = Width::of(5);
        let seen: Vec<_> = std::iter::repeat_with(|| {
            width.refused();
            width.now()
        })
        .take(4)
        .collect();
        assert_eq!(seen, [2, 1, 1, 1]);
    }

    #[test]
    fn one_slow_call_among_eight_changes_nothing() {
        let mut width = after(Width::of(8), 8, QUICK);
        width.answered(200, QUICK * 10);
        assert_eq!(after(width, 8, QUICK).now(), 8);
    }

    #[test]
    fn small_calls_tell_nothing() {
        let mut width = after(Width::of(4), 4, QUICK);
        for _ in 0..50 {
            width.answered(1, QUICK);
        }
        assert_eq!(width.now(), 4);
    }
}
