//! The outbox: events of settled batches, published ten at a time; a batch's journal entry waits until its event is accepted.
//!
//! Must not know: what the events say.

use rules::events::Outbound;
use rules::journal::Entry;

/// A settled batch whose event is not accepted yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: Entry,
    /// Whether an outcome is unknown, so that the entry must go on quarantining its keys.
    pub(super) unknown: bool,
}

/// How many events one request of the bus takes. Source: `EventBridge`, `PutEvents`.
const FULL: usize = 10;

/// Events to publish, and the entries that wait for them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) events: Vec<Outbound>,
    pub(super) waiting: Vec<Waiting>,
}

impl Outbox {
    /// Whether it is worth publishing.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= FULL
    }

    /// Empties it.
    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
