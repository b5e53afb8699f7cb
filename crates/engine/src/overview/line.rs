//! A failing record as one line of a listing.
//!
//! Must not know: how records are found.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::counts::Attempts;
use rules::gates::{Gate, is_expired, next_try};
use rules::ids::{ObjectName, RecordId};
use rules::record::{Record, State};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::explain::delayed;

/// Where a failing record stands, for a person. `Expired` is scheduled and past the recent policy's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// A schedule will try it.
    Scheduled,
    /// In the timeout queue.
    TimedOut,
    /// No schedule tries it.
    Held,
    /// Past the window: no sweep tries it.
    Expired,
}

impl LineState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::TimedOut, Self::Held, Self::Expired];

    /// The state's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::TimedOut => "timed_out",
            Self::Held => "held",
            Self::Expired => "expired",
        }
    }
}

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
    pub state: LineState,
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
        let state = match record.state {
            State::Resolved { .. } => return None,
            State::Scheduled(_) if is_expired(&connection.policy, &record, now) => LineState::Expired,
            State::Scheduled(_) => LineState::Scheduled,
            State::TimedOut { .. } => LineState::TimedOut,
            State::Held(_) => LineState::Held,
        };
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
