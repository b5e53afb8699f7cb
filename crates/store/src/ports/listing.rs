//! Reads all items of one partition, over as many pages as there are.
//!
//! Must not know: what the items are.

use engine::ports::{Clock, PortError};

use super::DynamoStore;
use crate::failure::failed;
use crate::items::Item;
use crate::items::fields::{PK, text};

/// How much of what was written before is certain to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// All of it.
    Strongly,
    /// All but that of the last moment, at half the cost.
    Lately,
}

/// From which end a partition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    FirstToLast,
    LastToFirst,
}

impl<C: Clock> DynamoStore<C> {
    /// The items of the partition `pk` with strong consistency, at most `limit`, in the order of their sort keys.
    pub(super) async fn partition(
        &self,
        doing: &'static str,
        pk: &str,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        self.read_partition(doing, pk, (order, Reading::Strongly), limit).await
    }

    /// The same, read as it is wanted.
    pub(super) async fn read_partition(
        &self,
        doing: &'static str,
        pk: &str,
        (order, reading): (Order, Reading),
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        let mut items = Vec::new();
        let mut after = None;
        while items.len() < limit {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(reading == Reading::Strongly)
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", text(pk))
                .scan_index_forward(order == Order::FirstToLast)
                .set_limit(i32::try_from(limit - items.len()).ok())
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(|error| failed(doing, &error))?;
            items.extend(page.items.unwrap_or_default());
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok(items)
    }
}
