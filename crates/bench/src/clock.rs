//! The clock of a measured run, and its chance.
//!
//! Must not know: what is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use rules::time::Timestamp;

/// A clock that begins at a tick and goes as fast as the machine's. Where waits are not real, whoever waits puts it forward
/// instead: two who wait at the same time wait until the later end, not for the sum.
#[derive(Clone, Debug)]
pub(crate) struct RunClock {
    start: Timestamp,
    began: Duration,
    leapt: Option<Arc<AtomicI64>>,
}

impl RunClock {
    /// A clock that reads `start` now.
    pub(crate) fn starting(start: Timestamp, real_waits: bool) -> Self {
        let leapt = (!real_waits).then(Arc::default);
        Self { start, began: SystemClock.since_boot(), leapt }
    }

    fn leapt(&self) -> Duration {
        let millis = self.leapt.as_ref().map_or(0, |leapt| leapt.load(Ordering::SeqCst));
        Duration::from_millis(millis.unsigned_abs())
    }
}

impl Clock for RunClock {
    fn now(&self) -> Timestamp {
        self.start + self.since_boot()
    }

    fn since_boot(&self) -> Duration {
        SystemClock.since_boot().saturating_sub(self.began) + self.leapt()
    }

    async fn wait(&self, span: Duration) {
        let Some(leapt) = &self.leapt else {
            return SystemClock.wait(span).await;
        };
        let until = self.since_boot() + span;
        // Whoever waited meanwhile has put it forward already.
        tokio::task::yield_now().await;
        let left = until.saturating_sub(self.since_boot());
        leapt.fetch_add(i64::try_from(left.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}
