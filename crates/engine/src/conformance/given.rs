//! What the checks have in common: writing a record, changing it, reading it, listing to the end.
//!
//! Must not know: what is checked.

use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, RecordKey};
use rules::record::{Record, Stored};
use rules::time::Timestamp;

use crate::fakes::sample;
use crate::payload::Payload;
use crate::ports::{Keeping, KeyPage, OutcomeWrite, PageToken, PayloadChange, Put, Queue, Read, Store, Written};

/// What a check says when a request fails that nothing made fail.
pub(super) const ANSWERS: &str = "the store answers";

/// How long reports of runs are kept in these checks.
pub(super) const KEPT: Duration = Duration::from_hours(24 * 30);

/// More pages than any check's listing can have.
const MOST_PAGES: usize = 1_000;

/// As something to store.
pub(super) fn stored(record: &Record) -> Stored {
    Stored::Record(Box::new(record.clone()))
}

/// The put of a record that is not there yet.
pub(super) fn new(record: &Record, payload: Payload) -> Put {
    Put { stored: stored(record), payload: PayloadChange::Set(payload), expected: None }
}

/// How records are kept in these checks: spread over `shards`.
pub(super) fn keeping(shards: u16) -> Keeping {
    Keeping { shards, resolved_for: KEPT }
}

/// Puts a record that is not there yet, with a payload.
pub(super) async fn put_new(store: &impl Store, record: &Record, shards: u16) {
    let written = store.put(&new(record, sample::payload(1)), &keeping(shards)).await.expect(ANSWERS);
    assert_eq!(written, Written::Done, "a new record is written: {}", record.key);
}

/// Puts `after` in the place of `before`.
pub(super) async fn replace(store: &impl Store, before: &Record, after: &Record, payload: PayloadChange) {
    let put = Put { stored: stored(after), payload, expected: Some(before.fence) };
    let written = store.put(&put, &keeping(1)).await.expect(ANSWERS);
    assert_eq!(written, Written::Done, "a record is replaced on its version: {}", before.key);
}

/// Writes the outcome that makes `before` into `after`.
pub(super) async fn settle(store: &impl Store, before: &Record, after: &Record) {
    let write = OutcomeWrite { before: before.clone(), after: after.clone() };
    let written = store.write_outcomes(&[write], &keeping(1)).await.expect(ANSWERS);
    assert_eq!(written, [Written::Done], "an outcome is written on the version that was read: {}", before.key);
}

/// Reads one record.
pub(super) async fn read(store: &impl Store, key: &RecordKey) -> Option<Read> {
    let mut read = store.read(std::slice::from_ref(key)).await.expect(ANSWERS);
    assert!(read.len() <= 1, "one key gives at most one record: {key}");
    read.pop()
}

/// Reads the payload that a record has apart.
pub(super) async fn payload_apart(store: &impl Store, record: &Record) -> Option<Payload> {
    let mut found = store.payloads(&[record]).await.expect(ANSWERS);
    assert!(found.len() <= 1, "one record has at most one payload: {}", record.key);
    let (key, payload) = found.pop()?;
    assert_eq!(key, record.key, "a payload comes with its record's key");
    Some(payload)
}

/// All keys of a due listing, sorted, a key as often as it came.
pub(super) async fn due(
    store: &impl Store,
    connection: &ConnectionId,
    queue: Queue,
    horizon: Timestamp,
    shards: u16,
    limit: usize,
) -> Vec<RecordKey> {
    let page = async |after: Option<PageToken>| {
        store.due(connection, queue, horizon, shards, after.as_ref(), limit).await.expect(ANSWERS)
    };
    to_the_end(page, limit).await
}

/// Which records a listing by age is to have.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) types: &'a [ErrorType],
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// All keys of a listing by age, sorted, a key as often as it came.
pub(super) async fn aged(
    store: &impl Store,
    connection: &ConnectionId,
    window: Window<'_>,
    shards: u16,
    limit: usize,
) -> Vec<RecordKey> {
    let Window { types, from, to } = window;
    let page = async |after: Option<PageToken>| {
        store.aged(connection, types, from, to, shards, after.as_ref(), limit).await.expect(ANSWERS)
    };
    to_the_end(page, limit).await
}

/// All keys of those that wait for a parent, sorted, a key as often as it came.
pub(super) async fn children(store: &impl Store, parent: &RecordKey, limit: usize) -> Vec<RecordKey> {
    let page = async |after: Option<PageToken>| store.children(parent, after.as_ref(), limit).await.expect(ANSWERS);
    to_the_end(page, limit).await
}

async fn to_the_end(page: impl AsyncFn(Option<PageToken>) -> KeyPage, limit: usize) -> Vec<RecordKey> {
    let mut keys = Vec::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let KeyPage { keys: more, next } = page(after).await;
        assert!(more.len() <= limit, "a page has at most {limit} keys, and this one has {}", more.len());
        keys.extend(more);
        let Some(next) = next else {
            keys.sort();
            return keys;
        };
        after = Some(next);
    }
    panic!("a listing comes to its end within {MOST_PAGES} pages");
}

/// The keys of records, sorted.
pub(super) fn keys<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<RecordKey> {
    let mut keys: Vec<_> = records.into_iter().map(|record| record.key.clone()).collect();
    keys.sort();
    keys
}
