//! What a measured run meets: how many records, of what size, under which policy, and what becomes of them.
//!
//! Must not know: how a table is filled or a run carried out.

use std::time::Duration;

use clap::ValueEnum;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The table.
pub const TABLE: &str = "resync";

/// The connection that is measured.
pub const CONNECTION: &str = "acme";

/// The object of its records.
pub const OBJECT: &str = "Contact";
/// The field that they are matched by.
pub const FIELD: &str = "Ext_Id__c";

/// The consumer key that the org takes.
pub const CLIENT_ID: &str = "resync-bench";
/// Its secret.
pub const CLIENT_SECRET: &str = "no-secret";

/// The error that every record failed with, and that those that fail again fail with.
pub const CODE: &str = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
/// Its message.
pub const MESSAGE: &str = "The phone number does not fit the country of the mailing address.";

/// A field that the org refuses a record for.
pub const FATE: &str = "Fate__c";

/// The payload that makes an item of nearly 1 KB.
pub const USUAL_PAYLOAD: usize = 480;

/// The most records of a call.
pub const BATCH: usize = 200;

/// What Salesforce makes of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// All are saved.
    Success,
    /// All fail with the same error again.
    Failure,
    /// Every other one fails.
    Mixed,
    /// It answers 503.
    Outage,
}

impl OutcomeKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Mixed, Self::Outage];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Mixed => "mixed",
            Self::Outage => "outage",
        }
    }

    /// Whether the record of this number is refused.
    #[must_use]
    pub fn refuses(self, number: usize) -> bool {
        match self {
            Self::Success | Self::Outage => false,
            Self::Failure => true,
            Self::Mixed => number % 2 == 1,
        }
    }
}

/// The connection's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// Every 20 minutes.
    Interval,
    /// Twice a day.
    Recent,
}

impl PolicyKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Interval, Self::Recent];

    /// Its name in a connection's settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Recent => "recent",
        }
    }

    /// The tick that is measured: 11:40 or 11:30 of 2026-03-02, in UTC.
    #[must_use]
    pub fn tick(self) -> Timestamp {
        match self {
            Self::Interval => Timestamp::from_millis(1_772_451_600_000),
            Self::Recent => Timestamp::from_millis(1_772_451_000_000),
        }
    }
}

/// What the other process is to fill its table with, and how the org is to answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// How many records are due.
    pub due: usize,
    /// How many others each connection has stored, that are not due.
    pub stored: usize,
    /// Connections beside the measured one.
    pub connections: usize,
    /// The bytes of a payload.
    pub payload: usize,
    /// The policy of all.
    pub policy: PolicyKind,
    /// What becomes of the due records.
    pub outcome: OutcomeKind,
    /// Milliseconds of a call.
    pub call_ms: u64,
    /// Microseconds of each of its records.
    pub record_us: u64,
    /// Calls in flight at most.
    pub in_flight: u8,
}

impl Plan {
    /// Whether the org takes any time.
    #[must_use]
    pub fn takes_time(&self) -> bool {
        self.call_ms > 0 || self.record_us > 0
    }

    /// The time that the calls need by themselves, one round of calls in flight after the other.
    #[must_use]
    pub fn time_of_calls(&self) -> Duration {
        let rounds = self.due.div_ceil(BATCH).div_ceil(usize::from(self.in_flight.max(1)));
        let call = Duration::from_millis(self.call_ms) + Duration::from_micros(self.record_us * BATCH as u64);
        call * u32::try_from(rounds).unwrap_or(u32::MAX)
    }

    /// How many shards of the indexes a connection has that holds what is planned.
    #[must_use]
    pub fn shards(&self) -> u16 {
        shards(self.due.max(self.stored))
    }

    /// How many of them it has for what is stored beside what is due.
    #[must_use]
    pub fn shards_beyond_due(&self) -> u16 {
        self.shards() - shards(self.due)
    }
}

/// The shards that a connection with this backlog has, once a run has seen it.
fn shards(records: usize) -> u16 {
    let wanted = u16::try_from(records / 5_000).unwrap_or(u16::MAX).saturating_add(1);
    wanted.checked_next_power_of_two().unwrap_or(u16::MAX).min(32)
}
