//! The address of a route: parts that are percent-encoded, then a query.
//!
//! Must not know: which routes there are.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands as it is in a part of a path and in a query: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path and query of a route.
#[derive(Clone, Debug)]
pub(crate) struct Route(String);

impl Route {
    /// The route whose path has these parts below `/v1`, each taken literally.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut path = "/v1".to_owned();
        for part in parts {
            // A part of dots alone would be taken for a step up, encoded or not; no name of ours is one.
            write!(path, "/{}", utf8_percent_encode(part, ENCODED)).expect("a text takes what is written to it");
        }
        Self(path)
    }

    /// The same with `name=value` in the query.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let sign = if self.0.contains('?') { '&' } else { '?' };
        write!(self.0, "{sign}{name}={}", utf8_percent_encode(value, ENCODED))
            .expect("a text takes what is written to it");
        self
    }

    /// The same with `name=value` in the query, when there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Path and query.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path that needs no encoding, such as `/v1/connections`.
impl From<&str> for Route {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl From<&String> for Route {
    fn from(path: &String) -> Self {
        Self(path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn parts_and_values_are_encoded_so_that_they_stay_what_they_are() {
        let route = Route::of(&["connections", "acme", "records", "Contact", "a/b ü?#%"]).with("type", "x&y=z");
        assert_eq!(route.as_str(), "/v1/connections/acme/records/Contact/a%2Fb%20%C3%BC%3F%23%25?type=x%26y%3Dz");
    }

    #[test]
    fn a_value_that_is_not_there_leaves_no_trace() {
        let route = Route::of(&["audit"]).with_some("connection", None).with_some("limit", Some("5"));
        assert_eq!(route.as_str(), "/v1/audit?limit=5");
    }
}
