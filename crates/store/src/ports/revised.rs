//! Writes an item if its revision is still the one that was read, and recognises its own write when the reply was lost.
//!
//! Must not know: what the item holds.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use engine::ports::{Clock, PortError, Saved};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{ALL_OLD, DynamoStore};
use crate::failure::failed;
use crate::items::body::{self, REVISION};
use crate::items::fields::number;
use crate::items::key::ItemKey;

/// What is kept under a revision. The default stands for an item that is not there, and has the revision 0.
pub(super) trait Revised: Serialize + DeserializeOwned + Default {
    /// What it is, for an error.
    const KIND: &'static str;

    /// The revision.
    fn revision(&self) -> u64;
}

impl<C: Clock> DynamoStore<C> {
    /// Reads what is there.
    pub(super) async fn revised<T: Revised>(&self, doing: &'static str, key: &ItemKey) -> Result<T, PortError> {
        let item = self.get(doing, key).await?;
        item.map_or_else(|| Ok(T::default()), |item| body::read(T::KIND, &item))
    }

    /// Reads what was there a moment ago.
    pub(super) async fn revised_lately<T: Revised>(&self, doing: &'static str, key: &ItemKey) -> Result<T, PortError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key.item())).consistent_read(false);
        let item = get.send().await.map_err(|error| failed(doing, &error))?.item;
        item.map_or_else(|| Ok(T::default()), |item| body::read(T::KIND, &item))
    }

    /// Writes `content` if `expected` is what is there; `0` is the revision of nothing.
    pub(super) async fn save_revised<T: Revised>(
        &self,
        doing: &'static str,
        key: &ItemKey,
        content: &T,
        expected: u64,
    ) -> Result<Saved<T>, PortError> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(body::revised(key, content, content.revision())));
        let put = match expected {
            0 => put.condition_expression("attribute_not_exists(#r)"),
            _ => put.condition_expression("#r = :expected").expression_attribute_values(":expected", number(expected)),
        };
        let put = put.expression_attribute_names("#r", REVISION).return_values_on_condition_check_failure(ALL_OLD);
        let Err(error) = put.send().await else { return Ok(Saved::Done) };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(failed(doing, &error));
        };
        let current = match &refused.item {
            Some(item) => body::read(T::KIND, item)?,
            None => self.revised(doing, key).await?,
        };
        Ok(if T::revision(&current) == content.revision() { Saved::Done } else { Saved::Conflict(current) })
    }
}
