//! The API versions, their names and addresses. It must not know what a version can do, but for collections.

use serde_json::{Value, json};

use crate::names::{ObjectName, SalesforceId};

const FIRST: u8 = 31;
const LAST: u8 = 66;
const FIRST_WITH_COLLECTION_UPSERTS: u8 = 46;

/// An API version that the simulator has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiVersion(u8);

impl ApiVersion {
    /// Reads a path segment such as `v60.0`; `None` for a version that does not exist.
    pub(crate) fn read(segment: &str) -> Option<Self> {
        let number = segment.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()?;
        (FIRST..=LAST).contains(&number).then_some(Self(number))
    }

    pub(crate) fn has_collection_upserts(self) -> bool {
        self.0 >= FIRST_WITH_COLLECTION_UPSERTS
    }

    /// The path of the version's resources.
    pub(crate) fn path(self) -> String {
        format!("/services/data/v{}.0", self.0)
    }

    /// The path of a record.
    pub(crate) fn record_path(self, object: &ObjectName, id: &SalesforceId) -> String {
        format!("{}/sobjects/{object}/{id}", self.path())
    }

    /// The resources of the version.
    pub(crate) fn resources(self) -> Value {
        let path = self.path();
        json!({
            "composite": format!("{path}/composite"),
            "limits": format!("{path}/limits"),
            "query": format!("{path}/query"),
            "sobjects": format!("{path}/sobjects"),
        })
    }

    /// Version 31 was Summer '14; three versions a year since.
    fn label(self) -> String {
        let releases = self.0 - FIRST;
        let season = ["Summer", "Winter", "Spring"][usize::from(releases % 3)];
        format!("{season} '{}", 14 + releases.div_ceil(3))
    }
}

/// The answer to `GET /services/data`.
pub(crate) fn list() -> Value {
    let versions = (FIRST..=LAST)
        .map(ApiVersion)
        .map(|version| json!({"label": version.label(), "url": version.path(), "version": format!("{}.0", version.0)}));
    versions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_carry_the_names_of_their_releases() {
        assert_eq!(ApiVersion(46).label(), "Summer '19");
        assert_eq!(ApiVersion(47).label(), "Winter '20");
        assert_eq!(ApiVersion(60).label(), "Spring '24");
        assert_eq!(ApiVersion::read("v9.0"), None);
        assert_eq!(ApiVersion::read("60.0"), None);
    }
}
