//! What stays the same during a run: ports, settings, limits. Flights share it.
//!
//! Must not know: what the run is doing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::lock::Mutex as AsyncMutex;
use rules::catalogue::Catalogue;
use rules::connection::Connection;
use rules::record::Record;
use rules::time::Timestamp;

use super::Order;
use super::pace::Pace;
use crate::counts::{self, Counts};
use crate::parts::Ports;
use crate::ports::{Clock, PortError, Targets};
use crate::types::TypeDirectory;

/// How long before the deadline the last call must be over: room for outcomes, events and the release.
const BEFORE_DEADLINE: Duration = Duration::from_secs(30);

/// How soon a wait notices that the run is halted.
const HEED: Duration = Duration::from_millis(250);

/// The target of a bundle of ports.
pub(super) type TargetOf<P> = <<P as Ports>::Targets as Targets>::Target;

/// What a run's parts share.
pub(super) struct Context<'a, P: Ports> {
    pub(super) ports: &'a P,
    pub(super) connection: &'a Connection,
    pub(super) catalogue: Catalogue,
    pub(super) target: Arc<TargetOf<P>>,
    pub(super) order: &'a Order,
    pub(super) types: AsyncMutex<TypeDirectory>,
    pub(super) pace: Mutex<Pace>,
    counts: Mutex<Counts>,
}

impl<'a, P: Ports> Context<'a, P> {
    pub(super) fn new(ports: &'a P, connection: &'a Connection, order: &'a Order) -> Result<Self, PortError> {
        let catalogue = connection.catalogue().map_err(|mistakes| PortError::Unreadable {
            what: format!("the own rules of connection {}", connection.id),
            problem: mistakes.to_string(),
        })?;
        Ok(Self {
            ports,
            connection,
            catalogue,
            target: ports.targets().of(connection)?,
            order,
            types: AsyncMutex::default(),
            pace: Mutex::new(Pace::new(connection.shards)),
            counts: Mutex::default(),
        })
    }

    /// Notes that a record was written, for the directory's counts.
    pub(super) fn count(&self, before: &Record, after: &Record) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).changed(Some(before), Some(after));
    }

    /// Writes into the directory what was noted, if it comes to a change.
    pub(super) async fn write_counts(&self) {
        let changes = self.counts.lock().unwrap_or_else(PoisonError::into_inner).take();
        counts::write(self.ports.store(), changes).await;
    }

    /// Waits this long, or until the run is halted.
    pub(super) async fn wait(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() && !self.order.halt.is_stopped() {
            let step = left.min(HEED);
            self.ports.clock().wait(step).await;
            left -= step;
        }
    }

    /// The instant from which nothing is sent any more.
    pub(super) fn stop_at(&self) -> Timestamp {
        self.order.deadline - self.connection.request_timeout() - BEFORE_DEADLINE
    }
}
