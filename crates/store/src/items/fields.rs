//! Attributes of an item: written short, read with an error that names the item and never a value.
//!
//! Must not know: which kinds of items there are.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::PortError;
use rules::time::Timestamp;

/// An item, or a part of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The table's partition key.
pub(crate) const PK: &str = "PK";
/// The table's sort key.
pub(crate) const SK: &str = "SK";
/// The attribute that says in which format an item is.
pub(crate) const FORMAT: &str = "f";
/// The attribute by which an item expires, in seconds since 1970.
pub(crate) const EXPIRES: &str = "x";

/// The newest format of any item that this version writes. It reads this one and older ones.
pub(crate) const CURRENT_FORMAT: u32 = 2;

/// The format of every item whose form is as the first version of the program had it, so that one reads them, too.
pub(crate) const FIRST_FORMAT: u32 = 1;

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The format attribute of an item whose form never changed.
pub(crate) fn format() -> (String, AttributeValue) {
    (FORMAT.to_owned(), number(FIRST_FORMAT))
}

/// The attribute of what expires at `at`.
pub(crate) fn expires(at: Timestamp) -> (String, AttributeValue) {
    (EXPIRES.to_owned(), number(at.as_millis() / 1_000))
}

/// Reads the attributes of one item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    kind: &'static str,
    item: &'a Item,
}

impl<'a> Fields<'a> {
    /// Reads an item of `kind`, such as `the control item`, if its format is known.
    pub(crate) fn of(kind: &'static str, item: &'a Item) -> Result<Self, PortError> {
        let fields = Self { kind, item };
        let format: u32 = fields.number(FORMAT)?;
        if format > CURRENT_FORMAT {
            return Err(fields.unreadable(format!("it was written by a newer version (format {format})")));
        }
        Ok(fields)
    }

    /// The error that this item cannot be read.
    pub(crate) fn unreadable(&self, problem: impl Into<String>) -> PortError {
        let key = |name| self.optional_text(name).unwrap_or("?");
        PortError::Unreadable { what: format!("{} {} {}", self.kind, key(PK), key(SK)), problem: problem.into() }
    }

    /// The error that one attribute is not as it should be.
    pub(crate) fn wrong(&self, name: &str) -> PortError {
        self.unreadable(format!("its attribute {name} is missing or not in the right form"))
    }

    /// A text, if it is there.
    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        self.item.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, PortError> {
        self.optional_text(name).ok_or_else(|| self.wrong(name))
    }

    /// A text that is made into a `T`.
    pub(crate) fn parsed<T>(&self, name: &str, parse: impl FnOnce(&'a str) -> Option<T>) -> Result<T, PortError> {
        parse(self.text(name)?).ok_or_else(|| self.wrong(name))
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<T, PortError> {
        self.optional_number(name)?.ok_or_else(|| self.wrong(name))
    }

    /// A number, if it is there.
    pub(crate) fn optional_number<T: FromStr>(&self, name: &str) -> Result<Option<T>, PortError> {
        let Some(value) = self.item.get(name) else { return Ok(None) };
        let parsed = value.as_n().ok().and_then(|digits| digits.parse().ok());
        parsed.map(Some).ok_or_else(|| self.wrong(name))
    }

    /// Bytes; none if the attribute is not there.
    pub(crate) fn bytes(&self, name: &str) -> Result<&'a [u8], PortError> {
        match self.item.get(name) {
            None => Ok(&[]),
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            Some(_) => Err(self.wrong(name)),
        }
    }
}
