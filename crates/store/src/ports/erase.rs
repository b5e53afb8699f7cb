//! Removes all that is stored of a record, and rewrites what else names it, in one transaction.
//!
//! Must not know: why it is removed, or how what names it is found.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use engine::ports::{Clock, Erasing, Erasure, Erasures, PortError};
use rules::journal::{Entry, Stamp};
use rules::record::Stored;
use rules::resync::Request;

use super::error_types::counted;
use super::requests::{owed, unchanged};
use super::transaction::{Transacted, delete, put};
use super::{ALL_OLD, DynamoStore};
use crate::items::fields::number;
use crate::items::record::FENCE;
use crate::items::{Item, audit, body, journal, key, pointer, request};

const ERASING: &str = "erasing a record";

impl<C: Clock> Erasures for DynamoStore<C> {
    async fn erase(&self, erasure: &Erasure) -> Result<Erasing, PortError> {
        let mut texts: Vec<String> = erasure.requests.iter().map(|(before, _)| body::json(before)).collect();
        // Each text may turn out once to be that of an older version of the program.
        for _ in 0..=texts.len() {
            match self.transact(ERASING, all_of(&self.table, erasure, &texts)).await? {
                Transacted::Done => return Ok(Erasing::Done),
                Transacted::Refused(place, found) => match as_it_stands(erasure, &texts, place, found.as_ref())? {
                    Some(text) => texts[place] = text,
                    None => return Ok(Erasing::Conflict),
                },
            }
        }
        Ok(Erasing::Conflict)
    }
}

/// The text of the request that a refusal at this place found, if it is the one that was read and only written otherwise.
fn as_it_stands(
    erasure: &Erasure,
    texts: &[String],
    place: usize,
    found: Option<&Item>,
) -> Result<Option<String>, PortError> {
    let (Some((before, _)), Some(found)) = (erasure.requests.get(place), found) else { return Ok(None) };
    let text = request::text_of(found)?;
    let is_the_same = request::read(found)? == *before && text != texts[place];
    Ok(is_the_same.then(|| text.to_owned()))
}

/// All writes; those of the requests themselves come first, so that a refusal's place tells which it is of.
fn all_of(table: &str, erasure: &Erasure, texts: &[String]) -> Vec<TransactWriteItem> {
    let Erasure { connection, record, counts, requests, entries, audit, control, expected } = erasure;
    let changed =
        requests.iter().zip(texts).map(|((_, after), read): (&(Request, Request), _)| unchanged(table, read, after));
    let mut writes: Vec<_> = changed.collect();
    writes.extend(record.iter().flat_map(|record| of_record(table, record)));
    writes.extend(entries.iter().map(|(entry, read)| rewritten(table, erasure, entry, *read)));
    writes.push(owed(table, connection, control, *expected));
    writes.extend(requests.iter().map(|(_, after)| put(table, request::listed(after))));
    writes.extend(audit.iter().flat_map(audit::write).map(|item| put(table, item)));
    writes.extend(counts.iter().flat_map(|change| counted(table, connection, change)));
    writes
}

/// The record's own item on its version, its payload, the pointer from its parent.
fn of_record(table: &str, stored: &Stored) -> Vec<TransactWriteItem> {
    let own = Delete::builder()
        .table_name(table)
        .set_key(Some(key::record(stored.key()).item()))
        .condition_expression("#v = :v")
        .expression_attribute_names("#v", FENCE)
        .expression_attribute_values(":v", number(stored.fence().0))
        .return_values_on_condition_check_failure(ALL_OLD)
        .build();
    let own = TransactWriteItem::builder().delete(own.expect("the table and the key are set")).build();
    let pointer = match stored {
        Stored::Record(record) => pointer::key(record),
        Stored::Success(_) => None,
    };
    let beside = std::iter::once(key::payload(stored.key())).chain(pointer);
    std::iter::once(own).chain(beside.map(|key| delete(table, &key))).collect()
}

/// The put of a journal entry over the one of this stamp.
fn rewritten(table: &str, erasure: &Erasure, entry: &Entry, read: Stamp) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(journal::write(&erasure.connection, entry)))
        .condition_expression("#st = :st")
        .expression_attribute_names("#st", journal::STAMP)
        .expression_attribute_values(":st", number(journal::stamp(read)))
        .build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}
