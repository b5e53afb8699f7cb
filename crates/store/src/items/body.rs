//! Items whose content is one JSON text: control and usage with the revision they are conditional on.
//!
//! Must not know: what the content means.

use engine::ports::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fields::{format, number, text};
use super::key::ItemKey;
use super::{Fields, Item};

/// The content.
pub(crate) const BODY: &str = "d";
/// The revision.
pub(crate) const REVISION: &str = "r";

/// The JSON of what an item holds.
pub(crate) fn json(content: &impl Serialize) -> String {
    serde_json::to_string(content).expect("the items' contents have text keys only and can be written")
}

/// An item with `content` in it.
pub(crate) fn item(key: &ItemKey, content: &impl Serialize) -> Item {
    let mut item = key.item();
    item.extend([format(), (BODY.to_owned(), text(json(content)))]);
    item
}

/// An item with `content` and its revision in it.
pub(crate) fn revised(key: &ItemKey, content: &impl Serialize, revision: u64) -> Item {
    let mut item = item(key, content);
    item.insert(REVISION.to_owned(), number(revision));
    item
}

/// Reads the content of an item of `kind`.
pub(crate) fn read<T: DeserializeOwned>(kind: &'static str, item: &Item) -> Result<T, PortError> {
    let fields = Fields::of(kind, item)?;
    serde_json::from_str(fields.text(BODY)?).map_err(|_| fields.wrong(BODY))
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
