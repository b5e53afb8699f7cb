//! Reads records and payloads, 100 keys a call and several calls at a time.
//!
//! Must not know: why they are read.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use engine::payload::Payload;
use engine::ports::{
    Clock, EachPayload, Keeping, KeyPage, OutcomeWrite, PageToken, PortError, Put, Read, Records, Written,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use rules::ids::RecordKey;
use rules::record::{PayloadPlace, Record};

use super::{DynamoStore, IN_FLIGHT};
use crate::backoff::Backoff;
use crate::failure::{failed, is_busy};
use crate::items::fields::PK;
use crate::items::key::{self, ItemKey};
use crate::items::{Item, payload, record};

/// The most keys of one call (`DynamoDB` API reference, `BatchGetItem`).
const KEYS: usize = 100;

impl<C: Clock> Records for DynamoStore<C> {
    async fn read_each(&self, keys: &[RecordKey]) -> Result<Vec<Result<Read, PortError>>, PortError> {
        self.items_as("reading records", keys.iter().map(key::record).collect(), record::read).await
    }

    async fn payloads_each(&self, records: &[&Record]) -> Result<EachPayload, PortError> {
        let apart = || records.iter().filter(|record| matches!(record.payload, PayloadPlace::Apart { .. }));
        let wanted: HashMap<RecordKey, &Record> = apart().map(|&record| (record.key.clone(), record)).collect();
        // In their order: the same run makes the same requests.
        let items = self.items("reading payloads", apart().map(|record| key::payload(&record.key)).collect()).await?;
        Ok(items.iter().filter_map(|item| payload_of(item, &wanted)).collect())
    }

    async fn children(
        &self,
        parent: &RecordKey,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        self.pointed_to(parent, after, limit).await
    }

    async fn write_outcomes(&self, writes: &[OutcomeWrite], keeping: &Keeping) -> Result<Vec<Written>, PortError> {
        self.outcomes(writes, keeping).await
    }

    async fn put(&self, put: &Put, keeping: &Keeping) -> Result<Written, PortError> {
        self.put_record(put, keeping).await
    }
}

fn payload_of(item: &Item, wanted: &HashMap<RecordKey, &Record>) -> Option<(RecordKey, Result<Payload, PortError>)> {
    let pk = item.get(PK).and_then(|pk| pk.as_s().ok());
    let record = pk.and_then(|pk| key::record_of(pk)).and_then(|key| wanted.get(&key))?;
    let payload = payload::read_apart(item, record).transpose()?;
    Some((record.key.clone(), payload))
}

impl<C: Clock> DynamoStore<C> {
    /// Reads items with strong consistency, each key once; those that are not there are left out.
    pub(super) async fn items(&self, doing: &'static str, keys: Vec<ItemKey>) -> Result<Vec<Item>, PortError> {
        self.items_as(doing, keys, Item::clone).await
    }

    /// The same, each made into something else as it comes: an item takes several times as much memory.
    async fn items_as<T>(
        &self,
        doing: &'static str,
        keys: Vec<ItemKey>,
        make: fn(&Item) -> T,
    ) -> Result<Vec<T>, PortError> {
        let mut seen = HashSet::new();
        let keys: Vec<ItemKey> = keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        let chunks: Vec<_> = keys.chunks(KEYS).map(|chunk| self.chunk_as(doing, chunk, make)).collect();
        let items: Vec<Vec<T>> = stream::iter(chunks).buffered(IN_FLIGHT).try_collect().await?;
        Ok(items.into_iter().flatten().collect())
    }

    async fn chunk_as<T>(
        &self,
        doing: &'static str,
        keys: &[ItemKey],
        make: fn(&Item) -> T,
    ) -> Result<Vec<T>, PortError> {
        Ok(self.items_of_chunk(doing, keys).await?.iter().map(make).collect())
    }

    /// The same by partition key, for kinds of which a partition has one item.
    pub(super) async fn by_partition(
        &self,
        doing: &'static str,
        keys: Vec<ItemKey>,
    ) -> Result<HashMap<String, Item>, PortError> {
        let keyed = |item: Item| Some((item.get(PK)?.as_s().ok()?.clone(), item));
        Ok(self.items(doing, keys).await?.into_iter().filter_map(keyed).collect())
    }

    async fn items_of_chunk(&self, doing: &'static str, keys: &[ItemKey]) -> Result<Vec<Item>, PortError> {
        let mut backoff = Backoff::new(keys.first().map_or("", |first| &first.pk));
        let mut open: Vec<Item> = keys.iter().map(ItemKey::item).collect();
        let mut items = Vec::new();
        while !open.is_empty() {
            let (found, unread) = self.get_batch(doing, open).await?;
            items.extend(found);
            if !unread.is_empty() {
                self.pause(doing, &mut backoff).await?;
            }
            open = unread;
        }
        Ok(items)
    }

    /// One call: what it found, and the keys that it did not come to.
    async fn get_batch(&self, doing: &'static str, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), PortError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys.clone())).consistent_read(true).build();
        let wanted = wanted.expect("the keys are set");
        let reply = match self.client.batch_get_item().request_items(&self.table, wanted).send().await {
            Ok(reply) => reply,
            Err(error) if is_busy(&error) => return Ok((Vec::new(), keys)),
            Err(error) => return Err(failed(doing, &error)),
        };
        let found = reply.responses.into_iter().flat_map(HashMap::into_values).flatten().collect();
        let unread = reply.unprocessed_keys.into_iter().flat_map(HashMap::into_values).flat_map(|unread| unread.keys);
        Ok((found, unread.collect()))
    }
}
