//! The width: how many calls a run has in flight. Fewer when Salesforce asks for fewer, or when fewer are answered sooner; and again
//! more, up to the connection's number.
//!
//! Averages are compared and not single calls, whose times differ by chance: a *window* of calls with what is usual. A window much
//! slower than that halves the width, on trial. Where that helps, there were too many calls, and after every good window there is
//! one more. Where it does not, Salesforce is slower now whatever we do: what it takes is usual from then on, and the width is as
//! before.
//!
//! Must not know: what the calls are for, or how time is measured.

use std::time::Duration;

/// The fewest records of a call whose time says how quick Salesforce is: a smaller one is mostly overhead. It is half of the most
/// that a call has, so that by its size alone a record takes twice as long as another at most, which is not [`SLOW`].
const TELLING: u32 = 100;

/// The fewest calls of a window.
const LEAST: usize = 8;

/// A window that takes more than so many times what is usual is a sign of too many calls at once.
const SLOW: u32 = 3;

/// What is usual moves this part of the way to what a window took.
const FOLLOWS: u32 = 8;

/// How many calls there may be, and how they have been answered.
#[derive(Clone, Debug)]
pub(super) struct Width {
    most: usize,
    now: usize,
    /// What a record usually takes; at first what those of the first call took, which went alone.
    usual: Option<Duration>,
    window: Window,
    /// Answers that do not count, because their calls were sent when there were more.
    stale: usize,
    trial: Option<Trial>,
}

/// Calls that were answered one after another.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    calls: usize,
    records: u32,
    took: Duration,
    slowest: Answer,
}

#[derive(Clone, Copy, Debug, Default)]
struct Answer {
    records: u32,
    took: Duration,
}

/// A width that was halved to see whether it helps.
#[derive(Clone, Copy, Debug)]
struct Trial {
    from: usize,
    /// What a record took at that width.
    slow: Duration,
}

impl Width {
    /// As many as the connection allows: the first call goes alone all the same.
    pub(super) fn of(most: u8) -> Self {
        let most = usize::from(most.max(1));
        Self { most, now: most, usual: None, window: Window::default(), stale: 0, trial: None }
    }

    /// How many calls there may be.
    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// A call with so many records was answered after `took`.
    pub(super) fn answered(&mut self, records: usize, took: Duration) {
        if self.stale > 0 {
            self.stale -= 1;
            return;
        }
        let Some(records) = u32::try_from(records).ok().filter(|records| *records >= TELLING) else { return };
        let answer = Answer { records, took };
        let Some(usual) = self.usual else {
            self.usual = Some(answer.a_record());
            return;
        };
        self.window.add(answer);
        if self.window.calls >= self.now.max(LEAST) {
            let a_record = std::mem::take(&mut self.window).a_record();
            self.judge(usual, a_record);
        }
    }

    /// Salesforce said that there are too many.
    pub(super) fn refused(&mut self) {
        self.trial = None;
        self.narrow();
    }

    /// What follows from a window whose records took so long each.
    fn judge(&mut self, usual: Duration, a_record: Duration) {
        let trial = self.trial.take();
        if let Some(Trial { from, slow }) = trial.filter(|trial| !trial.helped(a_record)) {
            self.usual = Some(slow);
            self.now = from;
        } else if a_record <= usual * SLOW {
            self.usual = Some(self.follow(usual, a_record));
            self.now = (self.now + 1).min(self.most);
        } else if self.now > 1 {
            self.trial = Some(Trial { from: self.now, slow: a_record });
            self.narrow();
        } else {
            self.usual = Some(a_record);
        }
    }

    /// What is usual after a good window. Below the full width it only falls: if it rose with the width, no number of calls would ever
    /// be seen to be too many.
    fn follow(&self, usual: Duration, a_record: Duration) -> Duration {
        if a_record > usual && self.now < self.most {
            return usual;
        }
        (usual * (FOLLOWS - 1) + a_record) / FOLLOWS
    }

    fn narrow(&mut self) {
        self.stale = self.now - 1;
        self.now = (self.now / 2).max(1);
        self.window = Window::default();
    }
}

impl Window {
    fn add(&mut self, answer: Answer) {
        self.calls += 1;
        self.records += answer.records;
        self.took += answer.took;
        if answer.took > self.slowest.took {
            self.slowest = answer;
        }
    }

    /// What a record took. The slowest call is left out, so that a single slow trigger or lost packet changes nothing.
    fn a_record(self) -> Duration {
        let others =
            Answer { records: self.records - self.slowest.records, took: self.took.saturating_sub(self.slowest.took) };
        others.a_record()
    }
}

impl Answer {
    fn a_record(self) -> Duration {
        self.took / self.records.max(1)
    }
}

