//! Lists the records that wait for a parent, by the pointers from it.
//!
//! Must not know: whether a pointer still tells the truth.

use engine::ports::{Clock, KeyPage, PageToken, PortError};
use rules::ids::RecordKey;

use super::DynamoStore;
use crate::failure::failed;
use crate::items::fields::{PK, SK, text};
use crate::items::{Item, key, pointer};

const LISTING: &str = "listing the children of a record";

impl<C: Clock> DynamoStore<C> {
    /// One page of the pointers' partition, read with strong consistency. The token is the last sort key.
    pub(super) async fn pointed_to(
        &self,
        parent: &RecordKey,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let pk = key::pointers(parent);
        let start =
            |token: &PageToken| Item::from([(PK.to_owned(), text(&pk)), (SK.to_owned(), text(token.0.clone()))]);
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let page = query
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", text(&pk))
            .set_exclusive_start_key(after.map(start))
            .set_limit(i32::try_from(limit.max(1)).ok())
            .send()
            .await
            .map_err(|error| failed(LISTING, &error))?;
        let last = page.last_evaluated_key().and_then(|key| key.get(SK)).and_then(|sk| sk.as_s().ok());
        let next = last.map(|sk| PageToken(sk.clone()));
        Ok(KeyPage { keys: page.items().iter().map(pointer::child_of).collect::<Result<_, _>>()?, next })
    }
}
