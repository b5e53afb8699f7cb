//! What is written with a record, all or nothing: its payload when that is apart, the pointer from its parent.
//!
//! Must not know: the record's own item.

use aws_sdk_dynamodb::types::TransactWriteItem;
use engine::ports::{PayloadChange, Put};
use rules::record::{PayloadPlace, Record, Stored};

use crate::items::{key, payload, pointer};
use crate::ports::transaction::{delete as delete_part, put as put_part};

/// What has to be written with the record, all or nothing: its payload when that is apart, the pointer from its parent.
pub(super) fn beside(put: &Put, table: &str) -> Vec<TransactWriteItem> {
    let Stored::Record(record) = &put.stored else { return Vec::new() };
    payload_beside(put, record, table).into_iter().chain(pointer_beside(put, record, table)).collect()
}

fn payload_beside(put: &Put, record: &Record, table: &str) -> Option<TransactWriteItem> {
    match (&put.payload, record.payload) {
        (PayloadChange::Set(payload), PayloadPlace::Apart { .. }) => {
            Some(put_part(table, payload::apart(record, payload)))
        }
        (PayloadChange::Drop, PayloadPlace::Apart { .. }) => Some(delete_part(table, &key::payload(&record.key))),
        (PayloadChange::Set(_), PayloadPlace::Inline) if record.parent.is_some() && put.expected.is_some() => {
            Some(delete_part(table, &key::payload(&record.key)))
        }
        (PayloadChange::Set(_) | PayloadChange::Drop, PayloadPlace::Inline) | (PayloadChange::Keep, _) => None,
    }
}

/// A new version of a record that waits for its parent is pointed to; a resolved one is not. Otherwise the pointer stays.
fn pointer_beside(put: &Put, record: &Record, table: &str) -> Option<TransactWriteItem> {
    if !record.is_failing() {
        return pointer::key(record).map(|key| delete_part(table, &key));
    }
    match put.payload {
        PayloadChange::Set(_) => pointer::item(record).map(|item| put_part(table, item)),
        PayloadChange::Keep | PayloadChange::Drop => None,
    }
}
