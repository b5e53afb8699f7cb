//! A failing record, its states, and the transitions between them.
//!
//! Must not know: what an answer of Salesforce means (`verdict`), or how an item looks in a table.

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::counts::Attempts;
use crate::ids::{Fence, FieldName, ParentKey, RecordKey};
use crate::time::Timestamp;
use crate::tries::{Tries, Try};
use crate::version::SourceVersion;

/// The most bytes of an error message that are kept; the rest is cut.
pub const MESSAGE_BYTES: usize = 256;

/// When a scheduled record is tried next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// At this tick of the 20-minute schedule.
    At(Timestamp),
    /// In the next twice-daily sweep, while its first failure is inside the window.
    Sweep,
}

/// Why no schedule tries a record. The list is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The policy excludes its error type.
    ExcludedType,
    /// Its payload was too large to stay in its item and is not in the table any more.
    PayloadMissing,
}

/// How a record came to need no more tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A retry saved it.
    Retried,
    /// Its source synced the same or a newer version by itself.
    SucceededElsewhere,
    /// Salesforce says that it is gone: nothing is left to do.
    Gone,
    /// A person deleted the failure.
    Deleted,
}

/// Where a record stands. `expired` (past the recent policy's window) is derived when it is read and never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A schedule will try it.
    Scheduled(Next),
    /// In the timeout queue: tried at this midnight.
    TimedOut {
        /// The nightly run that will try it.
        next: Timestamp,
    },
    /// No schedule tries it.
    Held(HoldReason),
    /// Done.
    Resolved {
        /// How.
        how: Resolution,
        /// Since when.
        at: Timestamp,
    },
}

/// The error that a record failed with last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// The catalogue rule that recognised it.
    pub error_type: ErrorType,
    /// The code as it was given.
    pub code: String,
    /// The message, cut to [`MESSAGE_BYTES`]. It may quote the payload: shown to operators, never logged or published.
    pub message: String,
}

impl Failure {
    /// A failure with its message cut to fit.
    #[must_use]
    pub fn new(error_type: ErrorType, code: &str, message: &str) -> Self {
        Self { error_type, code: cut(code, 80), message: cut(message, MESSAGE_BYTES) }
    }
}

fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

/// Where the payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayloadPlace {
    /// In the record's item.
    Inline,
    /// In an item of its own, of this many bytes.
    Apart {
        /// The payload's size as JSON.
        bytes: u32,
    },
}

/// A send that Salesforce may have committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LastSend {
    /// The payload's version.
    pub version: SourceVersion,
    /// The last instant at which Salesforce may have committed it.
    pub until: Timestamp,
}

impl LastSend {
    /// This send, of which nobody knows whether it was committed, after an earlier one: if it was not, Salesforce holds what the
    /// earlier one left. The older payload and the later instant stand for both.
    #[must_use]
    pub fn in_doubt_after(self, earlier: Option<Self>) -> Self {
        let Some(earlier) = earlier else { return self };
        let version = if self.version.is_newer_than(earlier.version) { earlier.version } else { self.version };
        Self { version, until: self.until.max(earlier.until) }
    }
}

/// A record that failed to sync, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// Its identity.
    pub key: RecordKey,
    /// The field that `key.id` is a value of.
    pub external_id_field: FieldName,
    /// The item's version.
    pub fence: Fence,
    /// The source's version of the payload.
    pub source_version: SourceVersion,
    /// Where it stands.
    pub state: State,
    /// What it failed with last.
    pub failure: Failure,
    /// How often its current source version was tried.
    pub attempts: Attempts,
    /// Its last ten tries, of whatever source version.
    pub tries: Tries,
    /// The first failure of the current source version; the recent policy's window counts from here.
    pub first_failed: Timestamp,
    /// The last failure; shown only.
    pub last_failed: Timestamp,
    /// Since when it fails with an error of its type, when its current source version first failed with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_since: Option<Timestamp>,
    /// The record that it needs, if any.
    pub parent: Option<ParentKey>,
    /// Where its payload is.
    pub payload: PayloadPlace,
    /// The last send that may have been committed; failures do not clear it.
    pub last_send: Option<LastSend>,
}

impl Record {
    /// Whether it still needs a try, by a schedule or by a person.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        !matches!(self.state, State::Resolved { .. })
    }

    /// Counts `tried`.
    #[must_use]
    pub fn count(mut self, tried: Try) -> Self {
        self.attempts = self.attempts.counting(tried.kind);
        self.tries = self.tries.with(tried);
        self
    }

    /// Fails again with `failure`.
    #[must_use]
    pub fn fail(mut self, failure: Failure, at: Timestamp) -> Self {
        if failure.error_type != self.failure.error_type {
            self.type_since = Some(at);
        }
        self.failure = failure;
        self.last_failed = at;
        self
    }

    /// Waits for the 20-minute schedule or the sweep.
    #[must_use]
    pub fn schedule(mut self, next: Next) -> Self {
        self.state = State::Scheduled(next);
        self
    }

    /// Goes to the timeout queue, or stays there.
    #[must_use]
    pub fn time_out(mut self, next: Timestamp) -> Self {
        self.state = State::TimedOut { next };
        self
    }

    /// Is left to a person.
    #[must_use]
    pub fn hold(mut self, reason: HoldReason) -> Self {
        self.state = State::Held(reason);
        self
    }

    /// Needs no more tries.
    #[must_use]
    pub fn resolve(mut self, how: Resolution, at: Timestamp) -> Self {
        self.state = State::Resolved { how, at };
        self
    }

    /// Remembers a send that may have been committed.
    #[must_use]
    pub fn remember_send(mut self, send: LastSend) -> Self {
        self.last_send = Some(send);
        self
    }

    /// Moves the item's version on, for the write that follows.
    #[must_use]
    pub fn advance(mut self) -> Self {
        self.fence = self.fence.next();
        self
    }
}

/// The mark that a success leaves on a record that was never seen failing, so that a late, older failure does not bring
/// it back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SuccessMark {
    /// The record.
    pub key: RecordKey,
    /// The item's version.
    pub fence: Fence,
    /// The version that succeeded.
    pub source_version: SourceVersion,
    /// When it was reported.
    pub at: Timestamp,
}

/// What the table holds of one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stored {
    /// It failed, at least once.
    Record(Box<Record>),
    /// Only successes are known of it.
    Success(SuccessMark),
}

impl Stored {
    /// The record's identity.
    #[must_use]
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Record(record) => &record.key,
            Self::Success(mark) => &mark.key,
        }
    }

    /// The item's version.
    #[must_use]
    pub fn fence(&self) -> Fence {
        match self {
            Self::Record(record) => record.fence,
            Self::Success(mark) => mark.fence,
        }
    }

    /// The newest source version that is known.
    #[must_use]
    pub fn source_version(&self) -> SourceVersion {
        match self {
            Self::Record(record) => record.source_version,
            Self::Success(mark) => mark.source_version,
        }
    }
}
