//! Fakes for the ports other than the store, and samples of what goes through them.
//!
//! Must not know: the use cases. A fake does what a test tells it to and remembers what it was asked.

mod clock;
mod entropy;
mod events;
pub mod sample;
mod target;

pub use clock::VirtualClock;
pub use entropy::CountingEntropy;
pub use events::RecordedEvents;
pub use target::{AnswerKind, Call, FakeTarget, FakeTargets, Overlap, Requests, SentRecord, reply};

use crate::parts::Parts;

/// A store, and fakes for everything else.
pub type Around<S> = Parts<S, FakeTargets<VirtualClock>, RecordedEvents, VirtualClock, CountingEntropy>;

/// The ports of a system with this store, whose other ports go by `clock`.
#[must_use]
pub fn around<S>(store: S, clock: VirtualClock) -> Around<S> {
    let (targets, events) = (FakeTargets::new(clock), RecordedEvents::default());
    Parts { store, targets, events, clock, entropy: CountingEntropy::default() }
}
