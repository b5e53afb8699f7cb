//! Puts one record: alone where that is enough, else in one transaction with its payload and the pointer from its parent.
//!
//! Must not know: why a record is put, or how a conflict is settled.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put as PutItem, ReturnValue, TransactWriteItem, Update};
use engine::ports::{Clock, PayloadChange, PortError, Put, Written};
use rules::record::{PayloadPlace, Record, Stored};

use super::{ALL_OLD, DynamoStore};
use crate::backoff::Backoff;
use crate::failure::{failed, is_busy, is_busy_code};
use crate::items::fields::{number, text};
use crate::items::key::{self, ItemKey};
use crate::items::payload::{self, PAYLOAD};
use crate::items::record::{self, APART_BYTES};
use crate::items::{Item, pointer};

const PUTTING: &str = "putting a record";

/// What became of one try to put.
enum Tried {
    Done,
    Refused(Option<Item>),
    Busy,
}

impl<C: Clock> DynamoStore<C> {
    pub(super) async fn put_record(&self, put: &Put, shards: u16) -> Result<Written, PortError> {
        let change = Change::of(put, shards);
        let beside = beside(put, &self.table);
        let mut backoff = Backoff::new(&change.key.pk);
        loop {
            let tried =
                if beside.is_empty() { self.put_alone(&change).await? } else { self.put_all(&change, &beside).await? };
            match tried {
                Tried::Done => return Ok(Written::Done),
                Tried::Refused(found) => return self.judge_put(put, &change, found).await,
                Tried::Busy => {
                    let Some(wait) = backoff.next() else { return Ok(Written::Throttled) };
                    self.clock.wait(wait).await;
                }
            }
        }
    }

    async fn put_alone(&self, change: &Change) -> Result<Tried, PortError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(change.key.item()));
        let update = update
            .update_expression(&change.expression)
            .condition_expression(change.condition)
            .set_expression_attribute_names(Some(change.names()))
            .set_expression_attribute_values(Some(change.values.clone()))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ALL_OLD);
        let error = match update.send().await {
            Ok(written) => return self.clear_payload(change, written.attributes.as_ref()).await,
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => Ok(Tried::Refused(refused.item.clone())),
            Some(_) | None if is_busy(&error) => Ok(Tried::Busy),
            Some(_) | None => Err(failed(PUTTING, &error)),
        }
    }

    /// Deletes the payload of the version that was replaced, if it was apart. Nobody else writes a payload of that version.
    async fn clear_payload(&self, change: &Change, old: Option<&Item>) -> Result<Tried, PortError> {
        let version = old.filter(|old| old.contains_key(APART_BYTES)).and_then(|old| old.get(payload::VERSION));
        let Some(version) = version.filter(|_| !change.keeps_apart) else { return Ok(Tried::Done) };
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(change.payload_key.item()));
        let delete = delete
            .condition_expression("#sv = :sv")
            .expression_attribute_names("#sv", payload::VERSION)
            .expression_attribute_values(":sv", version.clone());
        match delete.send().await {
            Ok(_) => Ok(Tried::Done),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(Tried::Done)
            }
            Err(error) => Err(failed(PUTTING, &error)),
        }
    }

    async fn put_all(&self, change: &Change, beside: &[TransactWriteItem]) -> Result<Tried, PortError> {
        let record = TransactWriteItem::builder().update(change.update(&self.table)).build();
        let items = std::iter::once(record).chain(beside.iter().cloned()).collect();
        let Err(error) = self.client.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Ok(Tried::Done);
        };
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
            Some(_) | None if is_busy(&error) => return Ok(Tried::Busy),
            Some(_) | None => return Err(failed(PUTTING, &error)),
        };
        match reasons.first() {
            Some(reason) if reason.code() == Some("ConditionalCheckFailed") => Ok(Tried::Refused(reason.item.clone())),
            _ if reasons.iter().any(|reason| reason.code().is_some_and(is_busy_code)) => Ok(Tried::Busy),
            _ => Err(failed(PUTTING, &error)),
        }
    }

    /// What the refused write found: ourselves, when only the reply was lost, or another version.
    async fn judge_put(&self, put: &Put, change: &Change, found: Option<Item>) -> Result<Written, PortError> {
        let found = match found {
            Some(item) => Some(item),
            None => self.get(PUTTING, &change.key).await?,
        };
        let Some(item) = found else { return Ok(Written::Conflict(None)) };
        let current = record::read(&item)?.stored;
        Ok(if record::are_same(&current, &put.stored) {
            Written::Done
        } else {
            Written::Conflict(Some(Box::new(current)))
        })
    }
}

