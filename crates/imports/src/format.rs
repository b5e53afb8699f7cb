//! The formats that Salesforce's tools write failed rows in, told apart by their header.
//!
//! Must not know: the rows.

use serde::Serialize;

use crate::PROBLEM_COLUMN;
use crate::layout::Empty;

/// A tool's format. Source: the tools' documentation and their own output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Data Loader with SOAP, REST or Bulk API 1.0: the file's own columns, then `ERROR`.
    DataLoader,
    /// Data Loader with Bulk API 2.0: `ID`, `ERROR`, then the mapped columns.
    DataLoaderBulk2,
    /// Bulk API 2.0 `failedResults`, also by `sf data bulk results`: `sf__Id`, `sf__Error`, then the columns.
    Bulk2,
    /// Salesforce Inspector Reloaded: the columns, then `__Status`, `__Id`, `__Action`, `__Errors`; all rows.
    Inspector,
    /// SFDMU `*_target.csv`: the columns and `Errors`, which is empty for rows that succeeded.
    Sfdmu,
    /// Jetstream: `_id`, `_success`, `_errors`, then the columns; all rows.
    Jetstream,
}

impl Format {
    /// The format of a file with this header, if it is one of these.
    pub(crate) fn of(header: &[String]) -> Option<Self> {
        let has = |wanted: &str| header.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        let is = |index: usize, wanted: &str| header.get(index).is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        let last = header.iter().rposition(|name| !name.eq_ignore_ascii_case(PROBLEM_COLUMN)).unwrap_or(0);
        if has("sf__Id") {
            return has("sf__Error").then_some(Self::Bulk2);
        }
        if has("__Status") && has("__Errors") {
            Some(Self::Inspector)
        } else if has("_success") && has("_errors") {
            Some(Self::Jetstream)
        } else if is(0, "ID") && is(1, "ERROR") && last > 1 {
            Some(Self::DataLoaderBulk2)
        } else if is(last, "ERROR") && last > 0 {
            Some(Self::DataLoader)
        } else {
            has("Errors").then_some(Self::Sfdmu)
        }
    }

    /// What the file with the failures is called, when this header is that of the same tool's file of successes.
    pub(crate) fn holds_successes(header: &[String]) -> Option<&'static str> {
        let has = |wanted: &str| header.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        if has("sf__Id") && has("sf__Created") && !has("sf__Error") {
            return Some("failedResults");
        }
        let loaded = header.len() > 2 && header.first().is_some_and(|name| name == "ID");
        (loaded && header.last().is_some_and(|name| name == "STATUS")).then_some("error….csv")
    }

    /// What the tool is called.
    #[must_use]
    pub fn tool(self) -> &'static str {
        match self {
            Self::DataLoader => "Data Loader",
            Self::DataLoaderBulk2 => "Data Loader with Bulk API 2.0",
            Self::Bulk2 => "Bulk API 2.0",
            Self::Inspector => "Salesforce Inspector",
            Self::Sfdmu => "SFDMU",
            Self::Jetstream => "Jetstream",
        }
    }

    /// The column of the error text.
    pub(crate) fn error_column(self) -> &'static str {
        match self {
            Self::DataLoader | Self::DataLoaderBulk2 => "ERROR",
            Self::Bulk2 => "sf__Error",
            Self::Inspector => "__Errors",
            Self::Sfdmu => "Errors",
            Self::Jetstream => "_errors",
        }
    }

    /// Whether a column is the tool's own and no field of the record.
    pub(crate) fn is_tools_own(self, name: &str) -> bool {
        let own: &[&str] = match self {
            Self::DataLoader | Self::DataLoaderBulk2 => &["ERROR"],
            Self::Bulk2 => &["sf__Id", "sf__Error", "sf__Created"],
            // Inspector itself passes over every column that begins so.
            Self::Inspector => return name.starts_with('_'),
            Self::Sfdmu => &["Errors", "Old Id", "___Id"],
            Self::Jetstream => &["_id", "_success", "_errors"],
        };
        own.iter().any(|column| column.eq_ignore_ascii_case(name))
    }

    /// What an empty cell means. Bulk API and Data Loader leave the field as it is; Inspector empties it.
    /// Sources: Bulk API 2.0, Valid CSV Record Rows; Salesforce Inspector Reloaded, its import.
    pub(crate) fn empty(self) -> Empty {
        match self {
            Self::Inspector => Empty::Null,
            Self::DataLoader | Self::DataLoaderBulk2 | Self::Bulk2 | Self::Sfdmu | Self::Jetstream => Empty::LeftOut,
        }
    }

    /// Whether an error is written `CODE: message [Field, Field]`.
    pub(crate) fn brackets_fields(self) -> bool {
        match self {
            Self::Inspector => true,
            Self::DataLoader | Self::DataLoaderBulk2 | Self::Bulk2 | Self::Sfdmu | Self::Jetstream => false,
        }
    }

    /// The column that says whether the row succeeded, where there is one.
    pub(crate) fn status_column(self) -> Option<&'static str> {
        match self {
            Self::Inspector => Some("__Status"),
            Self::Jetstream => Some("_success"),
            Self::DataLoader | Self::DataLoaderBulk2 | Self::Bulk2 | Self::Sfdmu => None,
        }
    }

    /// Whether a row with this status and this error text is one that failed.
    pub(crate) fn failed(self, status: &str, error: &str) -> bool {
        match self {
            Self::DataLoader | Self::DataLoaderBulk2 | Self::Bulk2 => true,
            Self::Sfdmu => !error.trim().is_empty(),
            // Rows that are still `Queued` or `Processing` were never answered.
            Self::Inspector => status.trim().eq_ignore_ascii_case("Failed"),
            Self::Jetstream => !status.trim().eq_ignore_ascii_case("true"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    fn header(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn each_tool_is_known_by_its_header() {
        let cases = [
            ("Key__c,LastName,ERROR", Some(Format::DataLoader)),
            ("ID,Key__c,ERROR", Some(Format::DataLoader)),
            ("ID,ERROR,Key__c", Some(Format::DataLoaderBulk2)),
            ("sf__Id,sf__Error,Key__c", Some(Format::Bulk2)),
            ("_,Key__c,__Status,__Id,__Action,__Errors", Some(Format::Inspector)),
            ("Id,Key__c,Errors,Old Id", Some(Format::Sfdmu)),
            ("_id,_success,_errors,Key__c", Some(Format::Jetstream)),
            ("Key__c,LastName", None),
            ("ERROR", None),
            ("ERROR,Key__c", None),
            ("sf__Id,Key__c,ERROR", None),
        ];
        for (names, format) in cases {
            assert_eq!(Format::of(&header(names)), format, "{names}");
        }
    }

    #[test]
    fn the_column_that_a_file_of_refused_rows_has_last_changes_nothing() {
        assert_eq!(Format::of(&header("Key__c,ERROR,RESYNC_PROBLEM")), Some(Format::DataLoader));
        assert_eq!(Format::of(&header("ERROR,RESYNC_PROBLEM")), None);
    }

    #[test]
    fn a_tool_s_file_of_successes_is_recognised() {
        assert_eq!(Format::holds_successes(&header("sf__Id,sf__Created,Key__c")), Some("failedResults"));
        assert_eq!(Format::holds_successes(&header("ID,Key__c,STATUS")), Some("error….csv"));
        assert_eq!(Format::holds_successes(&header("Key__c,Status")), None);
    }
}
