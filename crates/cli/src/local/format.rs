//! What a data directory says about itself: the form of what is in it, and whether time stands still there.
//!
//! Must not know: what else is in the directory.

use std::path::Path;

use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{self, unusable};
use crate::exit::Failure;

/// The form that this version writes and reads.
const CURRENT: u32 = 1;

/// The file's name in the directory.
pub(crate) const FILE: &str = "format";

/// What the directory says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    /// The form of its content.
    #[serde(rename = "format")]
    number: u32,
    /// The version of resync that wrote it first.
    resync: String,
    /// The instant at which time stands still there, because it is what a demo kept. Nothing in it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<Timestamp>,
}

impl Format {
    /// The form of a new directory of this version.
    pub(crate) fn new(as_of: Option<Timestamp>) -> Self {
        Self { number: CURRENT, resync: env!("CARGO_PKG_VERSION").to_owned(), as_of }
    }

    /// Writes it into the directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), Failure> {
        let path = directory.join(FILE);
        let text = serde_json::to_string(self).expect("numbers, texts and a time are JSON") + "\n";
        files::replace(&path, text.as_bytes()).map_err(|error| unusable(&path, &error))
    }

    /// Reads the directory's, if it has one.
    ///
    /// # Errors
    /// When it cannot be read, or a newer version of resync wrote it.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, Failure> {
        let path = directory.join(FILE);
        let text = files::read_if_there(&path).map_err(|error| unusable(&path, &error))?;
        text.map(|text| Self::parse(&text).map_err(|problem| unusable(directory, &problem))).transpose()
    }

    fn parse(text: &str) -> Result<Self, String> {
        // Only these two are sure to be there, and to mean the same, in whatever is to come.
        #[derive(Deserialize)]
        struct Any {
            format: u32,
            resync: String,
        }
        let unreadable = |_| format!("its file `{FILE}` is damaged; put it back from a copy of the directory");
        let Any { format, resync } = serde_json::from_str(text).map_err(unreadable)?;
        if format > CURRENT {
            let ours = env!("CARGO_PKG_VERSION");
            return Err(format!(
                "it was written by resync {resync} (format {format}), and this is resync {ours} (format {CURRENT}); \
                 use resync {resync} or newer"
            ));
        }
        serde_json::from_str(text).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_as_it_was_written_with_the_instant_at_which_time_stands_still() {
        let instant = Timestamp::parse("2026-10-27T06:00:00Z").expect("a time");
        for format in [Format::new(None), Format::new(Some(instant))] {
            let text = serde_json::to_string(&format).expect("it is JSON");
            assert_eq!(Format::parse(&text), Ok(format));
        }
    }

    #[test]
    fn a_newer_format_is_refused_with_both_versions_whatever_else_it_holds() {
        let said = Format::parse(r#"{"format":2,"resync":"9.1.0","as_of":{"new":"form"}}"#).expect_err("it is newer");
        let ours = env!("CARGO_PKG_VERSION");
        assert_eq!(
            said,
            format!(
                "it was written by resync 9.1.0 (format 2), and this is resync {ours} (format 1); use resync 9.1.0 or newer"
            )
        );
    }

    #[test]
    fn a_damaged_format_is_refused_and_never_guessed() {
        for text in ["", "{", "{}", "7", r#"{"format":"1","resync":"0.1.0"}"#] {
            assert!(Format::parse(text).is_err_and(|said| said.contains("is damaged")), "{text}");
        }
    }
}
