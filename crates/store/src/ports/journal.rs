//! The journal's slots, each write conditional on the stamp of the content last seen.
//!
//! Must not know: what a slot's entry stands for.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use engine::ports::{Clock, Journal, PortError, SlotWritten};
use rules::ids::ConnectionId;
use rules::journal::{Entry, Stamp};

use super::listing::Order;
use super::{ALL_OLD, DynamoStore};
use crate::failure::failed;
use crate::items::fields::number;
use crate::items::journal::{self, STAMP};
use crate::items::{Item, key};

const READING: &str = "reading the journal";
const WRITING: &str = "writing a journal slot";

impl<C: Clock> Journal for DynamoStore<C> {
    async fn entries(&self, connection: &ConnectionId) -> Result<Vec<Entry>, PortError> {
        let items = self.partition(READING, &key::journal(connection), Order::FirstToLast, usize::MAX).await?;
        items.iter().map(journal::read).collect()
    }

    async fn write_entry(
        &self,
        connection: &ConnectionId,
        entry: &Entry,
        expected: Option<Stamp>,
    ) -> Result<SlotWritten, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(journal::write(connection, entry)));
        let put = match expected.map(journal::stamp) {
            None => put.condition_expression("attribute_not_exists(#st)"),
            Some(stamp) => put.condition_expression("#st = :st").expression_attribute_values(":st", number(stamp)),
        };
        let put = put.expression_attribute_names("#st", STAMP).return_values_on_condition_check_failure(ALL_OLD);
        let Err(error) = put.send().await else { return Ok(SlotWritten::Done) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                self.judge_slot(connection, entry, refused.item.clone()).await
            }
            Some(_) | None => Err(failed(WRITING, &error)),
        }
    }
}

impl<C: Clock> DynamoStore<C> {
    /// Whether the slot holds what we wrote: then only the reply was lost.
    async fn judge_slot(
        &self,
        connection: &ConnectionId,
        entry: &Entry,
        found: Option<Item>,
    ) -> Result<SlotWritten, PortError> {
        let found = match found {
            Some(item) => Some(item),
            None => self.get(WRITING, &key::slot(connection, entry.slot)).await?,
        };
        let there = found.as_ref().map(journal::stamp_of).transpose()?;
        let ours = there == Some(journal::stamp(entry.stamp));
        Ok(if ours { SlotWritten::Done } else { SlotWritten::Conflict })
    }
}
