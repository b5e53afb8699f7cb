//! The digest of the records that one run put into the timeout queue: one event however many they are, told apart by error type.
//!
//! Must not know: when a record times out, or who reads the digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::ids::{ConnectionId, Epoch};

/// Error types that are told apart; the records of rarer ones are counted together.
const TYPES: usize = 20;

/// Records of a connection went into the timeout queue in one run. Nothing in it is of a payload or a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordsTimedOut {
    /// The same whenever it is published again.
    pub id: String,
    /// The connection.
    pub connection: ConnectionId,
    /// Which run of the connection.
    pub epoch: Epoch,
    /// How many records.
    pub records: u64,
    /// How many of each type, the most frequent first.
    pub error_types: Vec<TimedOutType>,
    /// The same in one sentence.
    pub summary: String,
}

/// How many records of one error type went into the timeout queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimedOutType {
    /// The type.
    pub error_type: ErrorType,
    /// How many records.
    pub records: u64,
}

impl RecordsTimedOut {
    /// The digest of a run that put so many records of each type into the queue; none when it put none there.
    #[must_use]
    pub fn of(connection: ConnectionId, epoch: Epoch, counts: &BTreeMap<ErrorType, u64>) -> Option<Self> {
        let records: u64 = counts.values().sum();
        if records == 0 {
            return None;
        }
        let mut error_types: Vec<_> = counts.iter().filter(|(_, records)| **records > 0).map(timed_out_type).collect();
        error_types.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.error_type.cmp(&b.error_type)));
        error_types.truncate(TYPES);
        let summary = summary(&connection, records, &error_types);
        Some(Self {
            id: format!("{connection}/{}/timed-out", epoch.0),
            connection,
            epoch,
            records,
            error_types,
            summary,
        })
    }
}

fn timed_out_type((error_type, records): (&ErrorType, &u64)) -> TimedOutType {
    TimedOutType { error_type: error_type.clone(), records: *records }
}

/// Such as `3000 records of billing go into the timeout queue: 2400 validation-rule, 600 row-lock`.
fn summary(connection: &ConnectionId, records: u64, types: &[TimedOutType]) -> String {
    let told: u64 = types.iter().map(|one| one.records).sum();
    let mut parts: Vec<String> = types.iter().map(|one| format!("{} {}", one.records, one.error_type)).collect();
    if told < records {
        parts.push(format!("{} of other types", records - told));
    }
    let (noun, verb) = if records == 1 { ("record", "goes") } else { ("records", "go") };
    format!("{records} {noun} of {connection} {verb} into the timeout queue: {}", parts.join(", "))
}
