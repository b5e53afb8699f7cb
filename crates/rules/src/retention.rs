//! Retention: how long a connection keeps what it needs no more.
//!
//! Must not know: how anything is deleted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::{HoldReason, Record, State};
use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// How long what is no longer needed stays, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Records after they are resolved; 30, and no fewer, because until then a late, older failure may still arrive.
    pub resolved_days: u16,
    /// The payload of a record after its last failure; kept as long as it fails when there is no number.
    pub payload_days: Option<u16>,
    /// The audit.
    pub audit_days: u16,
    /// The reports of runs.
    pub report_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { resolved_days: 30, payload_days: None, audit_days: 365, report_days: 30 }
    }
}

impl Retention {
    /// How long a resolved record stays.
    #[must_use]
    pub fn resolved_for(&self) -> Duration {
        DAY * u32::from(self.resolved_days)
    }

    /// How long an entry of the audit stays.
    #[must_use]
    pub fn audit_for(&self) -> Duration {
        DAY * u32::from(self.audit_days)
    }

    /// How long a run's report stays.
    #[must_use]
    pub fn report_for(&self) -> Duration {
        DAY * u32::from(self.report_days)
    }

    /// The payloads of records whose last failure was before this instant go; none do when payloads are kept.
    #[must_use]
    pub fn payload_horizon(&self, now: Timestamp) -> Option<Timestamp> {
        self.payload_days.map(|days| now - DAY * u32::from(days))
    }

    /// Whether the record's payload is to go at `now`.
    #[must_use]
    pub fn drops_payload(&self, record: &Record, now: Timestamp) -> bool {
        let held = record.state == State::Held(HoldReason::PayloadMissing);
        record.is_failing() && !held && self.payload_horizon(now).is_some_and(|horizon| record.last_failed < horizon)
    }
}
