//! The groups: the cards on which an operator looks for an error.
//! It must not know: any code, and the classes.

use super::UnknownName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The card on which an operator looks for an error. The names are those of `HubSpot`'s sync error cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A related record is missing or wrong.
    Associations,
    /// Triggers, flows and other code of the org.
    CustomCode,
    /// The record or a unique value exists already.
    Duplicates,
    /// Logins and rights of the integration user.
    Permissions,
    /// A value is not in its picklist.
    Picklists,
    /// The field or object mapping is wrong.
    PropertyMappings,
    /// A value is not acceptable.
    PropertyValues,
    /// Known, and on none of the cards above.
    Other,
    /// Not known.
    Unknown,
}

impl Group {
    /// Every group, in the order in which operators see them.
    pub const ALL: [Self; 9] = [
        Self::Associations,
        Self::CustomCode,
        Self::Duplicates,
        Self::Permissions,
        Self::Picklists,
        Self::PropertyMappings,
        Self::PropertyValues,
        Self::Other,
        Self::Unknown,
    ];

    /// The name in data and URLs, in `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Associations => "associations",
            Self::CustomCode => "custom_code",
            Self::Duplicates => "duplicates",
            Self::Permissions => "permissions",
            Self::Picklists => "picklists",
            Self::PropertyMappings => "property_mappings",
            Self::PropertyValues => "property_values",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    /// The title of the card, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Associations => "Associations",
            Self::CustomCode => "Custom code",
            Self::Duplicates => "Duplicates",
            Self::Permissions => "Permissions",
            Self::Picklists => "Picklists",
            Self::PropertyMappings => "Property mappings",
            Self::PropertyValues => "Property values",
            Self::Other => "Other",
            Self::Unknown => "Unknown",
        }
    }
}

impl FromStr for Group {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|group| group.as_str() == name).ok_or(UnknownName)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
