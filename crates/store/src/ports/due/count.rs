//! Counts the entries of an index without reading them.
//!
//! Must not know: which records are still as the index says; it lags.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::Select;
use engine::ports::{AgeCount, Clock, PortError};
use futures::stream::{self, StreamExt, TryStreamExt};
use rules::time::Timestamp;

use super::{Index, last_of};
use crate::failure::failed;
use crate::ports::{DynamoStore, IN_FLIGHT};

const COUNTING: &str = "counting an index";

impl<C: Clock> DynamoStore<C> {
    /// How many entries `partitions` have within `range`, and the first one's place.
    pub(super) async fn count(
        &self,
        index: Index,
        partitions: Vec<String>,
        range: RangeInclusive<Timestamp>,
    ) -> Result<AgeCount, PortError> {
        if range.is_empty() {
            return Ok(AgeCount::default());
        }
        let counts: Vec<_> = partitions.iter().map(|partition| self.count_one(index, partition, &range)).collect();
        let counts: Vec<AgeCount> = stream::iter(counts).buffered(IN_FLIGHT).try_collect().await?;
        Ok(AgeCount {
            records: counts.iter().map(|count| count.records).sum(),
            oldest: counts.iter().filter_map(|count| count.oldest).min(),
        })
    }

    async fn count_one(
        &self,
        index: Index,
        partition: &str,
        range: &RangeInclusive<Timestamp>,
    ) -> Result<AgeCount, PortError> {
        let mut records = 0;
        let mut after = None;
        loop {
            let query = self.entries_of(index, partition, range).select(Select::Count);
            let page = query.set_exclusive_start_key(after).send().await.map_err(|error| failed(COUNTING, &error))?;
            records += u64::try_from(page.count).unwrap_or(0);
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        let oldest = if records == 0 { None } else { self.first(index, partition, range).await? };
        Ok(AgeCount { records, oldest })
    }

    async fn first(
        &self,
        index: Index,
        partition: &str,
        range: &RangeInclusive<Timestamp>,
    ) -> Result<Option<Timestamp>, PortError> {
        let query = self.entries_of(index, partition, range).limit(1);
        let page = query.send().await.map_err(|error| failed(COUNTING, &error))?;
        let first = page.items().first().map(|entry| last_of(index, entry)).transpose()?;
        Ok(first.map(|first| Timestamp::from_millis(first.1)))
    }
}
