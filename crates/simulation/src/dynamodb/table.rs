//! A table: its items by their keys, and its indexes.
//!
//! Must not know: requests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::index::{Index, Primary};
use super::item::{Item, Key, checked};

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The names of its key attributes.
    pub(super) partition: String,
    pub(super) sort: String,
    pub(super) items: BTreeMap<Primary, Item>,
    pub(super) indexes: BTreeMap<String, Index>,
    /// The attribute that says when an item expires, in seconds since 1970.
    pub(super) expires_by: Option<String>,
    /// What items were before changes that readers without strong consistency do not see yet: until when, and what.
    unseen: BTreeMap<Primary, Vec<(u64, Option<Item>)>>,
}

impl Table {
    /// The table that a `CreateTable` request describes.
    pub(super) fn of(request: &Value) -> Result<Self, Failure> {
        let (partition, sort) = keys(&request["KeySchema"])?;
        let mut indexes = BTreeMap::new();
        for index in request["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            let name = index["IndexName"].as_str().ok_or_else(|| Failure::invalid("an index has no name"))?;
            if index["Projection"]["ProjectionType"] != "KEYS_ONLY" {
                return Err(Failure::invalid("an index has keys only here"));
            }
            let (partition, sort) = keys(&index["KeySchema"])?;
            indexes.insert(name.to_owned(), Index::new(partition, sort));
        }
        Ok(Self { partition, sort, items: BTreeMap::new(), indexes, expires_by: None, unseen: BTreeMap::new() })
    }

    /// The keys of an item, or of a request's `Key`.
    pub(super) fn primary(&self, item: &Value) -> Result<Primary, Failure> {
        let part =
            |name: &str| Key::of(&item[name]).ok_or_else(|| Failure::invalid(format!("the key {name} is missing")));
        Ok((part(&self.partition)?, part(&self.sort)?))
    }

    /// The keys of a request's `Key`, which has nothing else.
    pub(super) fn exactly_primary(&self, key: &Value) -> Result<Primary, Failure> {
        match key.as_object().map(Map::len) {
            Some(2) => self.primary(key),
            Some(_) | None => Err(Failure::invalid("a key is its two attributes")),
        }
    }

    /// An item as a reader sees it at `now`.
    pub(super) fn seen(&self, primary: &Primary, is_strong: bool, now: u64) -> Option<&Item> {
        let unseen = self.unseen.get(primary).filter(|_| !is_strong);
        let before = unseen.and_then(|changes| changes.iter().find(|(visible, _)| *visible > now));
        before.map_or_else(|| self.items.get(primary), |(_, before)| before.as_ref())
    }

    /// Sets, or removes, an item at `now`. Readers of the indexes, and those without strong consistency, see it from `visible` on.
    pub(super) fn set(&mut self, primary: &Primary, item: Option<Item>, (now, visible): (u64, u64)) {
        self.unseen.retain(|_, changes| {
            changes.retain(|(visible, _)| *visible > now);
            !changes.is_empty()
        });
        if visible > now {
            let before = self.items.get(primary).cloned();
            self.unseen.entry(primary.clone()).or_default().push((visible, before));
        }
        for index in self.indexes.values_mut() {
            index.note(primary, item.as_ref(), visible);
        }
        match item {
            Some(item) => drop(self.items.insert(primary.clone(), item)),
            None => drop(self.items.remove(primary)),
        }
    }

    /// Deletes the items that have expired.
    pub(super) fn expire(&mut self, now: u64) {
        let Some(attribute) = self.expires_by.clone() else { return };
        let has_expired = |item: &Item| {
            let second = item.get(&attribute).and_then(|value| value["N"].as_str()?.parse::<u64>().ok());
            second.is_some_and(|second| second * 1_000 < now)
        };
        let expired: Vec<_> =
            self.items.iter().filter(|(_, item)| has_expired(item)).map(|(key, _)| key.clone()).collect();
        for primary in expired {
            self.set(&primary, None, (now, now));
        }
    }

    /// Checks that an item may be kept: its keys are those of `primary`, and an index's keys are of one type.
    pub(super) fn check(&self, primary: &Primary, item: &Item) -> Result<(), Failure> {
        checked(item)?;
        if self.primary(&json!(item))? != *primary {
            return Err(Failure::invalid("a key cannot be changed"));
        }
        for index in self.indexes.values() {
            let is_text = |name: &String| item.get(name).is_none_or(|value| value.get("S").is_some());
            let is_number = |name: &String| item.get(name).is_none_or(|value| value.get("N").is_some());
            if !is_text(&index.partition) || !is_number(&index.sort) {
                return Err(Failure::invalid("a key of an index is of another type"));
            }
        }
        Ok(())
    }

    /// The item of these keys alone, before anything else is set.
    pub(super) fn blank(&self, key: &Value) -> Item {
        [&self.partition, &self.sort].into_iter().map(|name| (name.clone(), key[name.as_str()].clone())).collect()
    }
}

fn keys(schema: &Value) -> Result<(String, String), Failure> {
    let of = |kind: &str| {
        let mut parts = schema.as_array().into_iter().flatten();
        parts.find(|part| part["KeyType"] == kind).and_then(|part| part["AttributeName"].as_str()).map(str::to_owned)
    };
    of("HASH").zip(of("RANGE")).ok_or_else(|| Failure::invalid("a key has a partition and a sort key here"))
}
