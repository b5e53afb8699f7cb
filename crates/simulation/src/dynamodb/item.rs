//! Items and their values, as they stand in requests: `{"name": {"S": "text"}}`.
//!
//! Must not know: tables, expressions.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// An item.
pub(super) type Item = Map<String, Value>;

/// A value that can be a key, in the order of keys: numbers by size, texts by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Number(i128),
    Text(Arc<str>),
}

impl Key {
    /// No key comes before it.
    pub(super) const LEAST: Self = Self::Number(i128::MIN);

    /// The key right after it: none lies between the two.
    pub(super) fn successor(&self) -> Self {
        match self {
            Self::Number(number) => number.checked_add(1).map_or_else(|| Self::Text("".into()), Self::Number),
            Self::Text(text) => Self::Text(format!("{text}\0").into()),
        }
    }

    /// Of an attribute's value; nothing of one that is no text and no number.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match only(value)? {
            ("S", text) => text.as_str().map(|text| Self::Text(text.into())),
            ("N", _) => number(value).map(Self::Number),
            _ => None,
        }
    }
}

/// The one type of a value, and what it holds.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(kind, inner)| (kind.as_str(), inner))
}

/// The whole number that a value is.
pub(super) fn number(value: &Value) -> Option<i128> {
    value.get("N")?.as_str()?.parse().ok()
}

/// A number as a value.
pub(super) fn numeral(number: i128) -> Value {
    json!({ "N": number.to_string() })
}

/// Whether two values are the same: numbers by size.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one == other,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Which of two values of one type comes first; nothing when they are of two types, or of one without an order.
pub(super) fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (Key::of(one)?, Key::of(other)?) {
        (one @ Key::Number(_), other @ Key::Number(_)) | (one @ Key::Text(_), other @ Key::Text(_)) => {
            Some(one.cmp(&other))
        }
        (Key::Number(_), Key::Text(_)) | (Key::Text(_), Key::Number(_)) => None,
    }
}

/// Checks that every value is of a type that is known.
pub(super) fn checked(item: &Item) -> Result<(), Failure> {
    const KNOWN: [&str; 6] = ["S", "N", "B", "BOOL", "NULL", "M"];
    for (name, value) in item {
        match only(value) {
            Some(("N", _)) if number(value).is_none() => {
                return Err(Failure::invalid(format!("the number {name} is not whole")));
            }
            Some(("L", _)) => {}
            Some((kind, _)) if KNOWN.contains(&kind) => {}
            Some(_) | None => return Err(Failure::invalid(format!("the value of {name} is of no known type"))),
        }
    }
    Ok(())
}
