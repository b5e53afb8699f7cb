//! The directory of a connection's error types: one item each, its sort key the type.
//!
//! Must not know: which types the catalogue has.

use engine::ports::{Clock, ErrorTypes, PortError};
use rules::catalogue::ErrorType;
use rules::ids::ConnectionId;

use super::DynamoStore;
use super::listing::Order;
use crate::failure::failed;
use crate::items::fields::{CURRENT_FORMAT, FORMAT, SK, number};
use crate::items::{Fields, key};

const KIND: &str = "the error type";
const READING: &str = "listing a connection's error types";
const WRITING: &str = "adding an error type to the list";

impl<C: Clock> ErrorTypes for DynamoStore<C> {
    async fn error_types(&self, connection: &ConnectionId) -> Result<Vec<ErrorType>, PortError> {
        let items = self.partition(READING, &key::error_types(connection), Order::FirstToLast, usize::MAX).await?;
        items.iter().map(|item| Fields::of(KIND, item)?.parsed(SK, |name| ErrorType::parse(name).ok())).collect()
    }

    async fn list_error_type(&self, connection: &ConnectionId, error_type: &ErrorType) -> Result<(), PortError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key::error_type(connection, error_type).item()))
            .update_expression("SET #f = if_not_exists(#f, :f)")
            .expression_attribute_names("#f", FORMAT)
            .expression_attribute_values(":f", number(CURRENT_FORMAT));
        update.send().await.map(drop).map_err(|error| failed(WRITING, &error))
    }
}
