//! The demo's time and chance: a clock that is set, waits that move it, and numbers that follow from a seed.
//!
//! Must not know: what happens when.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::ports::{Clock, Entropy};
use functions::SystemClock;
use rules::time::Timestamp;

/// Simulated time. Whoever waits moves it on for everybody, until it goes on by itself.
#[derive(Clone, Debug)]
pub(crate) struct DemoClock(Arc<Time>);

#[derive(Debug)]
struct Time {
    /// Where it stands, or where it stood when it went on by itself.
    millis: AtomicI64,
    /// How long the machine had been up when it went on by itself.
    since: OnceLock<Duration>,
}

impl Time {
    fn now(&self) -> Timestamp {
        let stood = Timestamp::from_millis(self.millis.load(Ordering::SeqCst));
        self.since.get().map_or(stood, |since| stood + SystemClock.since_boot().saturating_sub(*since))
    }
}

impl DemoClock {
    /// A clock that stands at `start`.
    pub(crate) fn starting(start: Timestamp) -> Self {
        Self(Arc::new(Time { millis: AtomicI64::new(start.as_millis()), since: OnceLock::new() }))
    }

    /// Moves on to `instant`, never back.
    pub(crate) fn move_to(&self, instant: Timestamp) {
        self.0.millis.fetch_max(instant.as_millis(), Ordering::SeqCst);
    }

    /// From now on it goes as fast as the machine's.
    pub(crate) fn go_on_by_itself(&self) {
        self.0.since.get_or_init(|| SystemClock.since_boot());
    }

    /// The same clock in the form that the simulator takes.
    pub(crate) fn for_simulator(&self) -> salesforce_sim::Clock {
        let time = Arc::clone(&self.0);
        Arc::new(move || time.now().as_millis())
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn since_boot(&self) -> Duration {
        self.now().since(Timestamp::from_millis(0))
    }

    async fn wait(&self, span: Duration) {
        if self.0.since.get().is_some() {
            return SystemClock.wait(span).await;
        }
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.0.millis.fetch_add(millis, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// Numbers that follow from a seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    /// The numbers of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Seeded {
    fn number(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
