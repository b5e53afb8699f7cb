//! What stays the same during a run: ports, settings, limits. Flights share it.
//!
//! Must not know: what the run is doing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::lock::Mutex as AsyncMutex;
use rules::catalogue::Catalogue;
use rules::connection::Connection;
use rules::time::Timestamp;

use super::Order;
use super::pace::Pace;
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
        })
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
