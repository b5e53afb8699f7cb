//! Time, waiting and chance, as ports.
//!
//! Must not know: whether they are real.

use std::time::Duration;

use rules::time::Timestamp;

/// The clock. Only lease, send limits and budget use it; a record's schedule follows from ticks.
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Time since the machine started, a suspension of the machine included; never goes back.
    fn since_boot(&self) -> Duration;

    /// Waits.
    fn wait(&self, span: Duration) -> impl Future<Output = ()> + Send;
}

/// Chance.
pub trait Entropy: Send + Sync {
    /// A number that nobody else draws, as far as chance goes.
    fn number(&self) -> u64;
}
