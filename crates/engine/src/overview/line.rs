//! A failing record as one line of a listing.
//!
//! Must not know: how records are found.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::counts::Attempts;
use rules::gates::{Gate, next_try};
use rules::ids::{ObjectName, RecordId};
use rules::record::Record;
use rules::resync::FailingState;
use rules::time::Timestamp;
use serde::Serialize;

use crate::explain::delayed;

/// One failing record, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Connection, object and external id as one text.
    pub record: String,
    /// The object.
    pub object: ObjectName,
    /// The external id.
    pub external_id: RecordId,
    /// Where it stands.
    pub state: FailingState,
    /// The type of its last error.
    pub error_type: ErrorType,
    /// The error's code.
    pub code: String,
    /// The error's message; it may quote the payload.
    pub message: String,
    /// Its tries, by kind.
    pub attempts: Attempts,
    /// The first failure of its current version.
    pub first_failed: Timestamp,
    /// The last failure.
    pub last_failed: Timestamp,
    /// When a schedule tries it next, as the record and its connection stand: never a tick that has passed, and none while the
    /// connection is paused. What `explain` knows besides, a send that may still be committed and what a person asked for, is
    /// not looked at here.
    pub next_try: Option<Timestamp>,
}

impl Line {
    /// The line of a record, unless it is resolved.
    pub(super) fn of(connection: &Connection, record: Record, gates: &[Gate], now: Timestamp) -> Option<Self> {
        let state = FailingState::of(&connection.policy, &record, now)?;
        Some(Self {
            next_try: next_try(&connection.policy, &record, now).and_then(|next| delayed(next, gates, now)),
            record: record.key.to_string(),
            object: record.key.object,
            external_id: record.key.id,
            state,
            error_type: record.failure.error_type,
            code: record.failure.code,
            message: record.failure.message,
            attempts: record.attempts,
            first_failed: record.first_failed,
            last_failed: record.last_failed,
        })
    }
}
