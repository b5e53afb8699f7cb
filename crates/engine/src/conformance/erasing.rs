//! Erasing: all that is stored of a record goes at once, or nothing does.
//!
//! Must not know: who asks for it, or where else a record's key may stand.

use rules::ids::{Fence, ParentKey};
use rules::record::{PayloadPlace, Record, Resolution, Stored, SuccessMark};
use rules::version::SourceVersion;

use super::given::{ANSWERS, Window, aged, due, keeping, new, payload_apart, put_new, read, settle, stored};
use crate::fakes::sample;
use crate::ports::{PayloadChange, Put, Queue, Store, Written};

async fn erase<S: Store>(store: &S, record: &Stored) -> Written {
    store.erase(record).await.expect(ANSWERS)
}

/// A record of each kind that there is: with its payload inline, apart, with a parent, resolved.
fn one_of_each() -> Vec<Record> {
    let parent = ParentKey { object: sample::object("Account"), id: sample::record_id("a-1") };
    let inline = sample::failing("acme", "inline");
    let apart = Record { payload: PayloadPlace::Apart { bytes: 700 }, ..sample::failing("acme", "apart") };
    let child = Record { parent: Some(parent.clone()), ..sample::failing("acme", "child") };
    let both = Record { parent: Some(parent), payload: apart.payload, ..sample::failing("acme", "both") };
    vec![inline, apart, child, both]
}

/// Neither the record nor its payload is read any more, and no listing has it.
pub async fn an_erased_record_leaves_neither_item_nor_payload_nor_listing<S: Store>(store: &S) {
    let (acme, tick) = (sample::connection_id("acme"), sample::time(sample::TICK));
    for record in one_of_each() {
        put_new(store, &record, 1).await;
        assert_eq!(erase(store, &stored(&record)).await, Written::Done, "{}", record.key);
        assert_eq!(read(store, &record.key).await, None, "{}", record.key);
        assert_eq!(payload_apart(store, &record).await, None, "{}", record.key);
        assert_eq!(due(store, &acme, Queue::Interval, tick, 1, 10).await, []);
        let types = [record.failure.error_type.clone()];
        let window = Window { types: &types, from: record.first_failed, to: record.first_failed };
        assert_eq!(aged(store, &acme, window, 1, 10).await, []);
    }
}

/// What has no payload any more is erased like what has one.
pub async fn a_resolved_record_and_the_mark_of_a_success_are_erased_too<S: Store>(store: &S) {
    let before = sample::failing("acme", "resolved");
    let resolved = before.clone().resolve(Resolution::Retried, sample::time(sample::TICK)).advance();
    put_new(store, &before, 1).await;
    settle(store, &before, &resolved).await;
    let mark = Stored::Success(SuccessMark {
        key: sample::key("acme", "synced"),
        fence: Fence(7),
        source_version: SourceVersion::Number(1),
        at: sample::time(sample::TICK),
    });
    let put = Put { stored: mark.clone(), payload: PayloadChange::Drop, expected: None };
    assert_eq!(store.put(&put, &keeping(1)).await.expect(ANSWERS), Written::Done);
    for erased in [stored(&resolved), mark] {
        assert_eq!(erase(store, &erased).await, Written::Done);
        assert_eq!(read(store, erased.key()).await, None);
    }
}

/// It failed anew meanwhile: that is another decision.
pub async fn a_record_in_another_version_is_not_erased_and_shows_itself<S: Store>(store: &S) {
    for record in one_of_each() {
        put_new(store, &record, 1).await;
        let seen = Record { fence: Fence(77), ..record.clone() };
        assert_eq!(erase(store, &stored(&seen)).await, Written::Conflict(Some(Box::new(stored(&record)))));
        let there = read(store, &record.key).await.expect("the record is there");
        assert_eq!(there.stored, stored(&record));
        let payload = there.payload.or(payload_apart(store, &record).await);
        assert_eq!(payload, Some(sample::payload(1)), "its payload stays: {}", record.key);
    }
}

/// The reply was lost, or somebody else was faster.
pub async fn a_record_that_is_gone_is_no_longer_there_to_erase<S: Store>(store: &S) {
    let record = sample::failing("acme", "c-1");
    assert_eq!(erase(store, &stored(&record)).await, Written::Conflict(None));
    put_new(store, &record, 1).await;
    assert_eq!(erase(store, &stored(&record)).await, Written::Done);
    assert_eq!(erase(store, &stored(&record)).await, Written::Conflict(None));
}

/// Nothing marks that it was there, so that it may fail again like any new one.
pub async fn an_erased_record_may_come_again_and_its_neighbours_stay<S: Store>(store: &S) {
    let [erased, neighbour] = ["c-1", "c-11"].map(|id| sample::failing("acme", id));
    put_new(store, &erased, 1).await;
    put_new(store, &neighbour, 1).await;
    assert_eq!(erase(store, &stored(&erased)).await, Written::Done);
    assert!(read(store, &neighbour.key).await.is_some());
    let again = store.put(&new(&erased, sample::payload(2)), &keeping(1)).await.expect(ANSWERS);
    assert_eq!(again, Written::Done);
    assert_eq!(read(store, &erased.key).await.and_then(|read| read.payload), Some(sample::payload(2)));
}
