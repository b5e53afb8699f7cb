//! The words of the simulator: names, ids and instants as types of their own.
//! It must not know what any of them is used for.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The fields of a record: name to JSON value, in the order in which they were sent.
pub type Fields = Map<String, Value>;

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text! {
    /// An object's API name, such as `Contact` or `Invoice__c`. Case matters here, unlike in Salesforce.
    ObjectName;
    /// A field's API name, such as `LastName` or `Ext__c`. Case matters here, unlike in Salesforce.
    FieldName;
    /// The name by which a payload nests a parent: `Account__r`, or `Account` for a standard lookup.
    RelationName;
    /// The value of an external-id field. Case matters.
    ExternalId;
    /// The 18-character id of a record.
    SalesforceId;
    /// An error code such as `UNABLE_TO_LOCK_ROW`.
    StatusCode;
    /// The name of a failure rule, for people.
    RuleName;
}

/// The number of a failure rule, given when it is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub(crate) u64);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An instant on the simulator's clock: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// The instant `millis` milliseconds later.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add_unsigned(millis))
    }

    /// The instant `millis` milliseconds earlier.
    #[must_use]
    pub const fn minus(self, millis: u64) -> Self {
        Self(self.0.saturating_sub_unsigned(millis))
    }
}

/// An external id as it appears in JSON: text, or a number written as text. `None` when there is no usable value.
pub(crate) fn external_id_of(value: &Value) -> Option<ExternalId> {
    match value {
        Value::String(text) if !text.is_empty() => Some(ExternalId::from(text.as_str())),
        Value::Number(number) => Some(ExternalId::from(number.to_string())),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
