//! Packing: records into batches of one object and external-id field, at most 200 records and 10 MB, no key twice, parents'
//! objects first, and the records of one parent together.
//!
//! Must not know: where the records come from.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rules::counts::TryKind;
use rules::ids::{FieldName, ObjectName, ParentKey};

use super::batch::{Batch, Item, MOST_BYTES, MOST_RECORDS};

#[cfg(test)]
mod tests;

/// The most records per batch of each object, where it is less than 200.
pub(super) type Sizes = HashMap<ObjectName, usize>;

/// Batches to send, in order, and the records that do not fill one yet.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) batches: Vec<Batch>,
    pub(super) rest: Vec<Item>,
}

/// Packs `items`. Unless `last`, the records that do not fill a batch are handed back, to be packed with what comes next.
pub(super) fn pack(items: Vec<Item>, sizes: &Sizes, last: bool) -> Packed {
    let ranks = ranks(&items);
    let mut groups: BTreeMap<(usize, ObjectName, FieldName, TryKind), Vec<Item>> = BTreeMap::new();
    for item in without_repeats(items) {
        let object = item.record.key.object.clone();
        let rank = ranks.get(&object).copied().unwrap_or(0);
        groups.entry((rank, object, item.record.external_id_field.clone(), item.kind)).or_default().push(item);
    }
    let mut packed = Packed::default();
    for ((rank, object, field, kind), mut items) in groups {
        items.sort_by(|a, b| a.record.parent.cmp(&b.record.parent));
        let most = sizes.get(&object).copied().unwrap_or(MOST_RECORDS);
        let mut chunks = chunks(items, most);
        if !last && chunks.last().is_some_and(|chunk| chunk.len() < most) {
            packed.rest.extend(chunks.pop().unwrap_or_default());
        }
        let batch = |items| Batch {
            object: object.clone(),
            field: field.clone(),
            kind,
            rank,
            items,
            bisections: Arc::default(),
        };
        packed.batches.extend(chunks.into_iter().map(batch));
    }
    packed
}

fn without_repeats(items: Vec<Item>) -> impl Iterator<Item = Item> {
    let mut seen = HashSet::new();
    items.into_iter().filter(move |item| seen.insert(item.record.key.clone()))
}

/// Cuts into chunks; a family that fits into one is not cut, and records that Salesforce takes for one are kept apart.
fn chunks(items: Vec<Item>, most: usize) -> Vec<Vec<Item>> {
    let mut seen = HashSet::new();
    let (items, clashing): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| seen.insert(item.record.key.folded()));
    let mut cut = chunks_of_distinct(items, most);
    if !clashing.is_empty() {
        cut.extend(chunks(clashing, most));
    }
    cut
}

fn chunks_of_distinct(items: Vec<Item>, most: usize) -> Vec<Vec<Item>> {
    let mut chunks: Vec<Vec<Item>> = Vec::new();
    let mut bytes = 0;
    for family in families(items) {
        let size: usize = family.iter().map(Item::bytes).sum();
        let fits = family.len() <= most && size <= MOST_BYTES;
        let room = chunks.last().is_some_and(|chunk| chunk.len() + family.len() <= most && bytes + size <= MOST_BYTES);
        if fits && !room {
            chunks.push(Vec::new());
            bytes = 0;
        }
        for item in family {
            let size = item.bytes();
            let full = chunks.last().is_none_or(|chunk| chunk.len() >= most || bytes + size > MOST_BYTES);
            if full {
                chunks.push(Vec::new());
                bytes = 0;
            }
            bytes += size;
            chunks.last_mut().expect("one was just made sure of").push(item);
        }
    }
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

/// Runs of records that need the same parent; a record without one is a family of its own.
fn families(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut families: Vec<Vec<Item>> = Vec::new();
    for item in items {
        let parent = |item: &Item| -> Option<ParentKey> { item.record.parent.clone() };
        let same = families
            .last()
            .and_then(|family| family.first())
            .is_some_and(|first| parent(first).is_some() && parent(first) == parent(&item));
        match families.last_mut() {
            Some(family) if same => family.push(item),
            Some(_) | None => families.push(vec![item]),
        }
    }
    families
}

/// How deep each object stands below the others, as far as these records tell. A circle ends where it began.
fn ranks(items: &[Item]) -> HashMap<ObjectName, usize> {
    let mut parents: BTreeMap<&ObjectName, BTreeSet<&ObjectName>> = BTreeMap::new();
    for item in items {
        let above = parents.entry(&item.record.key.object).or_default();
        above.extend(item.record.parent.iter().map(|parent| &parent.object));
    }
    let objects: Vec<&ObjectName> = parents.keys().copied().collect();
    objects.into_iter().map(|object| (object.clone(), depth(object, &parents, &mut vec![]))).collect()
}

fn depth<'a>(
    object: &'a ObjectName,
    parents: &BTreeMap<&'a ObjectName, BTreeSet<&'a ObjectName>>,
    path: &mut Vec<&'a ObjectName>,
) -> usize {
    if path.contains(&object) {
        return 0;
    }
    path.push(object);
    let above = parents.get(object).into_iter().flatten().filter(|parent| parents.contains_key(**parent));
    let deepest = above.filter(|parent| **parent != object).map(|parent| depth(parent, parents, path) + 1).max();
    path.pop();
    deepest.unwrap_or(0)
}
