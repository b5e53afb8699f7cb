//! The placeholders of a request: names and values.
//!
//! Must not know: expressions.

use serde_json::Value;

use super::failure::Failure;

/// What the placeholders of a request stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a>(&'a Value);

impl<'a> Values<'a> {
    /// Those of a request, or of a part of one.
    pub(super) fn of(request: &'a Value) -> Self {
        Self(request)
    }

    /// The attribute that a word names, by itself or by a placeholder.
    pub(super) fn name(self, word: &str) -> Result<String, Failure> {
        if !word.starts_with('#') {
            return Ok(word.to_owned());
        }
        let name = self.0["ExpressionAttributeNames"][word].as_str();
        name.map(str::to_owned).ok_or_else(|| Failure::invalid(format!("{word} stands for no name")))
    }

    /// The value that a placeholder stands for.
    pub(super) fn value(self, word: &str) -> Result<Value, Failure> {
        let value = &self.0["ExpressionAttributeValues"][word];
        if value.is_null() { Err(Failure::invalid(format!("{word} stands for no value"))) } else { Ok(value.clone()) }
    }
}
