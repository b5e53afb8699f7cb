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
