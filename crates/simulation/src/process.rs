//! A process of the system: what it is, its clock, and the ports that it has.
//!
//! Must not know: when it is started, or why.

use std::time::Duration;

use engine::parts::Parts;
use engine::ports::Clock;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use store::DynamoStore;

use crate::chance::Chance;
use crate::cloud::{Bus, Salesforces};
use crate::executor::ProcessId;
use crate::timeline::{Sleep, Timeline};

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Retries one connection.
    Run,
    /// Looks at every connection at a tick.
    FanOut,
    /// Takes in reports.
    Ingest,
    /// Carries out what a person wants.
    Action,
    /// Looks from outside, and nothing ever happens to it.
    Observer,
}

/// A process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) id: ProcessId,
    pub(crate) role: Role,
    /// The only connection that it may touch, if it is for one.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) clock: ProcessClock,
}

/// A process's clock: the true time, and a few seconds beside it.
#[derive(Clone, Debug)]
pub(crate) struct ProcessClock {
    pub(crate) timeline: Timeline,
    /// By so many milliseconds it is ahead.
    pub(crate) skew: i64,
}

/// The ports of a process.
pub(crate) type ProcessParts = Parts<DynamoStore<ProcessClock>, Salesforces, Bus, ProcessClock, Chance>;

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.timeline.now().as_millis() + self.skew)
    }

    fn since_boot(&self) -> Duration {
        self.timeline.elapsed()
    }

    fn wait(&self, span: Duration) -> impl Future<Output = ()> + Send {
        sleep(&self.timeline, span)
    }
}

fn sleep(timeline: &Timeline, span: Duration) -> Sleep {
    timeline.sleep(span)
}
