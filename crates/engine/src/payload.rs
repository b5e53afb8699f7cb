//! A record's payload: the fields to write to Salesforce. Its values are never shown by `Debug`.
//!
//! Must not know: how it is stored or sent.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The fields to write, by API name. Whatever prints it shows the number of fields only. A clone is the same fields: a batch may be
/// sent more than once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payload(Arc<Map<String, Value>>);

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::new)
    }
}

impl Payload {
    /// A payload of these fields.
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self(Arc::new(fields))
    }

    /// The fields.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The fields, owned.
    #[must_use]
    pub fn into_fields(self) -> Map<String, Value> {
        Arc::unwrap_or_clone(self.0)
    }

    /// Its length as JSON, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.len())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} fields)", self.0.len())
    }
}