impl Trial {
    /// Whether a record takes less than three quarters of what it took when there were more calls.
    fn helped(self, a_record: Duration) -> bool {
        a_record * 4 < self.slow * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(550);

    /// The widths at which so many full calls were sent, each of which takes what `takes` says of that width.
    fn widths(width: &mut Width, calls: usize, mut takes: impl FnMut(usize) -> Duration) -> Vec<usize> {
        let mut call = || {
            // Before anything is known the call goes alone.
            let at = if width.usual.is_none() { 1 } else { width.now() };
            width.answered(200, takes(at));
            at
        };
        (0..calls).map(|_| call()).collect()
    }

    fn after(mut width: Width, calls: usize, took: Duration) -> Width {
        widths(&mut width, calls, |_| took);
        width
    }

    /// Times between 80 ms and 1.5 s, the same ones for a seed.
    fn by_chance(mut seed: u64) -> impl FnMut(usize) -> Duration {
        move |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Duration::from_millis(80 + (seed >> 33) % 1_421)
        }
    }

    #[test]
    fn a_quick_salesforce_gets_as_many_calls_as_the_connection_allows() {
        assert_eq!(after(Width::of(4), 100, QUICK).now(), 4);
    }

    #[test]
    fn times_that_differ_by_chance_leave_the_width_close_to_full() {
        for seed in 0..100 {
            let widths = widths(&mut Width::of(8), 250, by_chance(seed));
            let sum: usize = widths.iter().sum();
            assert!(sum >= 250 * 6, "seed {seed}: {widths:?}");
            assert!(widths[150..].iter().all(|width| *width >= 7), "seed {seed}: {widths:?}");
        }
    }

    #[test]
    fn a_first_call_that_happens_to_be_very_quick_costs_the_width_for_a_while_only() {
        let width = after(Width::of(8), 1, QUICK / 10);
        let trial = after(width, LEAST, QUICK);
        assert_eq!(trial.now(), 4);
        assert_eq!(after(trial, 2 * LEAST, QUICK).now(), 8);
    }

    #[test]
    fn a_salesforce_that_slows_down_with_the_width_gets_as_many_as_it_can_do_with() {
        for most in [4, 8, 25] {
            let mut width = Width::of(most);
            let widths = widths(&mut width, 1_000, |at| QUICK * u32::try_from(at).expect("there are 25 at most"));
            assert!(widths[300..].iter().all(|width| (1..=4).contains(width)), "{most}: {widths:?}");
            assert!(widths[300..].contains(&3), "{most}: {widths:?}");
        }
    }

    #[test]
    fn a_salesforce_that_became_slow_for_good_gets_its_width_back() {
        let quick = after(Width::of(8), 100, QUICK);
        let trial = after(quick, 2 * LEAST, QUICK * 10);
        assert_eq!(trial.now(), 4);
        assert_eq!(after(trial.clone(), 2 * LEAST, QUICK * 10).now(), 8);
        let slow = widths(&mut trial.clone(), 500, |_| QUICK * 10);
        assert!(slow[2 * LEAST..].iter().all(|width| *width == 8), "{slow:?}");
    }

    #[test]
    fn one_that_is_quick_again_gets_one_more_call_after_each_good_window() {
        let mut width = Width::of(8);
        widths(&mut width, 200, |at| QUICK * u32::try_from(at).expect("there are eight at most"));
        assert!(width.now() <= 4, "{width:?}");
        let seen = widths(&mut width, 20 * LEAST, |_| QUICK);
        assert!(seen.windows(2).all(|two| two[1] == two[0] || two[1] == two[0] + 1), "{seen:?}");
        assert_eq!(width.now(), 8);
    }

    #[test]
    fn one_that_is_quick_again_after_it_was_slow_for_good_is_measured_by_that() {
        let slow = after(Width::of(8), 200, QUICK * 10);
        let quick = after(slow, 50 * LEAST, QUICK);
        assert_eq!(after(quick, 2 * LEAST, QUICK * 5).now(), 4);
    }

    #[test]
    fn one_slow_call_changes_nothing() {
        let mut width = after(Width::of(8), 8, QUICK);
        width.answered(200, QUICK * 200);
        let seen = widths(&mut width, 100, |_| QUICK);
        assert!(seen.iter().all(|width| *width == 8), "{seen:?}");
    }

    #[test]
    fn calls_that_were_sent_at_the_old_width_do_not_count_for_the_new_one() {
        let mut width = after(Width::of(8), 1 + LEAST, QUICK);
        widths(&mut width, LEAST, |_| QUICK * 8);
        assert_eq!(width.now(), 4);
        // Seven are in flight still; what those take at four is half.
        widths(&mut width, 7, |_| QUICK * 8);
        widths(&mut width, LEAST, |_| QUICK * 2);
        assert_eq!(width.now(), 5, "the trial helped: {width:?}");
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
    fn a_refusal_on_trial_is_an_answer_to_it() {
        let mut width = after(after(Width::of(8), 1 + LEAST, QUICK), LEAST, QUICK * 10);
        assert_eq!(width.now(), 4);
        width.refused();
        let seen = widths(&mut width, 3 + LEAST, |_| QUICK);
        assert!(seen.iter().all(|width| *width == 2), "{seen:?}");
        assert_eq!(width.now(), 3);
    }

    #[test]
    fn a_half_batch_is_no_slow_one_although_its_records_take_longer() {
        let mut width = after(Width::of(4), 9, QUICK);
        for _ in 0..50 {
            width.answered(100, QUICK);
        }
        assert_eq!(width.now(), 4);
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
