//! Queries: one partition of a table or of an index, page by page.
//!
//! Must not know: how what is queried is kept up to date.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::condition::Operand;
use super::failure::Failure;
use super::index::Primary;
use super::item::{Item, Key};
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

/// The answer to a query.
pub(super) fn query(table: &Table, request: &Value) -> Result<Value, Failure> {
    let range = Range::of(request)?;
    let mut found = match request["IndexName"].as_str() {
        None => of_table(table, &range)?,
        Some(name) => of_index(table, name, &range, request)?,
    };
    let forward = request["ScanIndexForward"] != json!(false);
    if !forward {
        found.reverse();
    }
    if let Some(start) = request.get("ExclusiveStartKey").filter(|start| !start.is_null()) {
        let start = position(table, request, start)?;
        let is_behind = |(sort, primary, _): &Found| {
            let at = (sort.clone(), primary.clone());
            if forward { at > start } else { at < start }
        };
        found.retain(is_behind);
    }
    let limit = request["Limit"].as_u64().map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let is_cut = found.len() >= limit;
    found.truncate(limit);
    let mut answer = Map::new();
    answer.insert("Count".to_owned(), json!(found.len()));
    answer.insert("ScannedCount".to_owned(), json!(found.len()));
    if let Some((sort, primary, item)) = found.last().filter(|_| is_cut) {
        answer.insert("LastEvaluatedKey".to_owned(), json!(place(table, request, sort, primary, item)));
    }
    let items: Vec<Item> = found.into_iter().map(|(_, _, item)| item).collect();
    answer.insert("Items".to_owned(), json!(items));
    Ok(Value::Object(answer))
}

fn of_table(table: &Table, range: &Range) -> Result<Vec<Found>, Failure> {
    check(&table.partition, &table.sort, range)?;
    let in_range = |sort: &Key| range.sort.as_ref().is_none_or(|(_, range)| range.contains(sort));
    let items = table.items.iter().filter(|((partition, sort), _)| *partition == range.partition.1 && in_range(sort));
    Ok(items.map(|(primary, item)| (primary.1.clone(), primary.clone(), item.clone())).collect())
}

fn of_index(table: &Table, name: &str, range: &Range, request: &Value) -> Result<Vec<Found>, Failure> {
    let index = table.indexes.get(name).ok_or_else(|| Failure::invalid(format!("there is no index {name}")))?;
    if request["ConsistentRead"] == json!(true) {
        return Err(Failure::invalid("an index has no consistent reads"));
    }
    check(&index.partition, &index.sort, range)?;
    let all = Key::Number(i128::MIN)..=Key::Text("\u{10ffff}".repeat(64));
    let within = range.sort.as_ref().map_or(&all, |(_, range)| range);
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
    Ok(index.entries(&range.partition.1, within).map(entry).collect())
}

fn check(partition: &str, sort: &str, range: &Range) -> Result<(), Failure> {
    let is_right = range.partition.0 == partition && range.sort.as_ref().is_none_or(|(name, _)| name == sort);
    if is_right { Ok(()) } else { Err(Failure::invalid("a key condition is about other attributes")) }
}

fn value(key: &Key) -> Value {
    match key {
        Key::Number(number) => json!({ "N": number.to_string() }),
        Key::Text(text) => json!({ "S": text }),
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
