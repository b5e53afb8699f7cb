//! Listing by age: the window, the types, pages that cover all, and counts.
//!
//! Must not know: listing what is due.

use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, RecordKey};
use rules::record::{Failure, HoldReason, Record, Resolution};
use rules::time::Timestamp;

use super::given::{ANSWERS, Window, aged, keys, put_new};
use crate::fakes::sample;
use crate::ports::{AgedKey, Look, Store};

const SECOND: Duration = Duration::from_secs(1);

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

fn failed() -> Timestamp {
    sample::time(sample::FAILED)
}

fn types() -> [ErrorType; 3] {
    ["daco-02", "row-lock", "unknown:NEW_CODE"].map(sample::error_type)
}

fn record(id: &str, error_type: &ErrorType, first_failed: Timestamp) -> Record {
    let failure = Failure::new(error_type.clone(), "CODE", "a message");
    Record { failure, first_failed, ..sample::failing("acme", id) }
}

/// A record that failed first at either end is in the window; one that failed a millisecond outside is not.
pub async fn both_bounds_of_the_window_are_included<S: Store>(store: &S) {
    let [_, row_lock, _] = types();
    let (from, to) = (failed() - Duration::from_hours(168), failed());
    let millisecond = Duration::from_millis(1);
    let at = |id, instant| record(id, &row_lock, instant);
    let inside = [at("from", from), at("middle", from + SECOND), at("to", to)];
    let outside = [at("before", from - millisecond), at("after", to + millisecond)];
    for record in inside.iter().chain(&outside) {
        put_new(store, record, 1).await;
    }
    let window = Window { types: &[row_lock], from, to };
    assert_eq!(aged(store, &acme(), window, 1, 10).await, keys(&inside));
}

/// Excluded types are not even read.
pub async fn only_the_types_that_are_asked_for_are_listed<S: Store>(store: &S) {
    let [daco_02, row_lock, new_code] = types();
    let one = record("one", &row_lock, failed());
    let another = record("another", &new_code, failed());
    let excluded = record("excluded", &daco_02, failed()).hold(HoldReason::ExcludedType);
    for record in [&one, &another, &excluded] {
        put_new(store, record, 1).await;
    }
    let of = |types| Window { types, from: failed(), to: failed() };
    let wanted = [new_code, row_lock];
    assert_eq!(aged(store, &acme(), of(&wanted), 1, 10).await, keys([&one, &another]));
    assert_eq!(aged(store, &acme(), of(&[daco_02]), 1, 10).await, keys([&excluded]));
}

/// A connection whose types are all excluded.
pub async fn no_types_list_no_records<S: Store>(store: &S) {
    let [_, row_lock, _] = types();
    put_new(store, &record("one", &row_lock, failed()), 1).await;
    let window = Window { types: &[], from: failed(), to: failed() };
    assert_eq!(aged(store, &acme(), window, 4, 10).await, []);
}

/// Nothing is between them.
pub async fn a_window_that_ends_before_it_begins_lists_no_records<S: Store>(store: &S) {
    let [_, row_lock, _] = types();
    put_new(store, &record("one", &row_lock, failed()), 1).await;
    let window = Window { types: &[row_lock], from: failed() + SECOND, to: failed() - SECOND };
    assert_eq!(aged(store, &acme(), window, 1, 10).await, []);
}

/// A page ends anywhere, and may span shards and types.
pub async fn pages_of_any_size_cover_all_types_and_shards_once<S: Store>(store: &S) {
    let types = types();
    let first_failed = |number: usize| if number.is_multiple_of(2) { failed() } else { failed() - SECOND };
    let one = |number: usize| record(&format!("c-{number}"), &types[number % 3], first_failed(number));
    let records: Vec<_> = (0..48).map(one).collect();
    for (number, record) in records.iter().enumerate() {
        put_new(store, record, [1, 4][number / 24]).await;
    }
    for limit in [1, 5, 48, 1_000] {
        let window = Window { types: &types, from: failed() - SECOND, to: failed() };
        assert_eq!(aged(store, &acme(), window, 4, limit).await, keys(&records), "pages of {limit}");
    }
}

