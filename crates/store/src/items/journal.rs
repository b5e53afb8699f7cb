//! A journal slot: the entry as JSON, but for the batch's keys and versions, which are packed.
//!
//! Must not know: what recovery makes of it.

mod packing;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::PortError;
use rules::ids::ConnectionId;
use rules::journal::{Entry, Stamp};

use packing::{pack, unpack};

use super::fields::number;
use super::{Fields, Item, body, key};

/// The stamp of the content, as one number.
pub(crate) const STAMP: &str = "st";
/// The keys and versions, packed.
const SENT: &str = "b";

const KIND: &str = "the journal slot";

/// The stamp's number: no two stamps have the same.
pub(crate) fn stamp(stamp: Stamp) -> u64 {
    u64::from(stamp.epoch.0) << 32 | u64::from(stamp.write)
}

/// The slot's item.
pub(crate) fn write(connection: &ConnectionId, entry: &Entry) -> Item {
    let head = Entry { sent: Vec::new(), ..entry.clone() };
    let mut item = body::item(&key::slot(connection, entry.slot), &head);
    item.insert(STAMP.to_owned(), number(stamp(entry.stamp)));
    if !entry.sent.is_empty() {
        item.insert(SENT.to_owned(), AttributeValue::B(Blob::new(pack(&entry.sent))));
    }
    item
}

/// Reads a slot's item.
pub(crate) fn read(item: &Item) -> Result<Entry, PortError> {
    let head: Entry = body::read(KIND, item)?;
    let fields = Fields::of(KIND, item)?;
    let sent = unpack(fields.bytes(SENT)?).ok_or_else(|| fields.wrong(SENT))?;
    Ok(Entry { sent, ..head })
}

/// The stamp's number that an item carries.
pub(crate) fn stamp_of(item: &Item) -> Result<u64, PortError> {
    Fields::of(KIND, item)?.number(STAMP)
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
