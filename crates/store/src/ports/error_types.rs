//! The directory of a connection's error types: one item each, its sort key the type, with the numbers of its records. Another one
//! adds them up, so that a list of many connections reads one item of each.
//!
//! Must not know: which types the catalogue has.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem, Update};
use engine::ports::{Clock, CountChange, ErrorTypes, PortError, Recounted, Totals, TypeEntry};
use futures::stream::{self, StreamExt, TryStreamExt};
use rules::catalogue::ErrorType;
use rules::ids::ConnectionId;

use super::listing::Order;
use super::{DynamoStore, IN_FLIGHT};
use crate::failure::failed;
use crate::items::directory::{self, OLDEST, REVISION, records_of};
use crate::items::fields::{FIRST_FORMAT, FORMAT, number};
use crate::items::key::ItemKey;
use crate::items::{Item, key, totals};

const READING: &str = "listing a connection's error types";
const WRITING: &str = "adding an error type to the list";
const COUNTING: &str = "adding to the counts of an error type";
const SETTING: &str = "setting counts";
const TOTALS: &str = "reading the totals of connections";
const ADDING_UP: &str = "adding to the totals of a connection";

/// The most types that one write adds to the totals: an expression may be 4 KB long (`DynamoDB` expression limits).
const MOST_TYPES: usize = 100;

impl<C: Clock> ErrorTypes for DynamoStore<C> {
    async fn directory(&self, connection: &ConnectionId) -> Result<Vec<TypeEntry>, PortError> {
        let items = self.partition(READING, &key::error_types(connection), Order::FirstToLast, usize::MAX).await?;
        items.iter().map(directory::read).collect()
    }

    async fn list_error_type(&self, connection: &ConnectionId, error_type: &ErrorType) -> Result<(), PortError> {
        let update = self.update_type(connection, error_type).update_expression("SET #f = if_not_exists(#f, :f)");
        update.send().await.map(drop).map_err(|error| failed(WRITING, &error))
    }

    async fn totals_of_each(&self, connections: &[ConnectionId]) -> Result<Vec<Result<Totals, PortError>>, PortError> {
        let items = self.by_partition(TOTALS, connections.iter().map(key::totals).collect()).await?;
        let of = |connection| items.get(&key::totals(connection).pk);
        Ok(connections.iter().map(|connection| of(connection).map_or(Ok(Totals::default()), totals::read)).collect())
    }

    async fn add_counts(&self, connection: &ConnectionId, changes: &[CountChange]) -> Result<(), PortError> {
        let added: Vec<_> = changes
            .iter()
            .filter(|change| change.is_of_the_type())
            .map(|change| self.add(connection, change))
            .collect();
        stream::iter(added).buffered(IN_FLIGHT).try_collect::<()>().await?;
        for some in changes.chunks(MOST_TYPES) {
            self.add_to_totals(connection, some).await?;
        }
        Ok(())
    }

    async fn set_counts(&self, connection: &ConnectionId, counted: &TypeEntry) -> Result<Recounted, PortError> {
        self.set_if_unchanged(directory::write(connection, counted), counted.revision).await
    }

    async fn set_totals(&self, connection: &ConnectionId, totals: &Totals) -> Result<Recounted, PortError> {
        self.set_if_unchanged(totals::write(connection, totals), totals.revision).await
    }
}

