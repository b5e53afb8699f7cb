//! Virtual time: it stands still while something can go on, and else jumps to the next moment that somebody waits for.
//!
//! Must not know: who waits, and for what.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rules::time::Timestamp;

/// How often the time may be read while it stands still. A run of a million records reads it far less.
const MOST_READS: u64 = 10_000_000;

/// The time of one play. A clone is the same time.
#[derive(Clone, Debug)]
pub(crate) struct Timeline(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    now: AtomicI64,
    /// How often the time was read since it went on last.
    reads: AtomicU64,
    start: Timestamp,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    wakers: BTreeMap<(Timestamp, u64), Waker>,
    drawn: u64,
}

impl Timeline {
    /// A time that begins at `start`.
    pub(crate) fn starting(start: Timestamp) -> Self {
        let (now, reads) = (AtomicI64::new(start.as_millis()), AtomicU64::new(0));
        Self(Arc::new(Inner { now, reads, start, waiting: Mutex::default() }))
    }

    /// The true time.
    ///
    /// # Panics
    /// When it was read too often while it stood still: somebody goes in a circle without a wait, and would do so for ever.
    pub(crate) fn now(&self) -> Timestamp {
        let reads = self.0.reads.fetch_add(1, Ordering::Relaxed);
        assert!(reads < MOST_READS, "somebody goes in a circle without a wait, and reads the time in it");
        Timestamp::from_millis(self.0.now.load(Ordering::Relaxed))
    }

    /// How long the play lasts by now.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now().since(self.0.start)
    }

    /// Waits.
    pub(crate) fn sleep(&self, span: Duration) -> Sleep {
        Sleep { timeline: self.clone(), until: self.now() + span, registered: false }
    }

    /// Wakes `waker` at `instant`.
    pub(crate) fn wake_at(&self, instant: Timestamp, waker: Waker) {
        self.with(|waiting| {
            waiting.drawn += 1;
            waiting.wakers.insert((instant, waiting.drawn), waker);
        });
    }

    /// The next moment that somebody waits for.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.with(|waiting| waiting.wakers.keys().next().map(|(instant, _)| *instant))
    }

    /// Goes on to `instant`, which is not before now, and wakes whoever waited for it.
    pub(crate) fn advance_to(&self, instant: Timestamp) {
        self.0.now.store(instant.as_millis().max(self.now().as_millis()), Ordering::Relaxed);
        self.0.reads.store(0, Ordering::Relaxed);
        let due = self.with(|waiting| {
            let later = waiting.wakers.split_off(&(instant, u64::MAX));
            std::mem::replace(&mut waiting.wakers, later)
        });
        due.into_values().for_each(Waker::wake);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Waiting) -> T) -> T {
        work(&mut self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A wait.
#[derive(Debug)]
pub(crate) struct Sleep {
    timeline: Timeline,
    until: Timestamp,
    registered: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Even a wait of no time lets others go on once.
        if self.registered && self.timeline.now() >= self.until {
            return Poll::Ready(());
        }
        self.registered = true;
        self.timeline.wake_at(self.until, context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "goes in a circle without a wait")]
    fn a_circle_without_a_wait_comes_to_an_end() {
        let timeline = Timeline::starting(Timestamp::from_millis(0));
        let end = Timestamp::from_millis(1);
        while timeline.now() < end {}
    }
}
