//! The two indexes as listings of keys: several partitions side by side, because what is listed together is written together,
//! and one partition takes only so many writes a second.
//!
//! Must not know: which records are still as the index says; it lags.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Clock, DueRecords, KeyPage, Look, PageToken, PortError, Queue, Stretch};
use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

mod lanes;
mod stretch;

use futures::stream::{self, StreamExt, TryStreamExt};

use lanes::{Lanes, in_turn};

use super::{DynamoStore, IN_FLIGHT};
use crate::failure::failed;
use crate::items::fields::{PK, SK, number, text};
use crate::items::index::{self, BY_AGE, BY_NEXT_ATTEMPT, FIRST_FAILED, NEXT_ATTEMPT, QUEUE, TYPE};
use crate::items::{Item, key};

/// One index, and the attributes that it is keyed by.
#[derive(Clone, Copy, Debug)]
struct Index {
    name: &'static str,
    partition: &'static str,
    sort: &'static str,
}

const DUE: Index = Index { name: BY_NEXT_ATTEMPT, partition: QUEUE, sort: NEXT_ATTEMPT };
const AGED: Index = Index { name: BY_AGE, partition: TYPE, sort: FIRST_FAILED };

/// Where a listing goes on: the partition, and the last entry that was read of it, if any was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    #[serde(rename = "p")]
    partition: String,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
}

impl Place {
    fn token(&self) -> PageToken {
        PageToken(serde_json::to_string(self).expect("a place is texts and a number"))
    }
}

/// The keys of an index entry: its record's partition key and its place in the partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Last(String, i64);

impl<C: Clock> DueRecords for DynamoStore<C> {
    async fn due(
        &self,
        connection: &ConnectionId,
        queue: Queue,
        horizon: Timestamp,
        shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let partitions = (0..shards.max(1)).map(|shard| index::queue(connection, queue, shard)).collect();
        self.keys(DUE, partitions, Timestamp::from_millis(0)..=horizon, after, limit).await
    }

    async fn aged(
        &self,
        connection: &ConnectionId,
        types: &[ErrorType],
        from: Timestamp,
        to: Timestamp,
        shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let of_type = |of| (0..shards.max(1)).map(move |shard| index::error_type(connection, of, shard));
        self.keys(AGED, types.iter().flat_map(of_type).collect(), from..=to, after, limit).await
    }

    async fn look(&self, look: Look<'_>, after: Option<&PageToken>, limit: usize) -> Result<Stretch, PortError> {
        self.stretch(look, after, limit).await
    }
}

impl<C: Clock> DynamoStore<C> {
    async fn keys(
        &self,
        index: Index,
        partitions: Vec<String>,
        range: RangeInclusive<Timestamp>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let mut keys = Vec::new();
        if range.is_empty() {
            return Ok(KeyPage { keys, next: None });
        }
        let limit = limit.max(1);
        let mut lanes = match after {
            Some(token) => Lanes::resume(token, &partitions)?,
            None => Lanes::of(&partitions),
        };
        while keys.len() < limit
            && (keys.is_empty() || lanes.have_room_in(limit - keys.len()))
            && let Some(share) = lanes.share(limit - keys.len())
        {
            let queries = share.places.iter().map(|at| self.keys_of(index, at, &range, share.each));
            let found: Vec<_> = stream::iter(queries.collect::<Vec<_>>()).buffered(IN_FLIGHT).try_collect().await?;
            let (found, lasts): (Vec<_>, Vec<_>) = found.into_iter().unzip();
            keys.extend(in_turn(found));
            lanes.move_on(lasts, &partitions);
        }
        Ok(KeyPage { keys, next: lanes.token() })
    }

    /// The records of the next entries of one partition.
    async fn keys_of(
        &self,
        index: Index,
        at: &Place,
        range: &RangeInclusive<Timestamp>,
        limit: usize,
    ) -> Result<(Vec<RecordKey>, Option<Last>), PortError> {
        let (found, last) = self.query(index, at, range, limit).await?;
        Ok((found.iter().map(record_key).collect::<Result<_, _>>()?, last))
    }

    async fn query(
        &self,
        index: Index,
        at: &Place,
        range: &RangeInclusive<Timestamp>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Last>), PortError> {
        let page = self
            .entries_of(index, &at.partition, range)
            .set_exclusive_start_key(at.last.as_ref().map(|last| start_key(index, &at.partition, last)))
            .set_limit(i32::try_from(limit).ok())
            .send()
            .await
            .map_err(|error| failed("reading an index", &error))?;
        let last = page.last_evaluated_key().map(|key| last_of(index, key)).transpose()?;
        Ok((page.items.unwrap_or_default(), last))
    }

    /// The query for the entries of one partition within `range`, first to last.
    fn entries_of(&self, index: Index, partition: &str, range: &RangeInclusive<Timestamp>) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).index_name(index.name);
        query
            .key_condition_expression("#p = :p AND #s BETWEEN :from AND :to")
            .expression_attribute_names("#p", index.partition)
            .expression_attribute_names("#s", index.sort)
            .expression_attribute_values(":p", text(partition))
            .expression_attribute_values(":from", number(range.start().as_millis()))
            .expression_attribute_values(":to", number(range.end().as_millis()))
    }
}

/// The place that a token names. A partition that is not listed any more, because its error type was excluded meanwhile, is
/// passed over.
fn resume(token: &PageToken, partitions: &[String]) -> Result<Option<Place>, PortError> {
    let place: Place = serde_json::from_str(&token.0).map_err(|_| PortError::Unreadable {
        what: "the place where a listing goes on".to_owned(),
        problem: "it was not made by this store".to_owned(),
    })?;
    if partitions.contains(&place.partition) {
        return Ok(Some(place));
    }
    let following = partitions.iter().find(|&partition| *partition > place.partition);
    Ok(following.map(|partition| Place { partition: partition.clone(), last: None }))
}

/// The partition after this one.
fn following(partitions: &[String], done: &str) -> Option<String> {
    partitions.iter().skip_while(|&partition| partition != done).nth(1).cloned()
}

fn next(partitions: &[String], done: &str) -> Option<Place> {
    following(partitions, done).map(|partition| Place { partition, last: None })
}

fn start_key(index: Index, partition: &str, last: &Last) -> Item {
    Item::from([
        (PK.to_owned(), text(&last.0)),
        (SK.to_owned(), text(key::RECORD)),
        (index.partition.to_owned(), text(partition)),
        (index.sort.to_owned(), number(last.1)),
    ])
}

fn last_of(index: Index, key: &Item) -> Result<Last, PortError> {
    let pk = key.get(PK).and_then(|pk| pk.as_s().ok());
    let sort = key.get(index.sort).and_then(|sort| sort.as_n().ok()?.parse().ok());
    pk.zip(sort).map(|(pk, sort)| Last(pk.clone(), sort)).ok_or_else(|| unreadable(key))
}

fn record_key(entry: &Item) -> Result<RecordKey, PortError> {
    let pk = entry.get(PK).and_then(|pk| pk.as_s().ok());
    pk.and_then(|pk| key::record_of(pk)).ok_or_else(|| unreadable(entry))
}

fn unreadable(entry: &Item) -> PortError {
    let pk = entry.get(PK).map(AttributeValue::as_s).and_then(Result::ok);
    PortError::Unreadable {
        what: format!("the index entry {}", pk.map_or("?", String::as_str)),
        problem: "it is not the key of a record".to_owned(),
    }
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
