//! The event bus.
//!
//! Must not know: which bus.

use rules::events::Outbound;

use super::PortError;

/// Publishes events, at least once.
pub trait Events: Send + Sync {
    /// Publishes all of `events`, in any order, and returns when every one of them is accepted.
    ///
    /// # Errors
    /// When some were not accepted within a bounded number of tries; the caller publishes all of them again later.
    fn publish(&self, events: &[Outbound]) -> impl Future<Output = Result<(), PortError>> + Send;
}
