//! The faults of the store in memory, one behaviour a test.
//!
//! Must not know: what the conformance suite checks.

use std::time::Duration;

use rules::control::Control;
use rules::record::{Next, Record, Resolution};
use rules::time::Timestamp;

use super::{Fails, MemoryStore, Operation};
use crate::fakes::sample;
use crate::ports::{
    Controls, DueRecords, Keeping, OutcomeWrite, PageToken, PayloadChange, PortError, Put, Queue, Records, Saved,
    Written,
};

const KEEPING: Keeping = Keeping { shards: 1, resolved_for: Duration::from_hours(24 * 30) };

fn tick() -> Timestamp {
    sample::time(sample::TICK)
}

fn put(record: &Record) -> Put {
    let stored = rules::record::Stored::Record(Box::new(record.clone()));
    Put { stored, payload: PayloadChange::Set(sample::payload(1)), expected: None }
}

async fn store_with(records: &[Record]) -> MemoryStore {
    let store = MemoryStore::new();
    for record in records {
        assert_eq!(store.put(&put(record), &KEEPING).await.unwrap(), Written::Done);
    }
    store
}

async fn due_ids(store: &MemoryStore) -> Vec<String> {
    let acme = sample::connection_id("acme");
    let page = store.due(&acme, Queue::Interval, tick(), 1, None, 10).await.unwrap();
    page.keys.into_iter().map(|key| key.id.into()).collect()
}

#[tokio::test]
async fn frozen_indexes_show_what_was_there_and_thawed_ones_what_is() {
    let (resolved, moved) = (sample::failing("acme", "resolved"), sample::failing("acme", "moved"));
    let store = store_with(&[resolved.clone(), moved.clone()]).await;
    store.freeze_indexes();
    let later = tick() + Duration::from_mins(20);
    let outcomes = [
        OutcomeWrite { after: resolved.clone().resolve(Resolution::Retried, tick()).advance(), before: resolved },
        OutcomeWrite { after: moved.clone().schedule(Next::At(later)).advance(), before: moved },
    ];
    assert_eq!(store.write_outcomes(&outcomes, &KEEPING).await.unwrap(), [Written::Done, Written::Done]);
    assert_eq!(store.put(&put(&sample::failing("acme", "new")), &KEEPING).await.unwrap(), Written::Done);
    assert_eq!(due_ids(&store).await, ["moved", "resolved"], "phantoms, and the new one is missing");
    store.thaw_indexes();
    assert_eq!(due_ids(&store).await, ["new"]);
}

#[tokio::test]
async fn a_throttled_outcome_is_not_written_and_the_next_one_is() {
    let (one, other) = (sample::failing("acme", "1"), sample::failing("acme", "2"));
    let store = store_with(&[one.clone(), other.clone()]).await;
    store.throttle_outcomes(1);
    let outcomes = [one, other].map(|before| OutcomeWrite { after: before.clone().time_out(tick()).advance(), before });
    assert_eq!(store.write_outcomes(&outcomes, &KEEPING).await.unwrap(), [Written::Throttled, Written::Done]);
    assert_eq!(
        store.write_outcomes(&outcomes[..1], &KEEPING).await.unwrap(),
        [Written::Done],
        "tried later, it is written"
    );
}

#[tokio::test]
async fn a_request_that_fails_before_its_effect_changes_nothing() {
    let store = MemoryStore::new();
    let acme = sample::connection_id("acme");
    let control = Control { revision: 7, ..Control::default() };
    store.fail_next(Operation::SaveControl, 1, Fails::BeforeEffect);
    let failed = store.save_control(&acme, &control, 0).await;
    assert!(matches!(failed, Err(PortError::Unavailable { doing: "writing the control item", .. })));
    assert_eq!(store.control(&acme).await.unwrap(), Control::default());
    assert_eq!(store.save_control(&acme, &control, 0).await.unwrap(), Saved::Done);
}

#[tokio::test]
async fn a_request_whose_reply_is_lost_has_its_effect() {
    let store = MemoryStore::new();
    let acme = sample::connection_id("acme");
    let control = Control { revision: 7, ..Control::default() };
    store.fail_next(Operation::SaveControl, 1, Fails::AfterEffect);
    assert!(store.save_control(&acme, &control, 0).await.is_err());
    assert_eq!(store.control(&acme).await.unwrap(), control);
}

#[tokio::test]
async fn requests_are_counted_by_kind_and_failed_ones_too() {
    let store = store_with(&[sample::failing("acme", "1")]).await;
    store.fail_next(Operation::Read, 1, Fails::BeforeEffect);
    let keys = [sample::key("acme", "1")];
    assert!(store.read(&keys).await.is_err());
    assert_eq!(store.read(&keys).await.unwrap().len(), 1);
    let counts: Vec<_> = store.counts().into_iter().collect();
    assert_eq!(counts, [(Operation::Read, 2), (Operation::Put, 1)]);
}

#[tokio::test]
async fn a_page_token_that_no_listing_gave_is_refused() {
    let store = MemoryStore::new();
    let token = PageToken("not a token".to_owned());
    let page = store.due(&sample::connection_id("acme"), Queue::Interval, tick(), 1, Some(&token), 10).await;
    assert!(matches!(page, Err(PortError::Unreadable { .. })));
}

#[tokio::test]
async fn a_clone_is_the_same_store() {
    let store = MemoryStore::new();
    let clone = store.clone();
    let record = sample::failing("acme", "1");
    assert_eq!(clone.put(&put(&record), &KEEPING).await.unwrap(), Written::Done);
    assert!(store.stored(&record.key).is_some());
    assert_eq!(store.all().len(), 1);
}