impl<C: Clock> DynamoStore<C> {
    /// Puts numbers that were counted, if those of the revision are still there.
    async fn set_if_unchanged(&self, counted: Item, revision: u64) -> Result<Recounted, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(counted));
        let put = match revision {
            0 => put.condition_expression("attribute_not_exists(#r)"),
            _ => put.condition_expression("#r = :expected").expression_attribute_values(":expected", number(revision)),
        };
        match put.expression_attribute_names("#r", REVISION).send().await {
            Ok(_) => Ok(Recounted::Done),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Recounted::Changed)
            }
            Err(error) => Err(failed(SETTING, &error)),
        }
    }

    /// Adds the changes of some types to the totals with one write.
    async fn add_to_totals(&self, connection: &ConnectionId, changes: &[CountChange]) -> Result<(), PortError> {
        let update = Adding::of(to_totals(changes)).to(self.update(&key::totals(connection)));
        update.send().await.map(drop).map_err(|error| failed(ADDING_UP, &error))
    }

    fn update_type(&self, connection: &ConnectionId, error_type: &ErrorType) -> UpdateItemFluentBuilder {
        self.update(&key::error_type(connection, error_type))
    }

    /// An update of an item, whose expression sets the format.
    fn update(&self, key: &ItemKey) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key.item()));
        update.expression_attribute_names("#f", FORMAT).expression_attribute_values(":f", number(FIRST_FORMAT))
    }

    /// Adds one change with one write, and puts the oldest right with a second one where that is needed: for the first records
    /// of a type, and when the last are gone.
    async fn add(&self, connection: &ConnectionId, change: &CountChange) -> Result<(), PortError> {
        let update = Adding::of(to_type(change)).to(self.update_type(connection, &change.error_type));
        let written = update.return_values(ReturnValue::AllNew).send().await;
        let written = written.map_err(|error| failed(COUNTING, &error))?;
        let Some(item) = written.attributes else { return Ok(()) };
        let now = directory::read(&item)?;
        if now.records.is_empty() {
            return if item.contains_key(OLDEST) { self.forget_oldest(connection, &now).await } else { Ok(()) };
        }
        match change.oldest {
            Some(oldest) if now.oldest.is_none_or(|known| oldest < known) => {
                let older = TypeEntry { oldest: Some(oldest), ..now };
                self.note_oldest(connection, &older).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Unless records came meanwhile.
    async fn forget_oldest(&self, connection: &ConnectionId, now: &TypeEntry) -> Result<(), PortError> {
        let update = self.update_type(connection, &now.error_type);
        let update = update
            .update_expression("SET #f = :f REMOVE #o")
            .condition_expression("#r = :r")
            .expression_attribute_names("#o", OLDEST)
            .expression_attribute_names("#r", REVISION)
            .expression_attribute_values(":r", number(now.revision));
        unless_lost(update.send().await)
    }

    /// Unless an older one is noted meanwhile.
    async fn note_oldest(&self, connection: &ConnectionId, now: &TypeEntry) -> Result<(), PortError> {
        let Some(oldest) = now.oldest else { return Ok(()) };
        let update = self.update_type(connection, &now.error_type);
        let update = update
            .update_expression("SET #f = :f, #o = :o")
            .condition_expression("attribute_not_exists(#o) OR #o > :o")
            .expression_attribute_names("#o", OLDEST)
            .expression_attribute_values(":o", number(oldest.as_millis()));
        unless_lost(update.send().await)
    }
}

/// What a change adds to the item of its type.
fn to_type(change: &CountChange) -> impl Iterator<Item = (String, i64)> {
    change.records.iter().map(|(object, &by)| (records_of(object), by))
}

/// What changes add to the totals.
fn to_totals(changes: &[CountChange]) -> impl Iterator<Item = (String, i64)> {
    let of_type = |change: &CountChange| (totals::total_of(&change.error_type), change.records.values().sum::<i64>());
    let timed_out = (totals::TIMED_OUT.to_owned(), changes.iter().map(|change| change.timed_out).sum());
    changes.iter().map(of_type).chain([timed_out]).filter(|(_, by)| *by != 0)
}

/// A change as a part of a transaction. The oldest stays as it is, until the type is counted anew.
pub(super) fn counted(table: &str, connection: &ConnectionId, change: &CountChange) -> Vec<TransactWriteItem> {
    let of_type =
        change.is_of_the_type().then(|| (key::error_type(connection, &change.error_type), Adding::of(to_type(change))));
    let of_all = (key::totals(connection), Adding::of(to_totals(std::slice::from_ref(change))));
    of_type.into_iter().chain([of_all]).map(|(key, adding)| adding.in_transaction(table, &key)).collect()
}

/// The expression that adds to attributes, and to the revision.
struct Adding {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Adding {
    fn of(numbers: impl Iterator<Item = (String, i64)>) -> Self {
        let mut added = vec!["#r :one".to_owned()];
        let mut names = HashMap::from([("#r".to_owned(), REVISION.to_owned())]);
        let mut values = HashMap::from([(":one".to_owned(), number(1))]);
        for (place, (name, by)) in numbers.enumerate() {
            added.push(format!("#n{place} :n{place}"));
            names.insert(format!("#n{place}"), name);
            values.insert(format!(":n{place}"), number(by));
        }
        let expression = format!("SET #f = if_not_exists(#f, :f) ADD {}", added.join(", "));
        Self { expression, names, values }
    }

    /// In an update whose expression may set the format.
    fn to(self, mut update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        for (name, attribute) in self.names {
            update = update.expression_attribute_names(name, attribute);
        }
        for (name, value) in self.values {
            update = update.expression_attribute_values(name, value);
        }
        update.update_expression(self.expression)
    }

    fn in_transaction(self, table: &str, key: &ItemKey) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key.item()))
            .update_expression(self.expression)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .expression_attribute_names("#f", FORMAT)
            .expression_attribute_values(":f", number(FIRST_FORMAT))
            .build();
        TransactWriteItem::builder().update(update.expect("the table, the key and the expression are set")).build()
    }
}

/// A condition that does not hold means that another write came first, which is as well.
fn unless_lost(written: Result<UpdateItemOutput, SdkError<UpdateItemError, HttpResponse>>) -> Result<(), PortError> {
    match written {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => {
            Ok(())
        }
        Err(error) => Err(failed(COUNTING, &error)),
    }
}