/// The update of a record's item.
struct Change {
    key: ItemKey,
    payload_key: ItemKey,
    keeps_apart: bool,
    expression: String,
    condition: &'static str,
    names: Vec<&'static str>,
    values: Item,
}

impl Change {
    fn of(put: &Put, shards: u16) -> Self {
        let mut attributes = record::write(&put.stored, shards);
        let touched = record::ALL.into_iter().chain((put.payload != PayloadChange::Keep).then_some(PAYLOAD));
        if let (PayloadChange::Set(payload), Some(PayloadPlace::Inline)) = (&put.payload, place(&put.stored)) {
            attributes.insert(PAYLOAD.to_owned(), text(payload::json(payload)));
        }
        let names: Vec<&'static str> = touched.collect();
        let (set, removed): (Vec<&str>, Vec<&str>) = names.iter().partition(|&&name| attributes.contains_key(name));
        let set = set.iter().map(|name| format!("#{name} = :{name}")).collect::<Vec<_>>().join(", ");
        let removed = removed.iter().map(|name| format!("#{name}")).collect::<Vec<_>>().join(", ");
        let mut values: Item = attributes.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        let condition = match put.expected {
            None => "attribute_not_exists(#v)",
            Some(fence) => {
                values.insert(":expected".to_owned(), number(fence.0));
                "#v = :expected"
            }
        };
        Self {
            key: key::record(put.stored.key()),
            payload_key: key::payload(put.stored.key()),
            keeps_apart: put.payload == PayloadChange::Keep,
            expression: format!("SET {set} REMOVE {removed}"),
            condition,
            names,
            values,
        }
    }

    fn names(&self) -> std::collections::HashMap<String, String> {
        self.names.iter().map(|&name| (format!("#{name}"), name.to_owned())).collect()
    }

    fn update(&self, table: &str) -> Update {
        Update::builder()
            .table_name(table)
            .set_key(Some(self.key.item()))
            .update_expression(&self.expression)
            .condition_expression(self.condition)
            .set_expression_attribute_names(Some(self.names()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build()
            .expect("the table, the key and the expression are set")
    }
}

fn place(stored: &Stored) -> Option<PayloadPlace> {
    match stored {
        Stored::Record(record) => Some(record.payload),
        Stored::Success(_) => None,
    }
}

/// What has to be written with the record, all or nothing: its payload when that is apart, the pointer from its parent.
fn beside(put: &Put, table: &str) -> Vec<TransactWriteItem> {
    let Stored::Record(record) = &put.stored else { return Vec::new() };
    payload_beside(put, record, table).into_iter().chain(pointer_beside(put, record, table)).collect()
}

fn payload_beside(put: &Put, record: &Record, table: &str) -> Option<TransactWriteItem> {
    match (&put.payload, record.payload) {
        (PayloadChange::Set(payload), PayloadPlace::Apart { .. }) => {
            Some(put_item(table, payload::apart(record, payload)))
        }
        (PayloadChange::Drop, PayloadPlace::Apart { .. }) => Some(delete_item(table, &key::payload(&record.key))),
        (PayloadChange::Set(_), PayloadPlace::Inline) if record.parent.is_some() && put.expected.is_some() => {
            Some(delete_item(table, &key::payload(&record.key)))
        }
        (PayloadChange::Set(_) | PayloadChange::Drop, PayloadPlace::Inline) | (PayloadChange::Keep, _) => None,
    }
}

/// A new version of a record that waits for its parent is pointed to; a resolved one is not. Otherwise the pointer stays.
fn pointer_beside(put: &Put, record: &Record, table: &str) -> Option<TransactWriteItem> {
    if !record.is_failing() {
        return pointer::key(record).map(|key| delete_item(table, &key));
    }
    match put.payload {
        PayloadChange::Set(_) => pointer::item(record).map(|item| put_item(table, item)),
        PayloadChange::Keep | PayloadChange::Drop => None,
    }
}

fn put_item(table: &str, item: std::collections::HashMap<String, AttributeValue>) -> TransactWriteItem {
    let put = PutItem::builder().table_name(table).set_item(Some(item)).build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}

fn delete_item(table: &str, key: &ItemKey) -> TransactWriteItem {
    let delete = Delete::builder().table_name(table).set_key(Some(key.item())).build();
    TransactWriteItem::builder().delete(delete.expect("the table and the key are set")).build()
}
