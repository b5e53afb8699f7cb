//! Which failing records a person wants to see: what an index's keys tell of it, and what only the record itself tells.
//!
//! Must not know: how records are found.

use std::fmt;

use rules::catalogue::ErrorType;
use rules::ids::{ObjectName, RecordId, RecordKey};
use rules::record::MESSAGE_BYTES;
use rules::resync::{FailingState, Matching};
use rules::time::Timestamp;
use serde::Serialize;

use super::latest;
use super::line::Line;

/// A text that messages are searched for, whatever its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MessagePart(String);

/// A text that cannot be searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSearch(&'static str);

impl TryFrom<String> for MessagePart {
    type Error = BadSearch;

    fn try_from(text: String) -> Result<Self, BadSearch> {
        let text = text.trim().to_lowercase();
        match text.len() {
            0 => Err(BadSearch("is empty; write a part of the message")),
            1..=MESSAGE_BYTES => Ok(Self(text)),
            _ => Err(BadSearch("is longer than a stored message; write a part of at most 256 bytes")),
        }
    }
}

impl fmt::Display for MessagePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MessagePart {
    fn is_in(&self, message: &str) -> bool {
        message.to_lowercase().contains(&self.0)
    }
}

/// How the external ids that are wanted begin; a whole one is the beginning of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct IdStart(RecordId);

impl TryFrom<String> for IdStart {
    type Error = rules::ids::BadName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        RecordId::new(text).map(Self)
    }
}

impl fmt::Display for IdStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl IdStart {
    /// The external id that is just this.
    pub(super) fn whole(&self) -> &RecordId {
        &self.0
    }
}

/// Which failing records are wanted: those that fit every part that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Of this error type alone.
    pub error_type: Option<ErrorType>,
    /// Of this object alone.
    pub object: Option<ObjectName>,
    /// In this state alone.
    pub state: Option<FailingState>,
    /// Whose first failure is not before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_from: Option<Timestamp>,
    /// Whose first failure is not after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_to: Option<Timestamp>,
    /// Whose message has this in it. Searched within one type only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessagePart>,
    /// Whose external id begins like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<IdStart>,
}

impl fmt::Display for Filter {
    /// In words that outlive the records: what a message or an external id has in it is not repeated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error_type, object, state, failed_from, failed_to, message, id } = self.clone();
        Matching { error_type, object, state, failed_from, failed_to }.fmt(f)?;
        if message.is_some() {
            f.write_str(", with a given text in the message")?;
        }
        if id.is_some() {
            f.write_str(", with a given beginning of the external id")?;
        }
        Ok(())
    }
}

impl Filter {
    /// The first failures that are wanted, at `now`.
    pub(super) fn window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        (self.failed_from.unwrap_or(Timestamp::from_millis(0)), self.failed_to.unwrap_or_else(|| latest(now)))
    }

    /// Whether the object is one that is wanted.
    pub(super) fn wants_object(&self, key: &RecordKey) -> bool {
        self.object.as_ref().is_none_or(|object| *object == key.object)
    }

    /// Whether the external id is one that is wanted.
    pub(super) fn wants_id(&self, key: &RecordKey) -> bool {
        self.id.as_ref().is_none_or(|start| key.id.as_str().starts_with(start.0.as_str()))
    }

    /// Whether only the records themselves, and not their keys, tell which are wanted.
    pub(super) fn needs_records(&self) -> bool {
        self.state.is_some() || self.message.is_some()
    }

    /// Whether a record is wanted that is as `line` says.
    pub(super) fn lets(&self, line: &Line) -> bool {
        self.error_type.as_ref().is_none_or(|wanted| *wanted == line.error_type)
            && self.object.as_ref().is_none_or(|object| *object == line.object)
            && self.state.is_none_or(|state| state == line.state)
            && self.failed_from.is_none_or(|from| from <= line.first_failed)
            && self.failed_to.is_none_or(|to| line.first_failed <= to)
            && self.message.as_ref().is_none_or(|part| part.is_in(&line.message))
            && self.id.as_ref().is_none_or(|start| line.external_id.as_str().starts_with(start.0.as_str()))
    }
}
