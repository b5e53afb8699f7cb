//! A payload: an attribute of its record's item, or an item of its own that says which source version it belongs to.
//!
//! Must not know: which of the two a payload goes to; the record says so.

use engine::payload::Payload;
use engine::ports::PortError;
use rules::record::Record;

use super::fields::{format, text};
use super::{Fields, Item, key, version};

/// The payload as JSON, in either item.
pub(crate) const PAYLOAD: &str = "p";
/// The source version of a payload or a pointer that has an item of its own.
pub(crate) const VERSION: &str = "sv";

/// The attribute's value.
pub(crate) fn json(payload: &Payload) -> String {
    payload.text().to_owned()
}

/// The payload in `fields`, if there is one.
pub(crate) fn read(fields: Fields<'_>) -> Result<Option<Payload>, PortError> {
    let Some(json) = fields.optional_text(PAYLOAD) else { return Ok(None) };
    Payload::read(json).map(Some).map_err(|_| fields.wrong(PAYLOAD))
}

/// The item of a payload that is apart.
pub(crate) fn apart(record: &Record, payload: &Payload) -> Item {
    let mut item = key::payload(&record.key).item();
    item.extend([
        format(),
        (VERSION.to_owned(), text(version::write(record.source_version))),
        (PAYLOAD.to_owned(), text(json(payload))),
    ]);
    item
}

/// The payload in such an item, if it belongs to `record`'s version.
pub(crate) fn read_apart(item: &Item, record: &Record) -> Result<Option<Payload>, PortError> {
    let fields = Fields::of("the payload", item)?;
    let belongs = fields.parsed(VERSION, version::read)? == record.source_version;
    if belongs { read(fields) } else { Ok(None) }
}
