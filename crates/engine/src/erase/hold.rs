//! The hold: a connection's lease, taken for a moment so that no run is under way.
//!
//! Must not know: what is done meanwhile.

use std::time::Duration;

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{ConnectionId, Epoch, RunId};
use rules::lease::{self, Take};
use rules::owed::Selection;
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use tracing::warn;

use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{Clock, Entropy, Events, PortError};

/// How long a hold lasts at most. Whatever is written after it is conditional all the same.
const LASTS: Duration = Duration::from_mins(1);

/// A lease that is not a run's.
pub(super) struct Hold {
    connection: ConnectionId,
    pub(super) epoch: Epoch,
}

impl Hold {
    /// Takes the lease; the instant to wait for when a run has it. A lease that a dead run left is the next tick's to take,
    /// because it stands for what that run did not finish.
    pub(super) async fn take<P: Ports>(
        ports: &P,
        connection: &ConnectionId,
    ) -> Result<Result<Self, Timestamp>, PortError> {
        let holder = RunId(ports.entropy().number());
        let mut epoch = Epoch::default();
        let taken = change(ports, connection, |control: Control| {
            let now = ports.clock().now();
            if control.has_dead_lease(now) {
                return Err(Some(next_tick_after(now, TICK)));
            }
            match lease::take(control, holder, now + LASTS, &Selection::Owed { tick: now }, now) {
                Take::Free(control) => {
                    epoch = control.epoch;
                    Ok(*control)
                }
                Take::Busy { until, .. } => Err(Some(until)),
                Take::Ours(_) => Err(None),
            }
        });
        Ok(match taken.await? {
            Changed::Refused(Some(until)) => Err(until),
            Changed::Done(_) | Changed::Refused(None) => Ok(Self { connection: connection.clone(), epoch }),
        })
    }

    /// Releases the lease, and hints at the work that was noted meanwhile.
    pub(super) async fn release<P: Ports>(self, ports: &P) -> Result<(), PortError> {
        let released =
            change(ports, &self.connection, |control: Control| lease::release(control, self.epoch).ok_or(()));
        let Changed::Done(before) = released.await? else { return Ok(()) };
        let tick = ports.clock().now();
        if before.owed.ready(tick) {
            let hint = RunRequested { connection: self.connection.clone(), selection: Selection::Owed { tick } };
            if let Err(problem) = ports.events().publish(&[Outbound::RunRequested(hint)]).await {
                warn!(connection = %self.connection, %problem, "the next tick takes up the work owed");
            }
        }
        Ok(())
    }
}
