//! How a file is laid out where its header alone does not say: the delimiter, and which column is what.
//!
//! Must not know: any file.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a caller says about a file. What is not said is found out from the header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layout {
    /// What stands between two cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// Which column holds which field. When any is given, the columns that are not named are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<MappedField>,
    /// The column with the whole error text, such as `CODE: message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The column with the error's code alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The column with the error's message alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The column with the source's version of the row: a whole number that grows, or a time. It is no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The column with the external id of the parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What an empty cell means, when the tool's own meaning is not wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<Empty>,
}

impl Layout {
    /// Whether a column of this name says what went wrong.
    pub(crate) fn names_an_error(&self) -> bool {
        self.error.is_some() || self.code.is_some() || self.message.is_some()
    }
}

/// One field and the column that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedField {
    /// The field's API name, or a reference to a parent such as `Account__r.Key__c`.
    pub field: String,
    /// The column's name in the header.
    pub column: String,
}

/// What an empty cell means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// The field is left as it is.
    LeftOut,
    /// The field is emptied.
    Null,
}

/// What stands between two cells: one byte of ASCII that is no quote, letter, digit or line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

/// A text that is no delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a delimiter; use one sign such as , ; | or the word tab")]
pub struct NotADelimiter;

impl Delimiter {
    pub(crate) fn byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Delimiter {
    type Err = NotADelimiter;
    fn from_str(text: &str) -> Result<Self, NotADelimiter> {
        match text.as_bytes() {
            b"tab" | b"TAB" | b"\\t" | b"\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'_' | b'.') => Ok(Self(*byte)),
            _ => Err(NotADelimiter),
        }
    }
}

impl TryFrom<String> for Delimiter {
    type Error = NotADelimiter;
    fn try_from(text: String) -> Result<Self, NotADelimiter> {
        text.parse()
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        delimiter.to_string()
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("tab"),
            byte => write!(f, "{}", char::from(byte)),
        }
    }
}
