//! Several writes, all or nothing, some of which may have a condition. What is refused for lack of capacity, or because
//! another transaction is under way, is sent again.
//!
//! Must not know: what is written.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use engine::ports::{Clock, PortError};

use super::DynamoStore;
use crate::backoff::Backoff;
use crate::failure::{Refusal, failed, is_busy, is_busy_code};
use crate::items::Item;
use crate::items::fields::PK;
use crate::items::key::ItemKey;

/// What became of one try.
pub(super) enum Tried {
    /// All is written.
    Done,
    /// The condition of the write at this place failed on this item, or on none as far as the answer says.
    Refused(usize, Option<Item>),
    /// It was refused for now.
    Busy,
}

/// What became of a transaction.
pub(super) enum Transacted {
    /// All is written.
    Done,
    /// The condition of the write at this place, the first one whose condition failed, failed on this item, or on none as far as
    /// the answer says.
    Refused(usize, Option<Item>),
}

impl<C: Clock> DynamoStore<C> {
    /// Writes `items`, waiting as long as they are refused for now.
    pub(super) async fn transact(
        &self,
        doing: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Transacted, PortError> {
        let mut backoff = Backoff::new(seed(&items));
        loop {
            match self.try_to_transact(doing, items.clone()).await? {
                Tried::Done => return Ok(Transacted::Done),
                Tried::Refused(place, found) => return Ok(Transacted::Refused(place, found)),
                Tried::Busy => self.pause(doing, &mut backoff).await?,
            }
        }
    }

    /// Writes `items`, none of which has a condition.
    pub(super) async fn write_all(&self, doing: &'static str, items: Vec<TransactWriteItem>) -> Result<(), PortError> {
        match self.transact(doing, items).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(..) => Err(PortError::unavailable(doing, Refusal::NotUnderstood)),
        }
    }

    /// One call.
    pub(super) async fn try_to_transact(
        &self,
        doing: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<Tried, PortError> {
        let Err(error) = self.client.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Ok(Tried::Done);
        };
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
            Some(_) | None if is_busy(&error) => return Ok(Tried::Busy),
            Some(_) | None => return Err(failed(doing, &error)),
        };
        let refused = reasons.iter().enumerate().find(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"));
        match refused {
            Some((place, reason)) => Ok(Tried::Refused(place, reason.item.clone())),
            _ if reasons.iter().any(|reason| reason.code().is_some_and(is_busy_code)) => Ok(Tried::Busy),
            _ => Err(failed(doing, &error)),
        }
    }
}

/// The partition key of the first write: the same transaction waits as long each time.
fn seed(items: &[TransactWriteItem]) -> String {
    let key = items.first().and_then(|first| {
        let put = first.put().map(Put::item);
        let updated = first.update().map(Update::key);
        let deleted = first.delete().map(Delete::key);
        put.or(updated).or(deleted).or_else(|| first.condition_check().map(ConditionCheck::key))
    });
    key.and_then(|key| key.get(PK)?.as_s().ok()).cloned().unwrap_or_default()
}

/// An item to put, as a part of a transaction.
pub(super) fn put(table: &str, item: Item) -> TransactWriteItem {
    let put = Put::builder().table_name(table).set_item(Some(item)).build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}

/// An item to delete, as a part of a transaction.
pub(super) fn delete(table: &str, key: &ItemKey) -> TransactWriteItem {
    let delete = Delete::builder().table_name(table).set_key(Some(key.item())).build();
    TransactWriteItem::builder().delete(delete.expect("the table and the key are set")).build()
}
