//! Ports of which the events are looked at on their way to the bus: what a run's report does not say stands in them.
//!
//! Must not know: what is done about what was seen.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::parts::Ports;
use engine::ports::{Events, PortError};
use rules::catalogue::ErrorType;
use rules::counts::TryKind;
use rules::events::{Outbound, RecordsRetried, RecordsTimedOut};
use rules::ids::{ConnectionId, Epoch};
use rules::tries::TryOutcome;

/// Ports whose events are watched.
pub(crate) struct Watched<'a, P: Ports> {
    ports: &'a P,
    events: WatchedEvents<'a, P::Events>,
}

/// Events that are watched.
pub(crate) struct WatchedEvents<'a, E> {
    events: &'a E,
    seen: Mutex<Seen>,
}

/// What was accepted by the bus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The run's connection and epoch, once a batch of it was seen.
    run: Option<(ConnectionId, Epoch)>,
    /// Records that went into the timeout queue, by type.
    timed_out: BTreeMap<ErrorType, u64>,
    /// Records that nightly tries left there, once a nightly try was seen; any run may make them, when an earlier one owes them.
    pub(crate) left_timed_out: Option<u64>,
}

impl<'a, P: Ports> Watched<'a, P> {
    pub(crate) fn new(ports: &'a P) -> Self {
        Self { ports, events: WatchedEvents { events: ports.events(), seen: Mutex::default() } }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.events.lock().clone()
    }
}

impl Seen {
    /// How many records went into the timeout queue.
    pub(crate) fn timed_out(&self) -> u64 {
        self.timed_out.values().sum()
    }

    /// The digest of those, if there are any.
    pub(crate) fn digest(&self) -> Option<RecordsTimedOut> {
        let (connection, epoch) = self.run.clone()?;
        RecordsTimedOut::of(connection, epoch, &self.timed_out)
    }

    fn take(&mut self, event: &Outbound) {
        match event {
            Outbound::RecordsRetried(event) => self.take_batch(event),
            Outbound::RecordsTimedOut(_)
            | Outbound::BudgetSpent(_)
            | Outbound::PossibleOverwrite(_)
            | Outbound::RunRequested(_)
            | Outbound::ConnectionSuspended(_)
            | Outbound::ConnectionResumed(_) => {}
        }
    }

    /// Only the schedule of 20 minutes moves a record into the queue; the nightly run finds it there.
    fn take_batch(&mut self, batch: &RecordsRetried) {
        self.run = Some((batch.connection.clone(), batch.batch.epoch));
        if batch.kind == TryKind::Nightly {
            self.left_timed_out.get_or_insert_default();
        }
        for result in batch.results.iter().filter(|result| result.outcome == TryOutcome::TimedOut) {
            match batch.kind {
                TryKind::Interval => {
                    let error_type = result.error_type.clone().unwrap_or_else(ErrorType::unknown);
                    *self.timed_out.entry(error_type).or_default() += 1;
                }
                TryKind::Nightly => *self.left_timed_out.get_or_insert_default() += 1,
                TryKind::Recent | TryKind::Forced => {}
            }
        }
    }
}

impl<E> WatchedEvents<'_, E> {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Events> Events for WatchedEvents<'_, E> {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        self.events.publish(events).await?;
        let mut seen = self.lock();
        for event in events {
            seen.take(event);
        }
        Ok(())
    }
}

impl<'a, P: Ports> Ports for Watched<'a, P> {
    type Store = P::Store;
    type Targets = P::Targets;
    type Events = WatchedEvents<'a, P::Events>;
    type Clock = P::Clock;
    type Entropy = P::Entropy;

    fn store(&self) -> &P::Store {
        self.ports.store()
    }
    fn targets(&self) -> &P::Targets {
        self.ports.targets()
    }
    fn events(&self) -> &Self::Events {
        &self.events
    }
    fn clock(&self) -> &P::Clock {
        self.ports.clock()
    }
    fn entropy(&self) -> &P::Entropy {
        self.ports.entropy()
    }
}
