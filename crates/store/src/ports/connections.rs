//! The connections' settings. The number of shards never falls: records on a higher shard would never be found again.
//!
//! Must not know: what the settings mean.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use engine::ports::{Clock, Connections, PortError};
use rules::connection::Connection;
use rules::ids::ConnectionId;

use super::DynamoStore;
use super::listing::Order;
use crate::backoff::Backoff;
use crate::failure::failed;
use crate::items::body::BODY;
use crate::items::fields::{number, text};
use crate::items::settings::SHARDS;
use crate::items::{Item, key, settings};

const READING: &str = "reading a connection's settings";
const LISTING: &str = "listing the connections";
const WRITING: &str = "writing a connection's settings";
const RAISING: &str = "raising a connection's shards";

impl<C: Clock> Connections for DynamoStore<C> {
    async fn connections(&self) -> Result<Vec<Result<Connection, PortError>>, PortError> {
        let items = self.partition(LISTING, key::SETTINGS, Order::FirstToLast, usize::MAX).await?;
        Ok(items.iter().map(settings::read).collect())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.get(READING, &key::settings(id)).await?.as_ref().map(settings::read).transpose()
    }

    async fn save_connection(&self, connection: &Connection) -> Result<(), PortError> {
        let mut wanted = connection.clone();
        let mut backoff = Backoff::new(connection.id.as_str());
        while let Unless::Refused(error) = self.put_unless_lowered(&wanted).await? {
            let Some(item) = self.get(WRITING, &key::settings(&connection.id)).await? else { continue };
            let (_, shards) = settings::text_and_shards(&item)?;
            wanted.shards = wanted.shards.max(shards);
            let wait = backoff.next().ok_or(error)?;
            self.clock.wait(wait).await;
        }
        Ok(())
    }

    async fn raise_shards(&self, id: &ConnectionId, shards: u16) -> Result<(), PortError> {
        let mut backoff = Backoff::new(id.as_str());
        while let Some(item) = self.get(RAISING, &key::settings(id)).await? {
            let (read, known) = settings::text_and_shards(&item)?;
            if known >= shards || self.put_if_unchanged(settings::with_shards(&item, shards)?, &read).await? {
                return Ok(());
            }
            self.pause(RAISING, &mut backoff).await?;
        }
        Ok(())
    }
}

/// What became of settings that may not lower the shards.
enum Unless {
    Written,
    Refused(PortError),
}

impl<C: Clock> DynamoStore<C> {
    async fn put_unless_lowered(&self, connection: &Connection) -> Result<Unless, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(settings::write(connection)));
        let put = put
            .condition_expression("attribute_not_exists(#sh) OR #sh <= :sh")
            .expression_attribute_names("#sh", SHARDS)
            .expression_attribute_values(":sh", number(connection.shards));
        let Err(error) = put.send().await else { return Ok(Unless::Written) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(Unless::Refused(failed(WRITING, &error))),
            Some(_) | None => Err(failed(WRITING, &error)),
        }
    }

    async fn put_if_unchanged(&self, item: Item, read: &str) -> Result<bool, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression("#d = :read")
            .expression_attribute_names("#d", BODY)
            .expression_attribute_values(":read", text(read));
        let Err(error) = put.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(failed(RAISING, &error)),
        }
    }
}
