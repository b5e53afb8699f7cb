//! Queries: one partition of a table or of an index, page by page.
//!
//! Must not know: how what is queried is kept up to date.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::condition::Operand;
use super::failure::Failure;
use super::index::{Index, Primary};
use super::item::{Item, Key};
use super::kept::Kept;
use super::span::span;
use super::table::Table;
use super::token::Tokens;
use super::values::Values;

/// The key condition of a query: `#p = :p`, or that and `#s BETWEEN :from AND :to`.
struct Range {
    partition: (String, Key),
    sort: Option<(String, RangeInclusive<Key>)>,
}

impl Range {
    fn of(request: &Value) -> Result<Self, Failure> {
        let text = request["KeyConditionExpression"].as_str();
        let text = text.ok_or_else(|| Failure::invalid("a query has no key condition"))?;
        let (mut tokens, values) = (Tokens::of(text)?, Values::of(request));
        let name = attribute(&mut tokens, values)?;
        tokens.expect_sign("=")?;
        let partition = (name, constant(&mut tokens, values)?);
        let sort = if tokens.take_word("AND") { Some(between(&mut tokens, values)?) } else { None };
        tokens.end()?;
        Ok(Self { partition, sort })
    }
}

fn between(tokens: &mut Tokens, values: Values<'_>) -> Result<(String, RangeInclusive<Key>), Failure> {
    let name = attribute(tokens, values)?;
    tokens.expect_word("BETWEEN")?;
    let from = constant(tokens, values)?;
    tokens.expect_word("AND")?;
    let to = constant(tokens, values)?;
    if from > to {
        return Err(Failure::invalid("a range ends before it begins"));
    }
    Ok((name, from..=to))
}

fn attribute(tokens: &mut Tokens, values: Values<'_>) -> Result<String, Failure> {
    match Operand::read(tokens, values)? {
        Operand::Attribute(name) => Ok(name),
        Operand::Constant(_) => Err(Failure::invalid("a key condition names a key first")),
    }
}

fn constant(tokens: &mut Tokens, values: Values<'_>) -> Result<Key, Failure> {
    match Operand::read(tokens, values)? {
        Operand::Constant(value) => Key::of(&value).ok_or_else(|| Failure::invalid("a key is a text or a number")),
        Operand::Attribute(_) => Err(Failure::invalid("a key condition compares with values")),
    }
}

/// An entry that a query finds: its sort key there, the item's own keys, and what is told of it.
type Found = (Key, Primary, Item);

/// How a query goes through its range: from where on, which way, and how far.
struct Page {
    start: Option<(Key, Primary)>,
    forward: bool,
    limit: usize,
}

impl Page {
    fn of(table: &Table, request: &Value) -> Result<Self, Failure> {
        let start = request.get("ExclusiveStartKey").filter(|start| !start.is_null());
        let limit = request["Limit"].as_u64().map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Self {
            start: start.map(|start| position(table, request, start)).transpose()?,
            forward: request["ScanIndexForward"] != json!(false),
            limit,
        })
    }

    /// The first entries of a page.
    fn take<T>(&self, entries: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        if self.forward { entries.take(self.limit).collect() } else { entries.rev().take(self.limit).collect() }
    }
}

/// The answer to a query.
pub(super) fn query(table: &Table, request: &Value, now: u64) -> Result<Value, Failure> {
    let range = Range::of(request)?;
    let index = request["IndexName"].as_str();
    check(table, index, &range, request)?;
    let page = Page::of(table, request)?;
    let found = match index.and_then(|name| table.indexes.get(name)) {
        None if request["ConsistentRead"] == true => of_table(table, &range, &page, None),
        None => of_table(table, &range, &page, Some(now)),
        Some(index) => of_index(table, index, &range, &page),
    };
    let mut answer = Map::new();
    answer.insert("Count".to_owned(), json!(found.len()));
    answer.insert("ScannedCount".to_owned(), json!(found.len()));
    if let Some((sort, primary, item)) = found.last().filter(|_| found.len() >= page.limit) {
        answer.insert("LastEvaluatedKey".to_owned(), json!(place(table, request, sort, primary, item)));
    }
    answer.insert("Items".to_owned(), found.into_iter().map(|(_, _, item)| Value::Object(item)).collect());
    Ok(Value::Object(answer))
}

