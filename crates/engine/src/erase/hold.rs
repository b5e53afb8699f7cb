//! The hold: a connection's lease, taken for a moment so that no run is under way, and what is written under it. Every such write
//! replaces the control item that has the lease, so that it fails as a whole once somebody else has it.
//!
//! Must not know: which traces a record leaves.

use std::time::Duration;

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{ConnectionId, Epoch, RunId};
use rules::lease::{self, Take};
use rules::owed::Selection;
use rules::record::Stored;
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use tracing::warn;

use super::traces::Traces;
use crate::control::{Changed, change, change_known};
use crate::parts::Ports;
use crate::ports::{AuditEntry, Clock, Controls, CountChange, Entropy, Erasing, Erasure, Erasures, Events, PortError};

/// How long a hold lasts at most. Whatever is written after it is conditional all the same.
const LASTS: Duration = Duration::from_mins(1);

/// A lease that is not a run's.
pub(super) struct Hold {
    connection: ConnectionId,
    epoch: Epoch,
    /// As it was written, or read, last.
    control: Control,
}

/// What one write takes out of the store.
pub(super) struct Part {
    pub(super) record: Option<Stored>,
    pub(super) counts: Option<CountChange>,
    pub(super) traces: Traces,
    pub(super) audit: Option<AuditEntry>,
}

impl Hold {
    /// Takes the lease; the instant to wait for when a run has it. A lease that a dead run left is the next tick's to take,
    /// because it stands for what that run did not finish. `known` was read a moment ago.
    pub(super) async fn take<P: Ports>(
        ports: &P,
        connection: &ConnectionId,
        known: Control,
    ) -> Result<Result<Self, Timestamp>, PortError> {
        let holder = RunId(ports.entropy().number());
        let taken = change_known(ports, connection, known, |control: Control| {
            let now = ports.clock().now();
            if control.has_dead_lease(now) {
                return Err(Refused::Until(next_tick_after(now, TICK)));
            }
            match lease::take(control, holder, now + LASTS, &Selection::Owed { tick: now }, now) {
                Take::Free(control) => Ok(*control),
                Take::Busy { until, .. } => Err(Refused::Until(until)),
                Take::Ours(control) => Err(Refused::Taken(control)),
            }
        });
        let control = match taken.await? {
            Changed::Refused(Refused::Until(until)) => return Ok(Err(until)),
            Changed::Refused(Refused::Taken(control)) => control,
            Changed::Done { after, .. } => after,
        };
        Ok(Ok(Self { connection: connection.clone(), epoch: control.epoch, control: *control }))
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Writes a part, and keeps the lease.
    pub(super) async fn write<P: Ports>(&mut self, ports: &P, part: Part) -> Result<Erasing, PortError> {
        let after = self.control.clone();
        self.replace(ports, part, after).await
    }

    /// Writes the last part, and gives the lease back with it.
    pub(super) async fn write_last<P: Ports>(&mut self, ports: &P, part: Part) -> Result<Erasing, PortError> {
        match lease::release(self.control.clone(), self.epoch) {
            Some(after) => self.replace(ports, part, after).await,
            None => Ok(Erasing::Conflict),
        }
    }

    async fn replace<P: Ports>(&mut self, ports: &P, part: Part, after: Control) -> Result<Erasing, PortError> {
        let Part { record, counts, traces: Traces { requests, entries }, audit } = part;
        let after = Control { revision: ports.entropy().number(), ..after };
        let (connection, control, expected) = (self.connection.clone(), after.clone(), self.control.revision);
        let erasure = Erasure { connection, record, counts, requests, entries, audit, control, expected };
        let done = match ports.store().erase(&erasure).await {
            Ok(Erasing::Done) => true,
            // It may have been done all the same, and then its revision is there.
            Ok(Erasing::Conflict) => self.is_there(ports, &after).await?,
            Err(error) => match self.is_there(ports, &after).await {
                Ok(true) => true,
                Ok(false) | Err(_) => return Err(error),
            },
        };
        if done {
            self.control = after;
        }
        Ok(if done { Erasing::Done } else { Erasing::Conflict })
    }

    async fn is_there<P: Ports>(&self, ports: &P, control: &Control) -> Result<bool, PortError> {
        Ok(ports.store().control(&self.connection).await?.revision == control.revision)
    }

    /// Reads anew what others noted meanwhile.
    pub(super) async fn renew<P: Ports>(&mut self, ports: &P) -> Result<(), PortError> {
        let control = ports.store().control(&self.connection).await?;
        if control.lease.as_ref().is_none_or(|lease| lease.epoch != self.epoch) {
            return Err(PortError::unavailable("erasing a record", "the lease ended before it was done"));
        }
        self.control = control;
        Ok(())
    }

    /// Gives the lease back, if that is not done yet, and hints at the work that was noted meanwhile.
    pub(super) async fn release<P: Ports>(mut self, ports: &P) -> Result<(), PortError> {
        if self.control.lease.is_some() {
            let released =
                change(ports, &self.connection, |control: Control| lease::release(control, self.epoch).ok_or(()));
            let Changed::Done { after, .. } = released.await? else { return Ok(()) };
            self.control = *after;
        }
        let tick = ports.clock().now();
        if self.control.owed.ready(tick) {
            let hint = RunRequested { connection: self.connection.clone(), selection: Selection::Owed { tick } };
            if let Err(problem) = ports.events().publish(&[Outbound::RunRequested(hint)]).await {
                warn!(connection = %self.connection, %problem, "the next tick takes up the work owed");
            }
        }
        Ok(())
    }
}

/// Why the lease is not taken by this write.
enum Refused {
    /// Another has it, or had it and died.
    Until(Timestamp),
    /// It is taken: the reply to an earlier write was lost.
    Taken(Box<Control>),
}
