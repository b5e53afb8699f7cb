//! The weather over one org: what lasts for a while, whatever is asked of it.
//!
//! Must not know: requests.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::time::Timestamp;

use crate::chance::Chance;
use crate::faults::{Fault, Faults};

/// What may last, and for how long at most.
const KINDS: [(Fault, Duration); 4] = [
    (Fault::OrgDown, Duration::from_hours(2)),
    (Fault::OrgUnreachable, Duration::from_hours(1)),
    (Fault::OrgLimitReached, Duration::from_hours(4)),
    (Fault::StorageFull, Duration::from_hours(4)),
];

/// What begins in the middle of a run lasts so long at most.
const SQUALL: Duration = Duration::from_mins(10);

/// What lasts over one org.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    until: BTreeMap<Fault, Timestamp>,
    refused_secret: Option<u64>,
}

impl Weather {
    /// An hour goes by, and something may begin. `secret` is the secret that is in force.
    pub(crate) fn changes(&mut self, faults: &Faults, chance: &Chance, secret: u64, now: Timestamp) {
        for (fault, longest) in KINDS {
            if faults.meets(fault) {
                self.until.insert(fault, now + chance.span(Duration::from_mins(5), longest));
            }
        }
        if faults.meets(Fault::LoginRefused) {
            self.refused_secret = Some(secret);
        }
    }

    /// A call arrives, and something may begin right then, in the middle of a run.
    pub(crate) fn turns(&mut self, faults: &Faults, chance: &Chance, now: Timestamp) {
        for (fault, _) in KINDS {
            if faults.meets(fault) {
                self.until.insert(fault, now + chance.span(Duration::from_secs(1), SQUALL));
            }
        }
    }

    /// Whether this lasts.
    pub(crate) fn is(&self, fault: Fault, now: Timestamp) -> bool {
        self.until.get(&fault).is_some_and(|until| *until > now)
    }

    /// Whether a login with this secret is refused.
    pub(crate) fn refuses(&self, secret: u64) -> bool {
        self.refused_secret == Some(secret)
    }

    /// Everything is over.
    pub(crate) fn clears(&mut self) {
        *self = Self::default();
    }
}