/// The first sort key of a range, and the first behind it: the last is none that anybody keeps.
fn ends(range: &Range) -> (Key, Key) {
    match &range.sort {
        Some((_, range)) => (range.start().clone(), range.end().successor()),
        None => (Key::LEAST, Key::Text("\u{10ffff}".repeat(64).into())),
    }
}

/// What a reader finds: everything, or what is seen at an instant without strong consistency. (One that is deleted is not seen any more,
/// though it might be.)
fn of_table(table: &Table, range: &Range, page: &Page, seen_at: Option<u64>) -> Vec<Found> {
    let ((from, until), partition) = (ends(range), &range.partition.1);
    let within = |sort| (partition.clone(), sort);
    let start = page.start.as_ref().map(|(_, primary)| primary.clone());
    let Some(span) = span(within(from), within(until), start, page.forward) else { return Vec::new() };
    let seen = |(primary, kept): (&Primary, &Kept)| {
        let item = match seen_at {
            None => Some(kept.item()),
            Some(now) => table.seen(primary, false, now),
        };
        item.map(|item| (primary.1.clone(), primary.clone(), item))
    };
    page.take(table.items.range(span).filter_map(seen))
}

fn of_index(table: &Table, index: &Index, range: &Range, page: &Page) -> Vec<Found> {
    let (from, until) = ends(range);
    let before_all = |sort| (sort, (Key::LEAST, Key::LEAST));
    let span = span(before_all(from), before_all(until), page.start.clone(), page.forward);
    let Some(span) = span else { return Vec::new() };
    let entry = |(sort, primary): &(Key, Primary)| {
        let mut item = Item::new();
        for (name, key) in [
            (&table.partition, &primary.0),
            (&table.sort, &primary.1),
            (&index.partition, &range.partition.1),
            (&index.sort, sort),
        ] {
            item.insert(name.clone(), value(key));
        }
        (sort.clone(), primary.clone(), item)
    };
    page.take(index.entries(&range.partition.1, span)).into_iter().map(entry).collect()
}

/// Checks that a query is about keys that there are.
fn check(table: &Table, index: Option<&str>, range: &Range, request: &Value) -> Result<(), Failure> {
    let (partition, sort) = match index {
        None => (&table.partition, &table.sort),
        Some(name) => {
            let index = table.indexes.get(name);
            let index = index.ok_or_else(|| Failure::invalid(format!("there is no index {name}")))?;
            if request["ConsistentRead"] == json!(true) {
                return Err(Failure::invalid("an index has no consistent reads"));
            }
            (&index.partition, &index.sort)
        }
    };
    let is_right = range.partition.0 == *partition && range.sort.as_ref().is_none_or(|(name, _)| name == sort);
    if is_right { Ok(()) } else { Err(Failure::invalid("a key condition is about other attributes")) }
}

fn value(key: &Key) -> Value {
    match key {
        Key::Number(number) => json!({ "N": number.to_string() }),
        Key::Text(text) => json!({ "S": &**text }),
    }
}

/// Where an `ExclusiveStartKey` stands among the entries.
fn position(table: &Table, request: &Value, start: &Value) -> Result<(Key, Primary), Failure> {
    let primary = table.primary(start)?;
    let Some(index) = request["IndexName"].as_str().and_then(|name| table.indexes.get(name)) else {
        return Ok((primary.1.clone(), primary));
    };
    let sort = Key::of(&start[index.sort.as_str()]);
    Ok((sort.ok_or_else(|| Failure::invalid("the start key lacks the index's keys"))?, primary))
}

/// The key of an entry, as the next page begins after it.
fn place(table: &Table, request: &Value, sort: &Key, primary: &Primary, item: &Item) -> Item {
    let mut place: Item =
        [(table.partition.clone(), value(&primary.0)), (table.sort.clone(), value(&primary.1))].into_iter().collect();
    if let Some(index) = request["IndexName"].as_str().and_then(|name| table.indexes.get(name)) {
        place.insert(index.sort.clone(), value(sort));
        place.insert(index.partition.clone(), item[&index.partition].clone());
    }
    place
}
