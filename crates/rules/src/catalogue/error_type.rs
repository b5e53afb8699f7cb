//! The error type: the id under which failing records are listed, counted, selected and excluded.
//! It must not know: which rules exist.

use super::pattern::Code;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const UNKNOWN: &str = "unknown";
const UNKNOWN_PREFIX: &str = "unknown:";

/// The id of a catalogue rule (kebab-case), or `unknown:CODE`, or `unknown`.
///
/// At most [`ErrorType::MAX_LEN`] characters of ASCII letters, digits, `-`, `_`, `.` and one `:`, so that it can be
/// part of a key or a URL as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ErrorType(String);

/// Why a text is not an error type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorTypeError {
    /// It is longer than the limit.
    #[error("has more than {} characters, which no error type has; take one that is listed", ErrorType::MAX_LEN)]
    TooLong,
    /// It has none of the three forms.
    #[error(
        "is no error type: one is a rule's id such as `row-lock`, or `unknown:CODE`, or `unknown`; take one that is listed"
    )]
    Malformed,
    /// It would be one in small letters.
    #[error("is written with capitals; write it in small letters, as it is listed")]
    Capitals,
}

impl ErrorType {
    /// The most characters an error type has.
    pub const MAX_LEN: usize = 80;

    /// Reads an error type.
    ///
    /// # Errors
    /// When the text is too long or has none of the three forms.
    pub fn parse(text: &str) -> Result<Self, ErrorTypeError> {
        if text.len() > Self::MAX_LEN {
            return Err(ErrorTypeError::TooLong);
        }
        let is_valid = match text.strip_prefix(UNKNOWN_PREFIX) {
            Some(code) => is_clean_code(code),
            None => is_kebab(text),
        };
        if is_valid {
            return Ok(Self(text.to_owned()));
        }
        let is_only_in_capitals = is_kebab(&text.to_ascii_lowercase());
        Err(if is_only_in_capitals { ErrorTypeError::Capitals } else { ErrorTypeError::Malformed })
    }

    /// The type of every failure without a usable code, and of the codes folded together.
    #[must_use]
    pub fn unknown() -> Self {
        Self(UNKNOWN.to_owned())
    }

    /// The type of a code that no rule knows: cleaned of characters a key may not hold, and cut to fit.
    #[must_use]
    pub fn unknown_code(code: &Code) -> Self {
        let room = Self::MAX_LEN - UNKNOWN_PREFIX.len();
        let clean: String = code.as_str().chars().map(cleaned).take(room).collect();
        if is_clean_code(&clean) { Self(format!("{UNKNOWN_PREFIX}{clean}")) } else { Self::unknown() }
    }

    /// The type of a code that has no rule of its own in the built-in data: the code in kebab-case.
    pub(super) fn of_code(code: &Code) -> Result<Self, ErrorTypeError> {
        let words: Vec<String> = code.words().map(str::to_ascii_lowercase).collect();
        Self::parse(&words.join("-"))
    }

    /// Whether no rule defines this type: `unknown` or `unknown:CODE`.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0 == UNKNOWN || self.0.starts_with(UNKNOWN_PREFIX)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn cleaned(c: char) -> char {
    if is_code_char(c) { c.to_ascii_uppercase() } else { '_' }
}

fn is_code_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn is_clean_code(code: &str) -> bool {
    code.chars().all(|c| is_code_char(c) && !c.is_ascii_lowercase())
        && code.contains(|c: char| c.is_ascii_alphanumeric())
}

fn is_kebab(text: &str) -> bool {
    text.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ErrorType {
    type Err = ErrorTypeError;

    fn from_str(text: &str) -> Result<Self, ErrorTypeError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ErrorType {
    type Error = ErrorTypeError;

    fn try_from(text: String) -> Result<Self, ErrorTypeError> {
        Self::parse(&text)
    }
}

impl From<ErrorType> for String {
    fn from(error_type: ErrorType) -> Self {
        error_type.0
    }
}
