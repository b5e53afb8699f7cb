//! The classes: what kind of cause an error has.
//! It must not know: any code, and what a policy does with a class.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What kind of cause an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A passing state of Salesforce: the same request may succeed later.
    Transient,
    /// Another record of the same request failed: this one is not to blame, and goes in another request.
    Collateral,
    /// Too much at once: slow down.
    Throttle,
    /// A limit of the whole org is used up.
    Capacity,
    /// The request was too large.
    Size,
    /// The login or the session was refused.
    Auth,
    /// The integration user may not do this.
    Permission,
    /// Another record is missing or not usable.
    Dependency,
    /// The record, or a unique value of it, exists already.
    Duplicate,
    /// The record's present state in Salesforce forbids the change.
    RecordState,
    /// A trigger, flow or other code of the org failed.
    Automation,
    /// A value is not acceptable.
    Data,
    /// The request does not fit the org's schema or the API.
    Request,
    /// The record no longer exists: nothing is left to do.
    Gone,
    /// Salesforce is down.
    Outage,
    /// Nobody has judged this code.
    Unreviewed,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 16] = [
        Self::Transient,
        Self::Collateral,
        Self::Throttle,
        Self::Capacity,
        Self::Size,
        Self::Auth,
        Self::Permission,
        Self::Dependency,
        Self::Duplicate,
        Self::RecordState,
        Self::Automation,
        Self::Data,
        Self::Request,
        Self::Gone,
        Self::Outage,
        Self::Unreviewed,
    ];

    /// The name in data and URLs, in `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Collateral => "collateral",
            Self::Throttle => "throttle",
            Self::Capacity => "capacity",
            Self::Size => "size",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::Dependency => "dependency",
            Self::Duplicate => "duplicate",
            Self::RecordState => "record_state",
            Self::Automation => "automation",
            Self::Data => "data",
            Self::Request => "request",
            Self::Gone => "gone",
            Self::Outage => "outage",
            Self::Unreviewed => "unreviewed",
        }
    }
}

/// A text that names no class, or no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is none of the known ones")]
pub struct UnknownName;

impl FromStr for Class {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|class| class.as_str() == name).ok_or(UnknownName)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
