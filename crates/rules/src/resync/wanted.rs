//! Which failing records a person means: some by name, or all that fit a description.
//!
//! Must not know: what is done with them, how they are listed.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::gates::is_expired;
use crate::ids::{ObjectName, RecordId};
use crate::policy::Policy;
use crate::record::{Record, State};
use crate::time::Timestamp;

/// The most records that one request may name.
pub const MOST_RECORDS: usize = 100;

/// Where a failing record stands, for a person. `Expired` is scheduled and past the recent policy's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailingState {
    /// A schedule will try it.
    Scheduled,
    /// In the timeout queue.
    TimedOut,
    /// No schedule tries it.
    Held,
    /// Past the window: no sweep tries it.
    Expired,
}

impl FailingState {
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

    /// Where `record` stands at `instant`; nothing when it does not fail any more.
    #[must_use]
    pub fn of(policy: &Policy, record: &Record, instant: Timestamp) -> Option<Self> {
        match record.state {
            State::Resolved { .. } => None,
            State::Scheduled(_) if is_expired(policy, record, instant) => Some(Self::Expired),
            State::Scheduled(_) => Some(Self::Scheduled),
            State::TimedOut { .. } => Some(Self::TimedOut),
            State::Held(_) => Some(Self::Held),
        }
    }
}

/// A text that names no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a state of a failing record; write one of scheduled, timed_out, held, expired")]
pub struct NotAState;

impl TryFrom<String> for FailingState {
    type Error = NotAState;

    fn try_from(text: String) -> Result<Self, NotAState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAState)
    }
}

/// All failing records that fit every part that is given. None given means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// That fail with an error of this type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<ErrorType>,
    /// Of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    /// That stand so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<FailingState>,
    /// Whose first failure is not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_from: Option<Timestamp>,
    /// Whose first failure is not after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_to: Option<Timestamp>,
}

impl Matching {
    /// All that fail with an error of this type.
    #[must_use]
    pub fn of_type(error_type: ErrorType) -> Self {
        Self { error_type: Some(error_type), ..Self::default() }
    }

    /// All of this object.
    #[must_use]
    pub fn of_object(object: ObjectName) -> Self {
        Self { object: Some(object), ..Self::default() }
    }

    fn has_object(&self, object: &ObjectName) -> bool {
        self.object.as_ref().is_none_or(|wanted| wanted == object)
    }

    fn fits(&self, policy: &Policy, record: &Record, as_of: Timestamp) -> bool {
        let is_of_type = |wanted: &ErrorType| *wanted == record.failure.error_type;
        self.has_object(&record.key.object)
            && self.error_type.as_ref().is_none_or(is_of_type)
            && self.state.is_none_or(|state| FailingState::of(policy, record, as_of) == Some(state))
            && self.failed_from.is_none_or(|from| record.first_failed >= from)
            && self.failed_to.is_none_or(|to| record.first_failed <= to)
    }
}

impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all")?;
        if let Some(object) = &self.object {
            write!(f, " of {object}")?;
        }
        if let Some(error_type) = &self.error_type {
            write!(f, " with {error_type}")?;
        }
        if let Some(state) = self.state {
            write!(f, " that are {}", state.as_str())?;
        }
        match (self.failed_from, self.failed_to) {
            (Some(from), Some(to)) => write!(f, " that first failed from {from} to {to}"),
            (Some(from), None) => write!(f, " that first failed from {from}"),
            (None, Some(to)) => write!(f, " that first failed until {to}"),
            (None, None) => Ok(()),
        }
    }
}

/// Which failing records a person means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "Kept")]
pub enum Wanted {
    /// These, 1 to [`MOST_RECORDS`].
    Records(Vec<(ObjectName, RecordId)>),
    /// All that fit.
    Matching(Matching),
}

/// As it is kept, by this version and by the first one, which knew a type or all, and an object.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Records(Vec<(ObjectName, RecordId)>),
    Matching(Matching),
    Type { error_type: ErrorType, object: Option<ObjectName> },
    All { object: Option<ObjectName> },
}

impl From<Kept> for Wanted {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Records(records) => Self::Records(records),
            Kept::Matching(matching) => Self::Matching(matching),
            Kept::Type { error_type, object } => Self::Matching(Matching { object, ..Matching::of_type(error_type) }),
            Kept::All { object } => Self::Matching(Matching { object, ..Matching::default() }),
        }
    }
}

impl Wanted {
    /// Everything that fails.
    #[must_use]
    pub fn all() -> Self {
        Self::Matching(Matching::default())
    }

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
            Self::Matching(matching) => matching.has_object(object),
        }
    }

    /// Whether it means this record, as it stands now, when it was meant at `as_of`: a window counts from there.
    #[must_use]
    pub fn means(&self, policy: &Policy, record: &Record, as_of: Timestamp) -> bool {
        match self {
            Self::Records(records) => {
                records.iter().any(|(object, id)| *object == record.key.object && *id == record.key.id)
            }
            Self::Matching(matching) => matching.fits(policy, record, as_of),
        }
    }

    /// Whether it means records by an error of their type: one whose type became this one later was not meant.
    pub(super) fn is_by_type(&self) -> bool {
        match self {
            Self::Records(_) => false,
            Self::Matching(matching) => matching.error_type.is_some(),
        }
    }
}

/// In words, without an external id: a single record is "a named record".
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(_) => write!(f, "named records"),
            Self::Matching(matching) => matching.fmt(f),
        }
    }
}
