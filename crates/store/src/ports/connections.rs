//! The connections' settings. The number of shards never falls: records on a higher shard would never be found again.
//!
//! Must not know: what the settings mean.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use engine::ports::{AuditEntry, Clock, Connections, DeletionMark, Intake, PortError, Removed, Saved};
use rules::connection::Connection;
use rules::ids::ConnectionId;

use super::listing::{Order, Reading};
use super::transaction::{Transacted, put};
use super::{ALL_OLD, DynamoStore};
use crate::backoff::Backoff;
use crate::failure::failed;
use crate::items::body::BODY;
use crate::items::fields::{PK, number, text};
use crate::items::settings::{MARK, SHARDS};
use crate::items::{Item, audit, key, settings};

const READING: &str = "reading a connection's settings";
const LISTING: &str = "listing the connections";
const WRITING: &str = "writing a connection's settings";
const CREATING: &str = "creating a connection";
const CHANGING: &str = "changing a connection's settings";
const MARKING: &str = "marking a connection that is to be deleted";
const KEEPING: &str = "keeping a connection";
const DELETING: &str = "deleting a connection's settings";
const RAISING: &str = "raising a connection's shards";

impl<C: Clock> Connections for DynamoStore<C> {
    async fn connections(&self) -> Result<Vec<Result<Connection, PortError>>, PortError> {
        let items = self.partition(LISTING, key::SETTINGS, Order::FirstToLast, usize::MAX).await?;
        Ok(items.iter().map(settings::read).collect())
    }

    async fn connections_lately(&self) -> Result<Vec<Result<Connection, PortError>>, PortError> {
        let lately = (Order::FirstToLast, Reading::Lately);
        let items = self.read_partition(LISTING, key::SETTINGS, lately, usize::MAX).await?;
        Ok(items.iter().map(settings::read).collect())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.get(READING, &key::settings(id)).await?.as_ref().map(settings::read).transpose()
    }

    async fn intake(&self, id: &ConnectionId) -> Result<Option<Intake>, PortError> {
        self.get(READING, &key::settings(id)).await?.as_ref().map(settings::intake).transpose()
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

    async fn create_connection(&self, connection: &Connection) -> Result<bool, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(settings::write(connection)));
        let put = put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK);
        let Err(error) = put.send().await else { return Ok(true) };
        match error.as_service_error() {
            // What is there may be our own write, whose reply was lost.
            Some(PutItemError::ConditionalCheckFailedException(_)) => {
                let there = self.get(CREATING, &key::settings(&connection.id)).await?;
                Ok(there.is_some_and(|item| settings::read(&item).is_ok_and(|there| there == *connection)))
            }
            Some(_) | None => Err(failed(CREATING, &error)),
        }
    }

    async fn change_connection(
        &self,
        before: &Connection,
        after: &Connection,
    ) -> Result<Saved<Option<Connection>>, PortError> {
        let mut backoff = Backoff::new(after.id.as_str());
        while let Some(item) = self.get(CHANGING, &key::settings(&after.id)).await? {
            let (read, shards) = settings::text_and_shards(&item)?;
            let there = settings::read(&item)?;
            let is = |other: &Connection| there == Connection { shards: there.shards, ..other.clone() };
            if !is(before) && !is(after) {
                return Ok(Saved::Conflict(Some(there)));
            }
            let wanted = Connection { shards: shards.max(after.shards), ..after.clone() };
            if self.put_if_unchanged(CHANGING, settings::write(&wanted), &read).await? {
                return Ok(Saved::Done);
            }
            self.pause(CHANGING, &mut backoff).await?;
        }
        Ok(Saved::Conflict(None))
    }

    async fn begin_deletion(&self, id: &ConnectionId, mark: DeletionMark) -> Result<bool, PortError> {
        let update = self.change_mark(id).update_expression("SET #dm = :dm");
        is_there(MARKING, update.expression_attribute_values(":dm", text(settings::mark(mark))).send().await)
    }

    async fn keep_connection(&self, id: &ConnectionId) -> Result<bool, PortError> {
        is_there(KEEPING, self.change_mark(id).update_expression("REMOVE #dm").send().await)
    }

    async fn delete_connection(
        &self,
        id: &ConnectionId,
        mark: DeletionMark,
        audit: &AuditEntry,
    ) -> Result<Removed, PortError> {
        let told = audit::write(audit).into_iter().map(|item| put(&self.table, item));
        let writes = std::iter::once(marked(&self.table, id, mark)).chain(told).collect();
        match self.transact(DELETING, writes).await? {
            Transacted::Done => Ok(Removed::Done),
            Transacted::Refused(_, Some(_)) => Ok(Removed::Kept),
            Transacted::Refused(_, None) if self.get(DELETING, &key::settings(id)).await?.is_some() => {
                Ok(Removed::Kept)
            }
            // Our own write, whose reply was lost, is known by its entry.
            Transacted::Refused(_, None) => {
                let entry = self.get(DELETING, &audit::key(audit)).await?;
                Ok(if entry.is_some() { Removed::Done } else { Removed::Gone })
            }
        }
    }

    async fn raise_shards(&self, id: &ConnectionId, shards: u16) -> Result<(), PortError> {
        let mut backoff = Backoff::new(id.as_str());
        while let Some(item) = self.get(RAISING, &key::settings(id)).await? {
            let (read, known) = settings::text_and_shards(&item)?;
            if known >= shards || self.put_if_unchanged(RAISING, settings::with_shards(&item, shards)?, &read).await? {
                return Ok(());
            }
            self.pause(RAISING, &mut backoff).await?;
        }
        Ok(())
    }
}

/// The delete of settings that bear this mark.
fn marked(table: &str, id: &ConnectionId, mark: DeletionMark) -> TransactWriteItem {
    let delete = Delete::builder()
        .table_name(table)
        .set_key(Some(key::settings(id).item()))
        .condition_expression("#dm = :dm")
        .expression_attribute_names("#dm", MARK)
        .expression_attribute_values(":dm", text(settings::mark(mark)))
        .return_values_on_condition_check_failure(ALL_OLD)
        .build();
    TransactWriteItem::builder().delete(delete.expect("the table and the key are set")).build()
}

/// What became of settings that may not lower the shards.
enum Unless {
    Written,
    Refused(PortError),
}

/// Whether an update on condition that its item is there found it.
fn is_there(
    doing: &'static str,
    updated: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
) -> Result<bool, PortError> {
    let Err(error) = updated else { return Ok(true) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
        Some(_) | None => Err(failed(doing, &error)),
    }
}

impl<C: Clock> DynamoStore<C> {
    fn change_mark(&self, id: &ConnectionId) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key::settings(id).item()));
        let update = update.condition_expression("attribute_exists(#pk)").expression_attribute_names("#pk", PK);
        update.expression_attribute_names("#dm", MARK)
    }

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

    async fn put_if_unchanged(&self, doing: &'static str, item: Item, read: &str) -> Result<bool, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression("#d = :read")
            .expression_attribute_names("#d", BODY)
            .expression_attribute_values(":read", text(read));
        let Err(error) = put.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Some(_) | None => Err(failed(doing, &error)),
        }
    }
}
