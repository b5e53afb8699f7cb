//! Source versions: which of two payloads of one record is newer, as its source sees it.
//!
//! Must not know: how failures and successes arrive.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The source's version of a record: an integer that grows, or a time. A record keeps to one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SourceVersion {
    /// A counter of the source.
    Number(i64),
    /// A time of the source; the event's own time when it gave none.
    Time(Timestamp),
}

impl SourceVersion {
    /// How this version stands to `other`; nothing when one is a number and the other a time.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(ours), Self::Number(theirs)) => Some(ours.cmp(&theirs)),
            (Self::Time(ours), Self::Time(theirs)) => Some(ours.cmp(&theirs)),
            (Self::Number(_), Self::Time(_)) | (Self::Time(_), Self::Number(_)) => None,
        }
    }

    /// Whether this version is known to be newer than `other`.
    #[must_use]
    pub fn is_newer_than(self, other: Self) -> bool {
        self.compare(other) == Some(Ordering::Greater)
    }
}

impl fmt::Display for SourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Time(time) => time.fmt(f),
        }
    }
}
