//! The items that the store keeps of a failing record, for whoever fills a table behind its back: a table of hundreds of
//! thousands of records within seconds.
//!
//! Must not know: how they are written.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::payload::Payload;
use engine::ports::{Keeping, OutcomeWrite, PortError, Read};
use rules::record::{PayloadPlace, Record};

use crate::items::fields::text;
use crate::items::payload::{PAYLOAD, apart, json};
use crate::items::{key, record};
use crate::ports::statement_parameters;

/// An item's attributes.
pub type Item = HashMap<String, AttributeValue>;

/// The record's item, and its payload's where that is apart.
#[must_use]
pub fn written(record: &Record, payload: &Payload, keeping: &Keeping) -> Vec<Item> {
    let mut item = key::record(&record.key).item();
    item.extend(record::write_record(record, keeping));
    match record.payload {
        PayloadPlace::Inline => {
            item.insert(PAYLOAD.to_owned(), text(json(payload)));
            vec![item]
        }
        PayloadPlace::Apart { .. } => vec![item, apart(record, payload)],
    }
}

/// How many values the statement of an outcome has, which is made for it: for whoever measures what that takes.
#[must_use]
pub fn changed(write: &OutcomeWrite, keeping: &Keeping) -> usize {
    statement_parameters(write, keeping)
}

/// What a record's item says.
///
/// # Errors
/// When it is no record's item.
pub fn read_back(item: &Item) -> Result<Read, PortError> {
    record::read(item)
}
