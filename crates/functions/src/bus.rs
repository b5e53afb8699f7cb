//! The engine's events on `EventBridge`, in calls of a few events each; refused ones are sent again.
//!
//! Must not know: who consumes them.

mod packing;

use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use engine::ports::{Clock, Events, PortError};
use rules::events::Outbound;

use crate::config::BusName;
use crate::refusal::Refusal;

/// The waits before refused events are sent again; some 6 s in all.
const WAITS: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_200),
];

const PUBLISHING: &str = "publishing events";

/// The engine's events on one bus of `EventBridge`.
#[derive(Clone, Debug)]
pub struct EventBus<C> {
    client: Client,
    name: BusName,
    clock: C,
}

/// `EventBridge` kept refusing events.
#[derive(Debug, thiserror::Error)]
#[error("{count} events were refused {} times in a row, the last time with {code}", WAITS.len() + 1)]
struct NotAccepted {
    count: usize,
    code: String,
}

impl<C: Clock> EventBus<C> {
    /// The bus `name`. The clock is used for waiting only, when events are refused; the client's own retries stay in force.
    pub fn new(client: Client, name: BusName, clock: C) -> Self {
        Self { client, name, clock }
    }

    async fn deliver(&self, mut entries: Vec<PutEventsRequestEntry>) -> Result<(), PortError> {
        let mut waits = WAITS.into_iter();
        loop {
            let answers = self.put(entries.clone()).await?;
            let Some((left, code)) = refused(entries, &answers) else {
                return Ok(());
            };
            let Some(wait) = waits.next() else {
                return Err(PortError::unavailable(PUBLISHING, NotAccepted { count: left.len(), code }));
            };
            self.clock.wait(wait).await;
            entries = left;
        }
    }

    async fn put(&self, entries: Vec<PutEventsRequestEntry>) -> Result<Vec<PutEventsResultEntry>, PortError> {
        let put = self.client.put_events().set_entries(Some(entries)).send().await;
        let output = put.map_err(|error| PortError::unavailable(PUBLISHING, Refusal::from(error)))?;
        Ok(output.entries.unwrap_or_default())
    }
}

/// The entries whose answer, which stands at the same place, is an error or is missing, and the first error's code.
fn refused(
    entries: Vec<PutEventsRequestEntry>,
    answers: &[PutEventsResultEntry],
) -> Option<(Vec<PutEventsRequestEntry>, String)> {
    let is_accepted = |place: usize| answers.get(place).is_some_and(|answer| answer.error_code().is_none());
    let left: Vec<_> =
        entries.into_iter().enumerate().filter(|(place, _)| !is_accepted(*place)).map(|(_, entry)| entry).collect();
    let code = answers.iter().find_map(PutEventsResultEntry::error_code).unwrap_or("no answer");
    (!left.is_empty()).then(|| (left, code.to_owned()))
}

impl<C: Clock> Events for EventBus<C> {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        let calls =
            packing::calls(&self.name, events).map_err(|problem| PortError::unavailable(PUBLISHING, problem))?;
        for entries in calls {
            self.deliver(entries).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
