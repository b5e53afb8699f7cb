//! What a rule looks for: codes, and a pattern in the message.
//! It must not know: the rules, and where a failure came from.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::OnceLock;

/// How much of a message is looked at, in bytes: the sentence that decides stands at the front, and a bound keeps a
/// huge message from costing time.
const EXAMINED_BYTES: usize = 4_096;

/// The most memory a compiled pattern may take, in bytes, so that nobody's rule can exhaust the process.
const COMPILED_BYTES: usize = 256 * 1_024;

/// The capture group that must equal the upsert's key field.
const KEY_GROUP: &str = "key";

/// An error code: trimmed, in ASCII upper case, never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that cannot be a code, because it is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an error code is not blank")]
pub struct BlankCode;

impl Code {
    /// The code in its one spelling; none when there is nothing but blanks.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_ascii_uppercase()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words between the underscores and hyphens.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(['_', '-']).filter(|word| !word.is_empty())
    }

    /// The spelling without underscores, as the Bulk API writes codes.
    pub(super) fn squashed(&self) -> Self {
        Self(self.0.replace('_', ""))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Code {
    type Error = BlankCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or(BlankCode)
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// Which codes a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePattern {
    /// Every code. Only own rules use it, together with a message.
    Any,
    /// Any one of these.
    OneOf(Vec<Code>),
}

/// What a message must contain: a regular expression found anywhere in it, in any case, across lines.
///
/// A capture group named `key` must also equal the key field of the upsert: such a pattern never fits a failure
/// whose key field is not known.
#[derive(Debug, Clone)]
pub struct MessagePattern {
    source: String,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug, Clone)]
struct Compiled {
    regex: Regex,
    names_key: bool,
}

impl MessagePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it is not a regular expression, or compiles to more than a quarter of a mebibyte.
    pub fn new(source: &str) -> Result<Self, regex::Error> {
        let compiled = Compiled::of(source)?;
        Ok(Self { source: source.to_owned(), compiled: OnceLock::from(compiled) })
    }

    /// A pattern of the built-in data, which is compiled when a message is first tried on it: all of them together take longer than
    /// everything else that a function does at its start, and most runs need a few.
    pub(super) fn builtin(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The regular expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    pub(super) fn fits(&self, message: &str, key_field: Option<&str>) -> bool {
        let compile = || Compiled::of(&self.source).expect("a test compiles every pattern of the built-in data");
        self.compiled.get_or_init(compile).fits(message, key_field)
    }
}

impl Compiled {
    fn of(source: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(source)
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_BYTES)
            .build()?;
        let names_key = regex.capture_names().flatten().any(|name| name == KEY_GROUP);
        Ok(Self { regex, names_key })
    }

    fn fits(&self, message: &str, key_field: Option<&str>) -> bool {
        if self.names_key {
            key_field.is_some_and(|key_field| self.captures_key(message, key_field))
        } else {
            self.regex.is_match(message)
        }
    }

    fn captures_key(&self, message: &str, key_field: &str) -> bool {
        let named = self.regex.captures(message).and_then(|found| found.name(KEY_GROUP));
        named.is_some_and(|named| named.as_str().eq_ignore_ascii_case(key_field))
    }
}

/// The part of a message that patterns are tried on.
pub(super) fn examined(message: &str) -> &str {
    &message[..message.floor_char_boundary(EXAMINED_BYTES)]
}
