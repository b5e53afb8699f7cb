//! The control item of a connection: lease, work owed, suspension, and the ledger of our own calls, in one item, so that
//! one conditional write moves them together.
//!
//! Must not know: how it is stored, or the connection's settings.

use serde::{Deserialize, Serialize};

use crate::budget::Ledger;
use crate::counts::ApiCalls;
use crate::ids::Epoch;
use crate::lease::Lease;
use crate::owed::Owed;
use crate::suspension::Suspension;
use crate::time::Timestamp;

/// What Salesforce says of the org's own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrgUsage {
    /// Calls used in the past 24 hours, by everybody.
    pub used: ApiCalls,
    /// The org's limit.
    pub limit: ApiCalls,
    /// When it said so.
    pub at: Timestamp,
}

/// One connection's control item. It is never deleted: its epoch must only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Control {
    /// Random, new with every write: a writer whose reply was lost recognises its own. 0 before the first write.
    pub revision: u64,
    /// The last epoch that was given out.
    pub epoch: Epoch,
    /// The current lease, if any; it may have run out.
    pub lease: Option<Lease>,
    /// Work that no later tick would do again.
    pub owed: Owed,
    /// The suspension, if any.
    pub suspension: Option<Suspension>,
    /// Our own calls.
    pub ledger: Ledger,
    /// The org's own figure, if it was ever seen.
    pub org: Option<OrgUsage>,
}

impl Control {
    /// Whether the run of `epoch` still holds the lease, expired or not: nobody else took it.
    #[must_use]
    pub fn is_held_by(&self, epoch: Epoch) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.epoch == epoch)
    }

    /// Whether a run died without releasing: its lease is over and still there.
    #[must_use]
    pub fn has_dead_lease(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until <= now)
    }
}
