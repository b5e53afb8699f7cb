//! Spoilt items: every reader meets every kind of item as it should not be. It is read, or refused by its key alone.
//!
//! Must not know: the calls that carry items.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{PortError, Read};
use fuzz::{CANARY, Corpus, Shape, hunt};
use rules::control::Control;
use rules::record::{Record, Stored};
use rules::usage::Usage;
use serde_json::{Map, Value};

use super::fields::{PK, SK};
use super::samples::{failing, keeping};
use super::{
    Fields, Item, audit, body, directory, journal, key, payload, pointer, record, report, request, settings, totals,
};

/// The item that a file of the corpus holds, in `DynamoDB`'s JSON; bytes are written in hexadecimal digits.
fn item_of(bytes: &[u8]) -> Option<Item> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    fields.into_iter().map(|(name, value)| Some((name, attribute(&value)?))).collect()
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => Some(AttributeValue::S(text.clone())),
        ("N", Value::String(digits)) => Some(AttributeValue::N(digits.clone())),
        ("B", Value::String(digits)) => Some(AttributeValue::B(Blob::new(unhex(digits)?))),
        ("BOOL", Value::Bool(flag)) => Some(AttributeValue::Bool(*flag)),
        ("NULL", _) => Some(AttributeValue::Null(true)),
        _ => None,
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// What is said of an item by a reader: its mistake.
fn said<T>(read: Result<T, PortError>) -> String {
    read.err().map_or_else(String::new, |problem| format!("{problem} {problem:?}"))
}

/// A record that was read is written and read as it is.
fn of_record(item: &Item) -> String {
    let Ok(Read { stored, payload }) = record::read(item) else { return said(record::read(item)) };
    let mut again = key::record(stored.key()).item();
    again.extend(record::write(&stored, &keeping(4)));
    match record::read(&again) {
        Ok(read) => assert_eq!(read.stored, stored),
        Err(problem) => panic!("what was read cannot be written: {problem}"),
    }
    let shown = match stored {
        Stored::Record(record) => format!("{:?} {:?}", record.state, record.tries),
        Stored::Success(mark) => format!("{:?}", mark.at),
    };
    format!("{shown} {payload:?}")
}

fn of_all_kinds(item: &Item) -> Vec<String> {
    let any: Record = failing("c-1");
    // Settings hold nothing secret, and their mistakes name what a person wrote.
    drop(settings::read(item));
    vec![
        of_record(item),
        said(Fields::of("the item", item).and_then(payload::read)),
        said(payload::read_apart(item, &any)),
        said(pointer::child_of(item)),
        said(journal::read(item)),
        said(body::read::<Control>("the control item", item)),
        said(body::read::<Usage>("the usage item", item)),
        said(request::read(item)),
        said(report::read(item)),
        said(audit::read(item)),
        said(directory::read(item)),
        said(totals::read(item)),
    ]
}

/// What may be said of an item is its key.
fn is_in_its_key(item: &Item) -> bool {
    let has = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).is_some_and(|text| text.contains(CANARY));
    has(PK) || has(SK) || item.keys().any(|name| name.contains(CANARY))
}

#[test]
fn no_stored_item_breaks_a_reader_and_none_is_quoted() {
    hunt(Corpus::of("items"), Shape::Json, |bytes| {
        let Some(item) = item_of(bytes) else { return String::new() };
        let said = of_all_kinds(&item).concat();
        if is_in_its_key(&item) { String::new() } else { said }
    });
}

/// How many kinds of item there are that [`of_all_kinds`] has a reader of.
const KINDS: usize = 12;

#[test]
fn the_corpus_has_an_item_of_every_kind_that_its_reader_reads() {
    let corpus = Corpus::of("items");
    let items: Vec<Item> = corpus.inputs().iter().filter_map(|input| item_of(&input.bytes)).collect();
    let read = |reads: fn(&Item) -> bool| items.iter().any(reads);
    let kinds: [(&str, bool); KINDS] = [
        ("record", read(|item| matches!(record::read(item), Ok(Read { stored: Stored::Record(_), .. })))),
        ("success", read(|item| matches!(record::read(item), Ok(Read { stored: Stored::Success(_), .. })))),
        ("pointer", read(|item| pointer::child_of(item).is_ok())),
        ("journal", read(|item| journal::read(item).is_ok_and(|entry| !entry.sent.is_empty()))),
        ("control", read(|item| body::read::<Control>("control", item).is_ok_and(|control| control.lease.is_some()))),
        ("usage", read(|item| body::read::<Usage>("usage", item).is_ok_and(|usage| !usage.sources.is_empty()))),
        ("settings", read(|item| settings::read(item).is_ok())),
        ("request", read(|item| request::read(item).is_ok())),
        ("report", read(|item| report::read(item).is_ok())),
        ("audit", read(|item| audit::read(item).is_ok())),
        ("directory", read(|item| directory::read(item).is_ok())),
        ("totals", read(|item| totals::read(item).is_ok_and(|totals| !totals.records.is_empty()))),
    ];
    let missing: Vec<&str> = kinds.into_iter().filter(|(_, is_read)| !is_read).map(|(kind, _)| kind).collect();
    assert_eq!(missing, [""; 0]);
}
