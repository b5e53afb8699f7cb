//! The pointer from a parent to a record that waits for it. It is a hint: whoever follows it compares it with the record's
//! own parent.
//!
//! Must not know: when pointers are written.

use engine::ports::PortError;
use rules::ids::RecordKey;
use rules::record::Record;

use super::fields::{format, text};
use super::key::ItemKey;
use super::payload::VERSION;
use super::{Fields, Item, key, version};

/// The partition key of the record that waits.
const CHILD: &str = "k";

/// The key of the pointer to `record`, if it has a parent.
pub(crate) fn key(record: &Record) -> Option<ItemKey> {
    let parent = record.parent.clone()?;
    let parent = RecordKey { connection: record.key.connection.clone(), object: parent.object, id: parent.id };
    Some(key::pointer(&parent, &record.key))
}

/// The record that a pointer points to.
pub(crate) fn child_of(item: &Item) -> Result<RecordKey, PortError> {
    Fields::of("the pointer", item)?.parsed(CHILD, key::record_of)
}

/// The pointer to `record`, if it has a parent.
pub(crate) fn item(record: &Record) -> Option<Item> {
    let mut item = key(record)?.item();
    item.extend([
        format(),
        (VERSION.to_owned(), text(version::write(record.source_version))),
        (CHILD.to_owned(), text(key::record(&record.key).pk)),
    ]);
    Some(item)
}
