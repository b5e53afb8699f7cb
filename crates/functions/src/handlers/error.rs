//! Why an invocation failed as a whole.
//!
//! Must not know: who is told.

use engine::ports::PortError;
use rules::fields::Mistakes;

/// Why an invocation failed as a whole. No text shows an event's content.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The event is not what the queue's trigger delivers.
    #[error("the event is not a batch of messages of SQS")]
    NotABatch,
    /// The event starts nothing.
    #[error("the event is neither a schedule's nor a Run Requested: {0}")]
    NotATrigger(Mistakes),
    /// A schedule's event, for a function that has none.
    #[error("a schedule's tick has no meaning here; this function carries out runs that a Run Requested names")]
    NoSchedule,
    /// A port failed; the next tick does the same work.
    #[error(transparent)]
    Port(#[from] PortError),
}
