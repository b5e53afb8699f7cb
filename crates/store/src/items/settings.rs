//! A connection's settings: their JSON as written, and the number of shards beside it.
//!
//! Must not know: what the settings mean; `Connection::read` checks them.

use engine::ports::{DeletionMark, Intake, PortError};
use rules::connection::Connection;
use serde_json::Value;

use super::body::{self, BODY};
use super::fields::number;
use super::{Fields, Item, key};

/// The number of shards, so that a write can be conditional on not lowering it.
pub(crate) const SHARDS: &str = "sh";

/// The mark of a deletion that has begun. Settings that are written anew have none.
pub(crate) const MARK: &str = "dm";

const KIND: &str = "the settings";

/// The settings' item.
pub(crate) fn write(connection: &Connection) -> Item {
    let mut item = body::item(&key::settings(&connection.id), connection);
    item.insert(SHARDS.to_owned(), number(connection.shards));
    item
}

/// Reads and checks them.
pub(crate) fn read(item: &Item) -> Result<Connection, PortError> {
    let fields = Fields::of(KIND, item)?;
    let value: Value = body::read(KIND, item)?;
    Connection::read(&value).map_err(|mistakes| fields.unreadable(mistakes.to_string()))
}

/// A mark as it is written: it may be too large for a reader's numbers.
pub(crate) fn mark(mark: DeletionMark) -> String {
    format!("{:016x}", mark.0)
}

/// Reads them for one who takes records in.
pub(crate) fn intake(item: &Item) -> Result<Intake, PortError> {
    Ok(Intake { connection: read(item)?, is_being_deleted: item.contains_key(MARK) })
}

/// The text of the settings, and the shards in them.
pub(crate) fn text_and_shards(item: &Item) -> Result<(String, u16), PortError> {
    let fields = Fields::of(KIND, item)?;
    Ok((fields.text(BODY)?.to_owned(), fields.number(SHARDS)?))
}

/// The same item with `shards`, and nothing else changed.
pub(crate) fn with_shards(item: &Item, shards: u16) -> Result<Item, PortError> {
    let mut value: Value = body::read(KIND, item)?;
    let settings = value
        .as_object_mut()
        .ok_or_else(|| PortError::Unreadable { what: KIND.to_owned(), problem: "they are not an object".to_owned() })?;
    settings.insert("shards".to_owned(), shards.into());
    let mut changed = item.clone();
    changed.insert(BODY.to_owned(), super::fields::text(body::json(&value)));
    changed.insert(SHARDS.to_owned(), number(shards));
    Ok(changed)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
