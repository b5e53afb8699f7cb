//! Inputs spoilt as values of JSON: still readable, and something in them is not as it should be.
//!
//! Must not know: what a value means.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::odd;

/// How deep texts that hold JSON themselves are opened.
const DEEPEST: usize = 3;

/// `value` with a few things wrong; what it takes from elsewhere is from `other`.
pub(crate) fn spoil(value: &mut Value, other: &Value, rng: &mut Rng) {
    for _ in 0..rng.usize(1..=3) {
        once(value, other, rng, DEEPEST);
    }
}

fn once(value: &mut Value, other: &Value, rng: &mut Rng, depth: usize) {
    let elsewhere = one_of(other, rng).clone();
    let path = paths(value);
    let chosen = &path[rng.usize(..path.len())];
    let node = value.pointer_mut(chosen).expect("the path was just found");
    if depth > 0 && spoil_inside(node, other, rng, depth) {
        return;
    }
    match (node, rng.u8(0..8)) {
        (Value::Object(fields), 0..4) if !fields.is_empty() => of_object(fields, rng),
        (Value::Array(values), 0..4) if !values.is_empty() => of_array(values, rng),
        (Value::String(text), 0..4) => of_text(text, rng),
        (node @ Value::Number(_), 0..4) => *node = odd::number(rng),
        (node, 4) => *node = elsewhere,
        (node, 5) => *node = json!([node.take()]),
        (node, _) => *node = odd::value(rng),
    }
}

/// Opens a text that holds JSON, and spoils what is in it.
fn spoil_inside(node: &mut Value, other: &Value, rng: &mut Rng, depth: usize) -> bool {
    let Some(text) = node.as_str().filter(|text| text.starts_with(['{', '['])) else { return false };
    let Ok(mut inside) = serde_json::from_str::<Value>(text) else { return false };
    once(&mut inside, other, rng, depth - 1);
    *node = Value::from(inside.to_string());
    true
}

fn of_object(fields: &mut serde_json::Map<String, Value>, rng: &mut Rng) {
    let name = fields.keys().nth(rng.usize(..fields.len())).cloned().unwrap_or_default();
    match rng.u8(0..4) {
        0 => drop(fields.remove(&name)),
        1 => drop(fields.insert("odd".to_owned(), odd::value(rng))),
        2 => {
            let value = fields.remove(&name).unwrap_or_default();
            fields.insert(name.to_ascii_uppercase(), value);
        }
        _ => drop(fields.insert(name, odd::value(rng))),
    }
}

fn of_array(values: &mut Vec<Value>, rng: &mut Rng) {
    let at = rng.usize(..values.len());
    match rng.u8(0..4) {
        0 => drop(values.remove(at)),
        1 => values.push(values[at].clone()),
        2 => values.push(odd::value(rng)),
        _ => {
            let times = if rng.u8(..) < 16 { 1_000 } else { 3 };
            values.extend(std::iter::repeat_n(values[at].clone(), times));
        }
    }
}

fn of_text(text: &mut String, rng: &mut Rng) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let at = places[rng.usize(..places.len())];
    match rng.u8(0..3) {
        0 => text.truncate(at),
        1 => text.insert_str(at, odd::text(rng)),
        _ => *text = text.repeat(rng.usize(2..6)),
    }
}

fn one_of<'a>(value: &'a Value, rng: &mut Rng) -> &'a Value {
    let paths = paths(value);
    value.pointer(&paths[rng.usize(..paths.len())]).expect("the path was just found")
}

/// The paths of all values in `value`, its own among them.
fn paths(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let step = name.replace('~', "~0").replace('/', "~1");
                found.extend(paths(inner).into_iter().map(|path| format!("/{step}{path}")));
            }
        }
        Value::Array(values) => {
            for (at, inner) in values.iter().enumerate().take(50) {
                found.extend(paths(inner).into_iter().map(|path| format!("/{at}{path}")));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}