/// Every entry of a look at one type to its end, in stretches of `limit` at most.
async fn looked<S: Store>(store: &S, look: Look<'_>, limit: usize) -> Vec<AgedKey> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let stretch = store.look(look, after.as_ref(), limit).await.expect(ANSWERS);
        assert!(stretch.entries.len() <= limit, "a stretch has at most {limit} entries");
        entries.extend(stretch.entries);
        after = stretch.next;
        if after.is_none() {
            return entries;
        }
    }
}

fn in_order(entries: &[AgedKey]) -> Vec<(RecordKey, Timestamp)> {
    let mut entries: Vec<_> = entries.iter().map(|entry| (entry.key.clone(), entry.first_failed)).collect();
    entries.sort();
    entries
}

/// Over all shards, and of the one type alone; held ones are among them, resolved ones are not.
pub async fn a_look_finds_every_record_of_a_type_with_its_first_failure<S: Store>(store: &S) {
    let [daco_02, row_lock, new_code] = types();
    let mut expected = Vec::new();
    for number in 0..40 {
        let kind = if number % 4 == 0 { &daco_02 } else { &row_lock };
        let record = record(&format!("c-{number}"), kind, failed() - SECOND * number);
        put_new(store, &record, 4).await;
        expected.extend((kind == &row_lock).then(|| (record.key.clone(), record.first_failed)));
    }
    let held = record("held", &row_lock, failed() - SECOND * 60).hold(HoldReason::ExcludedType);
    put_new(store, &held, 1).await;
    put_new(store, &record("over", &row_lock, failed()).resolve(Resolution::Retried, failed()), 1).await;
    expected.push((held.key.clone(), held.first_failed));
    expected.sort();
    let acme = acme();
    let look =
        Look { connection: &acme, error_type: &row_lock, from: Timestamp::from_millis(0), to: failed(), shards: 4 };
    for limit in [1, 7, 1_000] {
        assert_eq!(in_order(&looked(store, look, limit).await), expected, "{limit} at a time");
    }
    assert_eq!(looked(store, Look { error_type: &new_code, ..look }, 10).await, []);
}

/// What failed outside the window is not looked at.
pub async fn a_look_has_the_bounds_of_the_listing<S: Store>(store: &S) {
    let [_, row_lock, _] = types();
    let at = |id, instant| record(id, &row_lock, instant);
    let inside = [at("from", failed()), at("to", failed() + SECOND)];
    for record in inside.iter().chain([&at("before", failed() - SECOND), &at("after", failed() + SECOND * 2)]) {
        put_new(store, record, 1).await;
    }
    let acme = acme();
    let look = Look { connection: &acme, error_type: &row_lock, from: failed(), to: failed() + SECOND, shards: 4 };
    let mut found: Vec<_> = looked(store, look, 10).await.into_iter().map(|entry| entry.key).collect();
    found.sort();
    assert_eq!(found, keys(&inside));
    assert_eq!(looked(store, Look { from: failed() + SECOND, to: failed(), ..look }, 10).await, []);
}

/// A reader who has seen enough in the middle of a stretch goes on from there, and sees the rest once.
pub async fn a_look_goes_on_after_any_of_its_entries<S: Store>(store: &S) {
    let [_, row_lock, _] = types();
    for number in 0..24 {
        put_new(store, &record(&format!("c-{number}"), &row_lock, failed() - SECOND * (number % 5)), 4).await;
    }
    let acme = acme();
    let look =
        Look { connection: &acme, error_type: &row_lock, from: Timestamp::from_millis(0), to: failed(), shards: 4 };
    let all = looked(store, look, 1_000).await;
    for (at, entry) in all.iter().enumerate() {
        let (mut rest, mut after) = (Vec::new(), Some(entry.place.clone()));
        while let Some(token) = after {
            let stretch = store.look(look, Some(&token), 5).await.expect(ANSWERS);
            rest.extend(stretch.entries);
            after = stretch.next;
        }
        assert_eq!(rest, all[at + 1..], "after entry {at}");
    }
}
