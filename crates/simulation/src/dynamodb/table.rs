//! A table: its items by their keys, and its indexes.
//!
//! Must not know: requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::failure::Failure;
use super::index::{Index, Primary};
use super::item::{Item, Key, checked};
use super::kept::Kept;
use super::unseen::Unseen;

/// A table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The names of its key attributes.
    pub(super) partition: String,
    pub(super) sort: String,
    pub(super) items: BTreeMap<Primary, Kept>,
    pub(super) indexes: BTreeMap<String, Index>,
    /// The attribute that says when an item expires, in seconds since 1970.
    expires_by: Option<String>,
    /// The items that expire, by their seconds.
    expiring: BTreeSet<(u64, Primary)>,
    unseen: Unseen,
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
        Ok(Self {
            partition,
            sort,
            items: BTreeMap::new(),
            indexes,
            expires_by: None,
            expiring: BTreeSet::new(),
            unseen: Unseen::default(),
        })
    }

    /// From now on this attribute says when an item expires.
    pub(super) fn expires_by(&mut self, attribute: Option<String>) {
        self.expires_by = attribute;
        self.expiring.clear();
        for (primary, kept) in &mut self.items {
            *kept = Kept::of(&kept.item(), self.expires_by.as_deref());
            self.expiring.extend(kept.expires.map(|second| (second, primary.clone())));
        }
    }

    /// The keys of an item, or of a request's `Key`.
    pub(super) fn primary(&self, item: &Value) -> Result<Primary, Failure> {
        self.primary_by(|name| item.get(name))
    }

    /// The keys of an item.
    pub(super) fn primary_of(&self, item: &Item) -> Result<Primary, Failure> {
        self.primary_by(|name| item.get(name))
    }

    fn primary_by<'a>(&self, value: impl Fn(&str) -> Option<&'a Value>) -> Result<Primary, Failure> {
        let part = |name: &str| {
            value(name).and_then(Key::of).ok_or_else(|| Failure::invalid(format!("the key {name} is missing")))
        };
        Ok((part(&self.partition)?, part(&self.sort)?))
    }

    /// The keys of a request's `Key`, which has nothing else.
    pub(super) fn exactly_primary(&self, key: &Value) -> Result<Primary, Failure> {
        match key.as_object().map(Map::len) {
            Some(2) => self.primary(key),
            Some(_) | None => Err(Failure::invalid("a key is its two attributes")),
        }
    }

    /// An item as it is.
    pub(super) fn item(&self, primary: &Primary) -> Option<Item> {
        self.items.get(primary).map(Kept::item)
    }

    /// An item as a reader sees it at `now`.
    pub(super) fn seen(&self, primary: &Primary, is_strong: bool, now: u64) -> Option<Item> {
        let is = self.items.get(primary);
        let seen = if is_strong { is } else { self.unseen.seen(primary, is, now) };
        seen.map(Kept::item)
    }

    /// Sets, or removes, an item at `now`. Readers of the indexes, and those without strong consistency, see it from `visible` on.
    pub(super) fn set(&mut self, primary: &Primary, item: Option<Item>, (now, visible): (u64, u64)) {
        self.unseen.forget(now);
        for index in self.indexes.values_mut() {
            index.note(primary, item.as_ref(), visible);
        }
        let before = match item {
            Some(item) => {
                let kept = Kept::of(&item, self.expires_by.as_deref());
                self.expiring.extend(kept.expires.map(|second| (second, primary.clone())));
                self.items.insert(primary.clone(), kept)
            }
            None => self.items.remove(primary),
        };
        if let Some(second) = before.as_ref().and_then(|before| before.expires)
            && self.items.get(primary).and_then(|kept| kept.expires) != Some(second)
        {
            self.expiring.remove(&(second, primary.clone()));
        }
        if visible > now {
            self.unseen.note(primary, visible, before);
        }
    }

    /// Deletes the items that have expired.
    pub(super) fn expire(&mut self, now: u64) {
        while let Some((_, primary)) = self.expiring.first().filter(|(second, _)| second * 1_000 < now).cloned() {
            self.set(&primary, None, (now, now));
        }
    }

    /// Checks that an item may be kept: its keys are those of `primary`, and an index's keys are of one type.
    pub(super) fn check(&self, primary: &Primary, item: &Item) -> Result<(), Failure> {
        checked(item)?;
        if self.primary_of(item)? != *primary {
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
