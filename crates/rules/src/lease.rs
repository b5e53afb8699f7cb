//! The lease of a connection: one run at a time, with an epoch as fencing token.
//!
//! Must not know: how the control item is written; a lost race there is the store's to report.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::ids::{Epoch, RunId};
use crate::owed::Selection;
use crate::time::Timestamp;

/// How long a lease outlives the deadline of the invocation that took it. There is no heartbeat.
pub const AFTER_DEADLINE: Duration = Duration::from_mins(1);

/// Who holds the connection, until when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The invocation.
    pub holder: RunId,
    /// Its fencing token.
    pub epoch: Epoch,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// What became of a wish to run; a lost race is a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// The lease can be taken: write this control item.
    Free(Box<Control>),
    /// Another run holds it. Write this control item, if any, so that the holder sees the work.
    Busy {
        /// When that lease ends by itself.
        until: Timestamp,
        /// The control item with the work noted, when it was not noted already.
        noting: Option<Box<Control>>,
    },
    /// It is ours already: the reply to an earlier attempt was lost.
    Ours(Box<Control>),
}

/// Takes the lease and adds the work in one change, or notes the work as owed for the one who holds it.
#[must_use]
pub fn take(control: Control, holder: RunId, until: Timestamp, work: &Selection, now: Timestamp) -> Take {
    match &control.lease {
        Some(lease) if lease.holder == holder => Take::Ours(Box::new(control)),
        Some(lease) if lease.until > now => {
            let until = lease.until;
            let owed = control.owed.clone().with(work);
            let noting = (owed != control.owed).then(|| Box::new(Control { owed, ..control }));
            Take::Busy { until, noting }
        }
        dead => {
            let epoch = Epoch(control.epoch.0 + 1);
            let owed = control.owed.clone();
            let owed = if let Some(dead) = dead { owed.after_a_death(dead.epoch) } else { owed };
            let owed = owed.with(work);
            let lease = Some(Lease { holder, epoch, until });
            Take::Free(Box::new(Control { epoch, lease, owed, ..control }))
        }
    }
}

/// Releases the lease of `epoch`; nothing when another run holds it by now.
#[must_use]
pub fn release(control: Control, epoch: Epoch) -> Option<Control> {
    let ours = control.lease.as_ref().is_some_and(|lease| lease.epoch == epoch);
    ours.then_some(Control { lease: None, ..control })
}
