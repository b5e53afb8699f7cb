//! A journal slot: the entry as JSON, but for the batch's keys and versions, which are packed.
//!
//! Must not know: what recovery makes of it.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::PortError;
use rules::ids::{ConnectionId, Fence, RecordId};
use rules::journal::{Entry, Sent, Stamp};
use rules::time::Timestamp;
use rules::version::SourceVersion;

use super::fields::number;
use super::{Fields, Item, body, key};

/// The stamp of the content, as one number.
pub(crate) const STAMP: &str = "st";
/// The keys and versions: length of the id (2 bytes, the first bit of which says that the source version is a time), id, item's
/// version (8 bytes), source version (8 bytes), big-endian, one after another.
const SENT: &str = "b";

const IS_TIME: u16 = 1 << 15;

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

fn pack(sent: &[Sent]) -> Vec<u8> {
    let mut packed = Vec::new();
    for Sent { id, fence, version } in sent {
        let length = u16::try_from(id.as_str().len()).expect("an id has at most 255 characters");
        let (kind, value) = match version {
            SourceVersion::Number(number) => (0, *number),
            SourceVersion::Time(time) => (IS_TIME, time.as_millis()),
        };
        packed.extend((length | kind).to_be_bytes());
        packed.extend(id.as_str().as_bytes());
        packed.extend(fence.0.to_be_bytes());
        packed.extend(value.to_be_bytes());
    }
    packed
}

fn unpack(mut packed: &[u8]) -> Option<Vec<Sent>> {
    let mut sent = Vec::new();
    while !packed.is_empty() {
        let (length, rest) = packed.split_first_chunk::<2>()?;
        let length = u16::from_be_bytes(*length);
        let (id, rest) = rest.split_at_checked(usize::from(length & !IS_TIME))?;
        let (fence, rest) = rest.split_first_chunk::<8>()?;
        let id = RecordId::new(std::str::from_utf8(id).ok()?).ok()?;
        let (value, rest) = rest.split_first_chunk::<8>()?;
        let value = i64::from_be_bytes(*value);
        let version = match length & IS_TIME {
            0 => SourceVersion::Number(value),
            _ => SourceVersion::Time(Timestamp::from_millis(value)),
        };
        sent.push(Sent { id, fence: Fence(u64::from_be_bytes(*fence)), version });
        packed = rest;
    }
    Some(sent)
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
