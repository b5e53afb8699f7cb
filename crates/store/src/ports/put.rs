//! Puts one record: alone where that is enough, else in one transaction with its payload and the pointer from its parent.
//!
//! Must not know: why a record is put, or how a conflict is settled.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem};
use engine::payload::Payload;
use engine::ports::{Clock, Keeping, PayloadChange, PortError, Put, Records, Written};
use rules::record::{PayloadPlace, Stored};

mod beside;
mod change;

use beside::beside;
use change::Change;

use super::transaction::Tried;
use super::{ALL_OLD, DynamoStore};
use crate::backoff::Backoff;
use crate::failure::{failed, is_busy};
use crate::items::record::{self, APART_BYTES};
use crate::items::{Item, payload};

const PUTTING: &str = "putting a record";

impl<C: Clock> DynamoStore<C> {
    pub(super) async fn put_record(&self, put: &Put, keeping: &Keeping) -> Result<Written, PortError> {
        let change = Change::of(put, keeping);
        let beside = beside(put, &self.table);
        let mut backoff = Backoff::new(&change.key.pk);
        loop {
            let tried =
                if beside.is_empty() { self.put_alone(&change).await? } else { self.put_all(&change, &beside).await? };
            match tried {
                Tried::Done => return Ok(Written::Done),
                Tried::Refused(_, found) => return self.judge_put(put, &change, found).await,
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
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Tried::Refused(0, refused.item.clone()))
            }
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
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Tried::Done)
            }
            Err(error) => Err(failed(PUTTING, &error)),
        }
    }

    async fn put_all(&self, change: &Change, beside: &[TransactWriteItem]) -> Result<Tried, PortError> {
        let record = TransactWriteItem::builder().update(change.update(&self.table)).build();
        self.try_to_transact(PUTTING, std::iter::once(record).chain(beside.iter().cloned()).collect()).await
    }

    /// What the refused write found: ourselves, when only the reply was lost, or another version.
    async fn judge_put(&self, put: &Put, change: &Change, found: Option<Item>) -> Result<Written, PortError> {
        let found = match found {
            Some(item) => Some(item),
            None => self.get(PUTTING, &change.key).await?,
        };
        let Some(item) = found else { return Ok(Written::Conflict(None)) };
        let current = record::read(&item)?;
        let ours = record::are_same(&current.stored, &put.stored) && self.has_payload(put, current.payload).await?;
        Ok(if ours { Written::Done } else { Written::Conflict(Some(Box::new(current.stored))) })
    }

    /// Whether the payload that is there is the one of `put`.
    async fn has_payload(&self, put: &Put, inline: Option<Payload>) -> Result<bool, PortError> {
        let wanted = match &put.payload {
            PayloadChange::Keep => return Ok(true),
            PayloadChange::Drop => None,
            PayloadChange::Set(wanted) => Some(wanted),
        };
        let found = match &put.stored {
            Stored::Record(record) if record.payload != PayloadPlace::Inline => {
                self.payloads(&[record]).await?.pop().map(|(_, payload)| payload)
            }
            Stored::Record(_) | Stored::Success(_) => inline,
        };
        Ok(found.as_ref() == wanted)
    }
}
