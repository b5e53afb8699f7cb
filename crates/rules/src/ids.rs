//! Names and identities, each of its own type and checked where it enters.
//!
//! Must not know: how they are stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that cannot be a name of this kind: says what is wrong and what a right one looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {mend}")]
pub struct BadName {
    /// What is wrong with the text.
    pub problem: &'static str,
    /// What a right one looks like.
    pub mend: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:expr, $problem:literal, $mend:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and takes a name.
            ///
            /// # Errors
            /// When the text does not have the form that the type's description gives.
            pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
                let text = text.into();
                let fits: fn(&str) -> bool = $check;
                if fits(&text) { Ok(Self(text)) } else { Err(BadName { problem: $problem, mend: $mend }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A connection: one source system into one Salesforce org. 1–64 of `a-z`, `0-9` and `-`.
    ConnectionId,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
    "is not a connection id", "use 1 to 64 of a-z, 0-9 and -"
}
name! {
    /// A Salesforce object's API name, such as `Contact` or `Invoice__c`.
    ObjectName, is_api_name, "is not an object's API name", "use its API name, such as Contact or Invoice__c"
}
name! {
    /// A Salesforce field's API name, such as `Ext_Id__c`.
    FieldName, is_api_name, "is not a field's API name", "use its API name, such as Ext_Id__c"
}
name! {
    /// A record's identity within its object: the value of its external-id field. 1–255 characters, no control characters.
    RecordId,
    |text| !text.is_empty() && text.chars().count() <= 255 && !text.chars().any(char::is_control),
    "is not an external id", "use 1 to 255 characters without control characters"
}
name! {
    /// Who reports API calls, such as `billing-sync`. 1–64 of letters, digits, `-`, `_` and `.`.
    SourceName,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)),
    "is not a source's name", "use 1 to 64 letters, digits, '-', '_' and '.'"
}
name! {
    /// Anything that a caller asks to be done, as the caller names it, so that the same one twice is one. 1–64 of letters,
    /// digits, `-` and `_`.
    ActionKey,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
    "is not a key", "use 1 to 64 letters, digits, '-' and '_', such as a UUID"
}
name! {
    /// A forced resync, as its caller names it. 1–64 of letters, digits, `-` and `_`.
    RequestId,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
    "is not a request's id", "use 1 to 64 letters, digits, '-' and '_'"
}

fn is_api_name(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// One failing record: the connection, the object and the external id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The connection that failed to sync it.
    pub connection: ConnectionId,
    /// Its Salesforce object.
    pub object: ObjectName,
    /// The value of its external-id field.
    pub id: RecordId,
}

impl RecordKey {
    /// The key as Salesforce tells records apart: names of objects are compared without case, and external ids unless their field
    /// says otherwise. Two keys that are the same here are never in flight at once.
    #[must_use]
    pub fn folded(&self) -> Self {
        let (object, id) = folded(&self.object.0, &self.id.0);
        Self { connection: self.connection.clone(), object: ObjectName(object), id: RecordId(id) }
    }
}

/// An object's name and an external id, whatever they are, as Salesforce tells records apart: see [`RecordKey::folded`].
#[must_use]
pub fn folded(object: &str, id: &str) -> (String, String) {
    (object.to_ascii_lowercase(), id.to_lowercase())
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.connection, self.object, self.id)
    }
}

/// The record that another one cannot be saved without, in the same connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParentKey {
    /// The parent's object.
    pub object: ObjectName,
    /// The parent's external id.
    pub id: RecordId,
}

/// How often the lease of a connection was taken: the fencing token of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One request to Salesforce with records in it: the run's epoch and the request's number within that run. Later is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchId {
    /// The run.
    pub epoch: Epoch,
    /// The request within the run; 24 bits are kept.
    pub sequence: u32,
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

/// An item's version: every write of a record moves it on and is conditional on the one that was read. It starts at a
/// random number, so that an item made anew after the old one expired is never taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(#[serde(with = "crate::hexadecimal")] pub u64);

impl Fence {
    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// One invocation that may hold a connection's lease: random, so that a holder recognises itself after a lost reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(#[serde(with = "crate::hexadecimal")] pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
