//! The system's clock: the machine's, or one that stands still over what a demo kept.
//!
//! Must not know: what the time is for.

use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use rules::time::Timestamp;

/// The clock of a data directory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LocalClock {
    /// The machine's.
    Machine,
    /// It is this instant for ever.
    Standing(Timestamp),
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        match self {
            Self::Machine => SystemClock.now(),
            Self::Standing(instant) => *instant,
        }
    }

    fn since_boot(&self) -> Duration {
        SystemClock.since_boot()
    }

    fn wait(&self, span: Duration) -> impl Future<Output = ()> + Send {
        SystemClock.wait(span)
    }
}
