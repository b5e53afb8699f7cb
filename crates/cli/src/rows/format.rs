//! The formats that Salesforce's tools write failed rows in, told apart by their header.
//!
//! Must not know: the rows.

use csv::StringRecord;

/// A tool's format. Source: the tools' own output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Bulk API 2.0 `failedResults`, also of `sf data bulk results`: `sf__Id`, `sf__Error`, then the columns.
    BulkFailedResults { error: usize },
    /// Data Loader: the columns, then `ERROR`.
    DataLoader { error: usize },
}

impl Format {
    /// The format of a file with this header, if it is one of these.
    pub(crate) fn of(header: &StringRecord) -> Option<Self> {
        let at = |wanted: &str| header.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        match (at("sf__Id"), at("sf__Error"), at("ERROR")) {
            (Some(_), Some(error), _) => Some(Self::BulkFailedResults { error }),
            (None, None, Some(error)) if error + 1 == header.len() && error > 0 => Some(Self::DataLoader { error }),
            (_, _, _) => None,
        }
    }

    /// Which column holds the error.
    pub(crate) fn error_column(self) -> usize {
        match self {
            Self::BulkFailedResults { error } | Self::DataLoader { error } => error,
        }
    }

    /// Whether a column is the tool's own and no field of the record.
    pub(crate) fn is_tools_own(self, name: &str) -> bool {
        let own: &[&str] = match self {
            Self::BulkFailedResults { .. } => &["sf__Id", "sf__Error", "sf__Created"],
            Self::DataLoader { .. } => &["ERROR", "ID"],
        };
        own.iter().any(|column| column.eq_ignore_ascii_case(name))
    }
}
