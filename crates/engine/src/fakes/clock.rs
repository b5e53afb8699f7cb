//! A clock over tokio's time: with a paused runtime, days pass in a moment.
//!
//! Must not know: what is waited for.

use std::time::Duration;

use rules::time::Timestamp;
use tokio::time::Instant;

use crate::ports::Clock;

/// The wall clock reads `start` when the runtime begins, and goes as tokio's time does. Made inside a runtime, best a paused
/// one. A clone is the same clock.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    start: Timestamp,
    began: Instant,
}

impl VirtualClock {
    /// A clock that reads `start` now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock port; tokio's time is the one that a test drives")]
    pub fn starting(start: Timestamp) -> Self {
        Self { start, began: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    fn since_boot(&self) -> Duration {
        self.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock port; tokio's time is the one that a test drives")]
    async fn wait(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::sample;

    #[tokio::test(start_paused = true)]
    async fn waiting_three_days_takes_three_days_of_the_virtual_clock() {
        let clock = VirtualClock::starting(sample::time("2026-03-01T09:00:00Z"));
        clock.wait(Duration::from_hours(72)).await;
        assert_eq!(clock.now(), sample::time("2026-03-04T09:00:00Z"));
        assert_eq!(clock.since_boot(), Duration::from_hours(72));
    }
}
