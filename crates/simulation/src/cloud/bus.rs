//! The event bus as a process reaches it: it takes events at least once, or says that it did not, and both may be untrue.
//!
//! Must not know: what an event leads to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::ports::{Events, PortError};
use rules::events::{Outbound, RunRequested};
use rules::time::Timestamp;

use crate::chance::Chance;
use crate::faults::{Fault, Faults};
use crate::process::Process;
use crate::trace::Trace;

#[derive(Debug, Default)]
struct State {
    posted: Vec<Outbound>,
    deliveries: Vec<(Timestamp, RunRequested)>,
}

/// What was posted, and what is to be delivered. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post(Arc<Mutex<State>>);

impl Post {
    /// What is to be delivered, and when, since this was last asked.
    pub(crate) fn deliveries(&self) -> Vec<(Timestamp, RunRequested)> {
        self.with(|state| std::mem::take(&mut state.deliveries))
    }

    /// Every event that was taken, in order.
    pub(crate) fn posted(&self) -> Vec<Outbound> {
        self.with(|state| state.posted.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The bus of one process.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    pub(crate) post: Post,
    pub(crate) process: Process,
    pub(crate) faults: Faults,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
}

impl Bus {
    fn takes(&self, event: &Outbound) {
        let now = self.process.clock.timeline.now();
        let kind = event.detail_type();
        self.trace.note(now, Some(self.process.id), (kind, 0), || format!("{kind} is published: {event:?}"));
        let mut deliveries = Vec::new();
        if let Outbound::RunRequested(requested) = event
            && !self.faults.meets(Fault::EventLost)
        {
            let late = self.faults.meets(Fault::EventLate);
            let longest = if late { Duration::from_mins(15) } else { Duration::from_millis(1_500) };
            let times = if self.faults.meets(Fault::EventTwice) { 2 } else { 1 };
            for _ in 0..times {
                let after = self.chance.span(Duration::from_millis(100), longest);
                deliveries.push((now + after, requested.clone()));
            }
        }
        self.post.with(|state| {
            state.posted.push(event.clone());
            state.deliveries.append(&mut deliveries);
        });
    }
}

impl Events for Bus {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        let refused = || PortError::unavailable("publishing events", "the bus refuses");
        let timeline = &self.process.clock.timeline;
        timeline.sleep(self.chance.span(Duration::from_millis(2), Duration::from_millis(20))).await;
        if self.faults.meets(Fault::BusRefuses) {
            return Err(refused());
        }
        let part = events.len() > 1 && self.faults.meets(Fault::BusTakesPart);
        let taken = if part { events.len() / 2 } else { events.len() };
        for event in &events[..taken] {
            self.takes(event);
        }
        timeline.sleep(self.chance.span(Duration::from_millis(1), Duration::from_millis(5))).await;
        if part || self.faults.meets(Fault::BusAnswerLost) {
            return Err(refused());
        }
        Ok(())
    }
}
