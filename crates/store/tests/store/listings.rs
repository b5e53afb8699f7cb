//! Keys by next attempt and by age, over shards and pages.
//!
//! Must not know: how a token is made.

use std::collections::BTreeSet;

use engine::ports::{DueRecords, ErrorTypes, PageToken, Queue, Records};
use rules::catalogue::ErrorType;
use rules::ids::RecordKey;
use rules::record::{Failure, HoldReason, Next, Record};

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, at, contact, error_type, failing, first, keeping};

fn typed(record: Record, name: &str) -> Record {
    Record { failure: Failure::new(error_type(name), "CODE", "message"), ..record }
}

async fn all_due(bench: &Bench, queue: Queue, shards: u16, limit: usize) -> Vec<RecordKey> {
    let mut keys = Vec::new();
    let mut after: Option<PageToken> = None;
    loop {
        let page = bench.store.due(&acme(), queue, at(20), shards, after.as_ref(), limit).await.unwrap();
        assert!(page.keys.len() <= limit);
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

async fn all_aged(bench: &Bench, types: &[ErrorType], limit: usize) -> Vec<RecordKey> {
    let mut keys = Vec::new();
    let mut after: Option<PageToken> = None;
    loop {
        let page = bench.store.aged(&acme(), types, at(0), at(10), 4, after.as_ref(), limit).await.unwrap();
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return keys;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_due_key_is_listed_once_whatever_the_page_and_however_many_shards_it_was_written_to() {
    let bench = Bench::new().await;
    let wanted: BTreeSet<RecordKey> = (0..60).map(|number| contact(&format!("c-{number}"))).collect();
    for (number, key) in wanted.iter().enumerate() {
        let shards = if number % 2 == 0 { 1 } else { 8 };
        bench.store.put(&first(&failing(key.id.as_str())), &keeping(shards)).await.unwrap();
    }
    for limit in [1, 7, 60, 1_000] {
        let keys = all_due(&bench, Queue::Interval, 8, limit).await;
        assert_eq!(keys.len(), 60, "pages of {limit}");
        assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), wanted, "pages of {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_end_early_are_gone_on_with() {
    let bench = Bench::new().await;
    for id in ["c-1", "c-2", "c-3"] {
        bench.store.put(&first(&failing(id)), &keeping(1)).await.unwrap();
        bench.store.list_error_type(&acme(), &error_type(id)).await.unwrap();
    }
    bench.break_next("Query", [Fault::ShortPage(1), Fault::ShortPage(1)]);
    let page = bench.store.due(&acme(), Queue::Interval, at(20), 1, None, 10).await.unwrap();
    assert_eq!((page.keys.len(), page.next), (3, None));
    bench.break_next("Query", [Fault::ShortPage(1), Fault::ShortPage(1)]);
    assert_eq!(bench.store.error_types(&acme()).await.unwrap().len(), 3);
    assert_eq!(bench.faults.seen("Query"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_due_at_its_tick_and_not_before_and_each_queue_has_its_own() {
    let bench = Bench::new().await;
    let later = failing("later").schedule(Next::At(at(40)));
    for record in [failing("now"), later, failing("night").time_out(at(20)), failing("swept").schedule(Next::Sweep)] {
        bench.store.put(&first(&record), &keeping(1)).await.unwrap();
    }
    assert_eq!(all_due(&bench, Queue::Interval, 1, 10).await, [contact("now")]);
    assert_eq!(all_due(&bench, Queue::TimedOut, 1, 10).await, [contact("night")]);
    let early = bench.store.due(&acme(), Queue::Interval, at(19), 1, None, 10).await.unwrap();
    assert_eq!(early.keys, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_by_age_are_those_of_the_types_asked_for_within_the_time_asked_for() {
    let bench = Bench::new().await;
    let old = Record { first_failed: at(-1), ..failing("old") };
    let young = Record { first_failed: at(11), ..failing("young") };
    let edge = Record { first_failed: at(10), ..failing("edge") };
    let held = typed(failing("held"), "daco-02").hold(HoldReason::ExcludedType);
    let swept = typed(failing("swept"), "daco-01").schedule(Next::Sweep);
    for record in [old, young, edge, held, swept, typed(failing("other"), "daco-99")] {
        bench.store.put(&first(&record), &keeping(4)).await.unwrap();
    }
    let types = ["daco-01", "daco-02", "required-field-missing"].map(error_type);
    for limit in [1, 2, 100] {
        assert_eq!(all_aged(&bench, &types, limit).await, ["swept", "held", "edge"].map(contact), "pages of {limit}");
    }
    assert_eq!(all_aged(&bench, &[], 10).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_ends_before_it_begins_has_no_keys() {
    let bench = Bench::new().await;
    bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap();
    let types = [error_type("required-field-missing")];
    let page = bench.store.aged(&acme(), &types, at(10), at(0), 1, None, 10).await.unwrap();
    assert_eq!((page.keys, page.next), (vec![], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn error_types_are_listed_once_each_in_the_order_of_their_names() {
    let bench = Bench::new().await;
    for name in ["unknown:X", "daco-02", "daco-01", "daco-02"] {
        bench.store.list_error_type(&acme(), &error_type(name)).await.unwrap();
    }
    let types = bench.store.error_types(&acme()).await.unwrap();
    assert_eq!(types, ["daco-01", "daco-02", "unknown:X"].map(error_type));
}
