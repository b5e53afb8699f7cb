//! Records: conditional writes, conflicts, and reading what was written.
//!
//! Must not know: payloads' places, outcomes.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::counts::{Attempts, TryKind};
use rules::ids::{BatchId, Epoch, Fence, ParentKey};
use rules::record::{HoldReason, LastSend, Next, Record, Resolution, State, Stored, SuccessMark};
use rules::tries::{Try, TryOutcome};
use rules::version::SourceVersion;

use super::given::{ANSWERS, keeping, new, put_new, read, replace, stored};
use crate::fakes::sample;
use crate::ports::{PayloadChange, Put, Store, Written};

fn with_every_field_set() -> Record {
    let tried = |sequence: u32| Try {
        batch: BatchId { epoch: Epoch(u32::MAX), sequence },
        at: sample::time("2026-03-02T09:20:00Z"),
        kind: TryKind::Forced,
        outcome: TryOutcome::Unknown,
    };
    Record {
        fence: Fence(0x9E37_79B9_7F4A_7C15),
        source_version: SourceVersion::Time(sample::time("2026-03-02T08:00:00.123Z")),
        state: State::TimedOut { next: sample::time("2026-03-03T00:00:00Z") },
        failure: sample::failure("FIELD_CUSTOM_VALIDATION_EXCEPTION", "it's \"wrong\": größer als 5 %"),
        attempts: Attempts { interval: 10, nightly: 2, recent: 3, forced: 4 },
        tries: (0..10).map(tried).fold(rules::tries::Tries::default(), rules::tries::Tries::with),
        last_failed: sample::time("2026-03-02T09:20:00.001Z"),
        parent: Some(ParentKey { object: sample::object("Account"), id: sample::record_id("acc#1") }),
        type_since: Some(sample::time("2026-03-02T09:17:00Z")),
        last_send: Some(LastSend { version: SourceVersion::Number(-7), until: sample::time("2026-03-02T09:33:00Z") }),
        ..sample::failing("acme", "c-1")
    }
}

/// Every field comes back, whatever kinds of value it may have.
pub async fn a_new_record_is_read_back_with_every_field<S: Store>(store: &S) {
    let full = with_every_field_set();
    let plain = sample::failing("acme", "c-2");
    put_new(store, &full, 1).await;
    put_new(store, &plain, 1).await;
    for record in [full, plain] {
        let read = read(store, &record.key).await.expect("a record that was put is there");
        assert_eq!(read.stored, stored(&record));
    }
}

/// Every state comes back with its data.
pub async fn a_record_is_read_back_in_every_state<S: Store>(store: &S) {
    let at = sample::time("2026-03-02T10:00:00.5Z");
    let resolutions = [Resolution::Retried, Resolution::SucceededElsewhere, Resolution::Gone, Resolution::Deleted]
        .map(|how| State::Resolved { how, at });
    let waiting = [
        State::Scheduled(Next::At(at)),
        State::Scheduled(Next::Sweep),
        State::TimedOut { next: at },
        State::Held(HoldReason::ExcludedType),
        State::Held(HoldReason::PayloadMissing),
    ];
    for (number, state) in waiting.into_iter().chain(resolutions).enumerate() {
        let record = Record { state, ..sample::failing("acme", &format!("c-{number}")) };
        put_new(store, &record, 1).await;
        let read = read(store, &record.key).await.expect("a record that was put is there");
        assert_eq!(read.stored, stored(&record));
    }
}

/// A put that expects nothing finds something, and shows it.
pub async fn a_record_is_not_created_twice<S: Store>(store: &S) {
    let first = sample::failing("acme", "c-1");
    let second = Record { fence: Fence(5), ..first.clone() };
    put_new(store, &first, 1).await;
    let written = store.put(&new(&second, sample::payload(2)), &keeping(1)).await.expect(ANSWERS);
    assert_eq!(written, Written::Conflict(Some(Box::new(stored(&first)))));
    assert_eq!(read(store, &first.key).await.expect("the first is there").stored, stored(&first));
}

/// A put on the version that was read takes the record's place.
pub async fn a_put_on_the_expected_version_replaces_the_record<S: Store>(store: &S) {
    let first = with_every_field_set();
    let second = Record { key: first.key.clone(), fence: first.fence.next(), ..sample::failing("acme", "c-1") };
    put_new(store, &first, 1).await;
    replace(store, &first, &second, PayloadChange::Keep).await;
    assert_eq!(read(store, &first.key).await.expect("the second is there").stored, stored(&second));
}

