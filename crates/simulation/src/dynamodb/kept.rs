//! An item as a table keeps it: as text, which takes far less room than its values one by one, so that a million items fit
//! into memory.
//!
//! Must not know: keys, indexes.

use super::item::Item;

/// An item, small.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    text: Box<str>,
    /// The second at which it expires.
    pub(super) expires: Option<u64>,
}

impl Kept {
    /// Makes an item small; `expires_by` is the attribute that says when it expires.
    pub(super) fn of(item: &Item, expires_by: Option<&str>) -> Self {
        let text = serde_json::to_string(item).expect("an item has texts for names");
        Self { text: text.into(), expires: expiry(item, expires_by) }
    }

    /// The item.
    pub(super) fn item(&self) -> Item {
        serde_json::from_str(&self.text).expect("it was an item when it was made small")
    }
}

fn expiry(item: &Item, expires_by: Option<&str>) -> Option<u64> {
    item.get(expires_by?)?["N"].as_str()?.parse().ok()
}
