//! A record as it is named on the command line: `connection/Object/external-id`.
//!
//! Must not know: whether there is such a record.

use std::fmt;
use std::str::FromStr;

use crate::client::Route;

/// A record's name in its three parts. Whether each part is a name at all is for the routes to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The connection.
    pub(crate) connection: String,
    /// The object.
    pub(crate) object: String,
    /// The external id, which may hold slashes.
    pub(crate) id: String,
}

impl Key {
    /// Its route.
    pub(crate) fn route(&self) -> Route {
        Route::of(&["connections", &self.connection, "records", &self.object, &self.id])
    }

    /// Its name within its connection.
    pub(crate) fn within(&self) -> String {
        format!("{}/{}", self.object, self.id)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(3, '/').collect();
        match parts.as_slice() {
            [connection, object, id] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self { connection: (*connection).into(), object: (*object).into(), id: (*id).into() })
            }
            _ => Err("write connection/Object/external-id, such as billing/Invoice__c/INV-00008".to_owned()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.connection, self.object, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn an_external_id_may_hold_slashes() {
        let key: Key = "billing/Invoice__c/2026/08/1".parse().expect("three parts");
        assert_eq!((key.object.as_str(), key.id.as_str()), ("Invoice__c", "2026/08/1"));
        assert_eq!(key.to_string(), "billing/Invoice__c/2026/08/1");
    }

    #[test]
    fn a_name_with_a_part_missing_names_no_record() {
        for text in ["", "billing", "billing/Invoice__c", "billing//1", "/Invoice__c/1", "billing/Invoice__c/"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