/// A put on a version that is not there any more shows what is.
pub async fn a_put_on_another_version_conflicts_and_changes_nothing<S: Store>(store: &S) {
    let first = sample::failing("acme", "c-1");
    let second = first.clone().hold(HoldReason::ExcludedType).advance();
    put_new(store, &first, 1).await;
    replace(store, &first, &second, PayloadChange::Keep).await;
    let late = first.clone().schedule(Next::Sweep).advance();
    let put = Put { stored: stored(&late), payload: PayloadChange::Keep, expected: Some(first.fence) };
    let written = store.put(&put, &keeping(1)).await.expect(ANSWERS);
    assert_eq!(written, Written::Conflict(Some(Box::new(stored(&second)))));
    assert_eq!(read(store, &first.key).await.expect("the second is there").stored, stored(&second));
}

/// A put on a version of a record that is gone shows that nothing is there, and makes nothing.
pub async fn a_put_that_expects_a_record_conflicts_with_nothing_when_there_is_none<S: Store>(store: &S) {
    let record = sample::failing("acme", "c-1");
    for payload in [PayloadChange::Keep, PayloadChange::Drop, PayloadChange::Set(sample::payload(1))] {
        let put = Put { stored: stored(&record), payload, expected: Some(Fence(1)) };
        assert_eq!(store.put(&put, &keeping(1)).await.expect(ANSWERS), Written::Conflict(None), "{put:?}");
    }
    assert_eq!(read(store, &record.key).await, None);
}

/// A success of a record that never failed is kept; a newer failure takes its place.
pub async fn a_success_mark_is_kept_and_gives_way_to_a_newer_failure<S: Store>(store: &S) {
    let record = Record { source_version: SourceVersion::Number(3), fence: Fence(8), ..sample::failing("acme", "c-1") };
    let at = sample::time("2026-03-02T09:00:00Z");
    let mark = SuccessMark { key: record.key.clone(), fence: Fence(7), source_version: SourceVersion::Number(2), at };
    let put = Put { stored: Stored::Success(mark.clone()), payload: PayloadChange::Drop, expected: None };
    assert_eq!(store.put(&put, &keeping(1)).await.expect(ANSWERS), Written::Done);
    let found = read(store, &record.key).await.expect("the mark is there");
    assert_eq!((found.stored, found.payload), (Stored::Success(mark.clone()), None));

    let refused = store.put(&new(&record, sample::payload(3)), &keeping(1)).await.expect(ANSWERS);
    assert_eq!(refused, Written::Conflict(Some(Box::new(Stored::Success(mark)))));
    let failing = Put { expected: Some(Fence(7)), ..new(&record, sample::payload(3)) };
    assert_eq!(store.put(&failing, &keeping(1)).await.expect(ANSWERS), Written::Done);
    let found = read(store, &record.key).await.expect("the failure is there");
    assert_eq!((found.stored, found.payload), (stored(&record), Some(sample::payload(3))));
}

/// Versions are 64 bits wide and wrap around.
pub async fn a_version_after_the_greatest_one_is_written_like_any_other<S: Store>(store: &S) {
    let greatest = Record { fence: Fence(u64::MAX), ..sample::failing("acme", "c-1") };
    let next = greatest.clone().advance();
    assert_eq!(next.fence, Fence(0));
    put_new(store, &greatest, 1).await;
    replace(store, &greatest, &next, PayloadChange::Keep).await;
    assert_eq!(read(store, &next.key).await.expect("the record is there").stored, stored(&next));
}

/// Any number of keys in any order, some of them twice, some of nothing.
pub async fn reading_250_keys_with_duplicates_and_absent_ones_gives_each_record_once<S: Store>(store: &S) {
    let later = |number: u32| sample::time(sample::TICK) + Duration::from_mins(20) * number;
    let record = |number: u32| sample::failing("acme", &format!("c-{number}")).schedule(Next::At(later(number)));
    let there: BTreeMap<_, _> = (0..180).map(record).map(|record| (record.key.clone(), record)).collect();
    for record in there.values() {
        put_new(store, record, 1).await;
    }
    let absent = (180..230).map(|number| sample::key("acme", &format!("c-{number}")));
    let twice = there.keys().take(20).cloned();
    let keys: Vec<_> = there.keys().rev().cloned().chain(absent).chain(twice).collect();
    assert_eq!(keys.len(), 250);
    let read = store.read(&keys).await.expect(ANSWERS);
    assert_eq!(read.len(), there.len(), "each record that is there comes once");
    for read in read {
        assert_eq!(Some(read.stored.clone()), there.get(read.stored.key()).map(stored));
        assert_eq!(read.payload, Some(sample::payload(1)));
    }
}

/// Nothing is asked for.
pub async fn reading_no_keys_gives_no_records<S: Store>(store: &S) {
    assert_eq!(store.read(&[]).await.expect(ANSWERS), []);
    assert_eq!(store.payloads(&[]).await.expect(ANSWERS), []);
}
