//! An event bus that remembers what was published.
//!
//! Must not know: who consumes events.

use std::sync::{Arc, Mutex, PoisonError};

use rules::events::Outbound;

use crate::ports::{Events, PortError};

/// Keeps what it accepts, repetitions included. A clone is the same bus.
#[derive(Clone, Debug, Default)]
pub struct RecordedEvents {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    accepted: Vec<Outbound>,
    requests: u64,
    failing: usize,
}

impl RecordedEvents {
    /// The next `requests` requests fail, and nothing of them is accepted.
    pub fn fail_next(&self, requests: usize) {
        self.with(|state| state.failing = requests);
    }

    /// Everything that was accepted so far, in order.
    #[must_use]
    pub fn published(&self) -> Vec<Outbound> {
        self.with(|state| state.accepted.clone())
    }

    /// What was accepted since this was last asked, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Outbound> {
        self.with(|state| std::mem::take(&mut state.accepted))
    }

    /// How many requests were made, the failed ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.with(|state| state.requests)
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Events for RecordedEvents {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        self.with(|state| {
            state.requests += 1;
            if let Some(left) = state.failing.checked_sub(1) {
                state.failing = left;
                return Err(PortError::unavailable("publishing events", "the fake bus was told to fail"));
            }
            state.accepted.extend_from_slice(events);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use rules::events::ConnectionResumed;

    use super::*;
    use crate::fakes::sample;

    #[tokio::test]
    async fn a_bus_that_fails_once_keeps_what_is_published_again() {
        let bus = RecordedEvents::default();
        let at = sample::time("2026-03-01T09:00:00Z");
        let resumed =
            [Outbound::ConnectionResumed(ConnectionResumed { connection: sample::connection_id("acme"), at })];
        bus.fail_next(1);
        assert!(bus.publish(&resumed).await.is_err());
        assert!(bus.publish(&resumed).await.is_ok());
        assert_eq!((bus.published(), bus.requests()), (resumed.to_vec(), 2));
    }
}
