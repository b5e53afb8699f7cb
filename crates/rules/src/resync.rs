//! A forced resync: what a person asked to be tried at once, how far that came, and which records it means.
//!
//! Must not know: how a run works it off, who may ask.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::counts::TryKind;
use crate::ids::{BatchId, ConnectionId, ObjectName, RecordId, RequestId};
use crate::owed::Selection;
use crate::record::{HoldReason, Record, State};
use crate::time::Timestamp;
use crate::tries::TryOutcome;

/// The most records that one request may name.
pub const MOST_RECORDS: usize = 100;

/// The most requests of one connection that may be open at a time: each has its place in the control item.
pub const MOST_OPEN: usize = 16;

/// Which failing records a person wants to be tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// These, 1 to [`MOST_RECORDS`].
    Records(Vec<(ObjectName, RecordId)>),
    /// All that fail with an error of this type.
    Type {
        /// The type.
        error_type: ErrorType,
        /// Of this object alone, when there is one.
        object: Option<ObjectName>,
    },
    /// All.
    All {
        /// Of this object alone, when there is one.
        object: Option<ObjectName>,
    },
}

impl Wanted {
    /// These records, each once; nothing when they are none or too many.
    #[must_use]
    pub fn records(records: impl IntoIterator<Item = (ObjectName, RecordId)>) -> Option<Self> {
        let mut seen = HashSet::new();
        let records: Vec<_> = records.into_iter().filter(|record| seen.insert(record.clone())).collect();
        (1..=MOST_RECORDS).contains(&records.len()).then_some(Self::Records(records))
    }

    /// Whether the records of `object` may be among them.
    #[must_use]
    pub fn has_object(&self, object: &ObjectName) -> bool {
        match self {
            Self::Records(records) => records.iter().any(|(wanted, _)| wanted == object),
            Self::Type { object: wanted, .. } | Self::All { object: wanted } => {
                wanted.as_ref().is_none_or(|wanted| wanted == object)
            }
        }
    }

    /// Whether it means this record, as it stands now.
    #[must_use]
    pub fn means(&self, record: &Record) -> bool {
        match self {
            Self::Records(records) => {
                records.iter().any(|(object, id)| *object == record.key.object && *id == record.key.id)
            }
            Self::Type { error_type, .. } => {
                record.failure.error_type == *error_type && self.has_object(&record.key.object)
            }
            Self::All { .. } => self.has_object(&record.key.object),
        }
    }
}

/// How far a request has come, in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Tries that were counted; the sum of the next three.
    pub tried: u64,
    /// Tries after which nothing is left to do.
    pub resolved: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Tries whose outcome is unknown.
    pub unknown: u64,
    /// Records that could not be tried: no failure of them is known any more, their payload is missing, or they failed anew
    /// since.
    pub skipped: u64,
}

impl Progress {
    /// These with one more try.
    #[must_use]
    pub fn counting(mut self, outcome: TryOutcome) -> Self {
        self.tried += 1;
        match outcome {
            TryOutcome::Saved | TryOutcome::Gone => self.resolved += 1,
            TryOutcome::Failed | TryOutcome::TimedOut | TryOutcome::Held => self.failed += 1,
            TryOutcome::Unknown => self.unknown += 1,
        }
        self
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It is being worked off, or waits for a closed gate.
    Open,
    /// Each of its records was tried, or could not be.
    Done,
    /// A person cancelled it; what was not tried by then is not.
    Cancelled,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The caller's own name for it: the same id twice is one request.
    pub id: RequestId,
    /// The connection.
    pub connection: ConnectionId,
    /// What is to be tried.
    pub wanted: Wanted,
    /// When it was accepted. Records that fail later are left out.
    pub as_of: Timestamp,
    /// Who asked.
    pub requested_by: String,
    /// Where it stands.
    pub state: RequestState,
    /// How far it has come.
    pub progress: Progress,
    /// When it was done or cancelled.
    pub ended: Option<Timestamp>,
}

impl Request {
    /// What a run of it is asked to try.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection::Forced { request: self.id.clone(), tick: self.as_of }
    }
}

/// What becomes of a record that a request's listing named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is tried, whatever its age, attempts, queue or error type.
    Try,
    /// It was tried for a person since the request was made.
    Tried,
    /// It cannot be tried.
    Skip,
}

/// What becomes of `record`, for a request of `as_of` that batches up to `after` did not know of.
#[must_use]
pub fn choose(wanted: &Wanted, as_of: Timestamp, after: BatchId, record: &Record) -> Choice {
    let since = |tried: &crate::tries::Try| tried.kind == TryKind::Forced && tried.batch > after;
    if record.tries.iter().any(since) {
        return Choice::Tried;
    }
    match record.state {
        State::Resolved { .. } | State::Held(HoldReason::PayloadMissing) => Choice::Skip,
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(HoldReason::ExcludedType) => {
            if wanted.means(record) && record.first_failed <= as_of { Choice::Try } else { Choice::Skip }
        }
    }
}
