//! The demo's event bus: keeps what is published, and routes each `Run Requested` back to the function that runs it.
//!
//! Must not know: what the functions do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::ports::{Events, PortError};
use rules::events::{Outbound, RunRequested};

/// What was published.
#[derive(Debug, Default)]
struct Content {
    published: Vec<Outbound>,
    requested: VecDeque<RunRequested>,
}

/// An event bus in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct DemoBus(Arc<Mutex<Content>>);

impl DemoBus {
    /// The next run that was requested and not yet started.
    pub(crate) fn next_request(&self) -> Option<RunRequested> {
        self.content().requested.pop_front()
    }

    /// Everything that was published so far.
    pub(crate) fn published(&self) -> Vec<Outbound> {
        self.content().published.clone()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events for DemoBus {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        let mut content = self.content();
        for event in events {
            if let Outbound::RunRequested(request) = event {
                content.requested.push_back(request.clone());
            }
            content.published.push(event.clone());
        }
        Ok(())
    }
}
