//! One error type of a connection's directory: the numbers of its records by object, each an attribute of its own, so that
//! they are added to without being read.
//!
//! Must not know: who counts.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{PortError, TypeEntry};
use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ObjectName};
use rules::time::Timestamp;

use super::fields::{SK, format, number};
use super::{Fields, Item, key};

/// The earliest first failure, in milliseconds.
pub(crate) const OLDEST: &str = "o";
/// How often the numbers were written.
pub(crate) const REVISION: &str = "r";
/// What the name of an object's number begins with.
const RECORDS: &str = "n#";

const KIND: &str = "the error type";

/// The attribute with the number of an object's records.
pub(crate) fn records_of(object: &ObjectName) -> String {
    format!("{RECORDS}{object}")
}

/// An item that says what was counted.
pub(crate) fn write(connection: &ConnectionId, counted: &TypeEntry) -> Item {
    let mut item = key::error_type(connection, &counted.error_type).item();
    item.extend([format(), (REVISION.to_owned(), number(counted.revision + 1))]);
    item.extend(counted.records.iter().map(|(object, records)| (records_of(object), number(records))));
    item.extend(counted.oldest.map(|oldest| (OLDEST.to_owned(), number(oldest.as_millis()))));
    item
}

/// Reads one. A number below zero, which only lost changes can leave, is none.
pub(crate) fn read(item: &Item) -> Result<TypeEntry, PortError> {
    let fields = Fields::of(KIND, item)?;
    let error_type = fields.parsed(SK, |name| ErrorType::parse(name).ok())?;
    let mut records = BTreeMap::new();
    for (name, value) in item {
        let Some(object) = name.strip_prefix(RECORDS) else { continue };
        let object = ObjectName::new(object).map_err(|_| fields.wrong(name))?;
        let number = signed(value).ok_or_else(|| fields.wrong(name))?;
        records.extend(u64::try_from(number).ok().filter(|&number| number > 0).map(|number| (object, number)));
    }
    let oldest = fields.optional_number(OLDEST)?.map(Timestamp::from_millis).filter(|_| !records.is_empty());
    Ok(TypeEntry { error_type, records, oldest, revision: fields.optional_number(REVISION)?.unwrap_or(0) })
}

fn signed(value: &AttributeValue) -> Option<i64> {
    value.as_n().ok()?.parse().ok()
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
