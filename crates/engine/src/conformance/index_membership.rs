//! Which listings a record is in, for every state and every way into it.
//!
//! Must not know: paging.

use std::time::Duration;

use rules::ids::Fence;
use rules::record::{HoldReason, Next, Record, Resolution, State, Stored, SuccessMark};
use rules::time::Timestamp;
use rules::version::SourceVersion;

use super::given::{ANSWERS, Window, aged, due, keeping, put_new, replace, settle};
use crate::fakes::sample;
use crate::ports::{PayloadChange, Put, Queue, Store, Written};

/// The listings that a record is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listed {
    interval: bool,
    timed_out: bool,
    by_age: bool,
}

fn tick() -> Timestamp {
    sample::time(sample::TICK)
}

/// Every state, and the listings that it belongs in.
fn states() -> [(State, Listed); 5] {
    let listed = |interval, timed_out, by_age| Listed { interval, timed_out, by_age };
    [
        (State::Scheduled(Next::At(tick())), listed(true, false, true)),
        (State::Scheduled(Next::Sweep), listed(false, false, true)),
        (State::TimedOut { next: tick() }, listed(false, true, true)),
        (State::Held(HoldReason::ExcludedType), listed(false, false, true)),
        (State::Resolved { how: Resolution::Retried, at: tick() }, listed(false, false, false)),
    ]
}

fn in_state(number: usize, state: State) -> Record {
    Record { state, ..sample::failing("acme", &format!("c-{number}")) }
}

async fn listed<S: Store>(store: &S, record: &Record) -> Listed {
    let connection = &record.key.connection;
    let types = [record.failure.error_type.clone()];
    let window = Window { types: &types, from: record.first_failed, to: record.first_failed };
    let times = |keys: Vec<_>| {
        let times = keys.iter().filter(|&key| *key == record.key).count();
        assert!(times <= 1, "{} is listed {times} times", record.key);
        times == 1
    };
    Listed {
        interval: times(due(store, connection, Queue::Interval, tick(), 1, 100).await),
        timed_out: times(due(store, connection, Queue::TimedOut, tick(), 1, 100).await),
        by_age: times(aged(store, connection, window, 1, 100).await),
    }
}

/// From every state that a try may find to every state that it may leave.
pub async fn every_transition_by_an_outcome_moves_the_record_to_the_right_listings<S: Store>(store: &S) {
    let failing = states().into_iter().filter(|(state, _)| !matches!(state, State::Resolved { .. }));
    let pairs = failing.flat_map(|from| states().map(|to| (from, to)));
    for (number, ((from, before), (to, after))) in pairs.enumerate() {
        let first = in_state(number, from);
        let second = Record { state: to, ..first.clone().advance() };
        put_new(store, &first, 1).await;
        assert_eq!(listed(store, &first).await, before, "{from:?}");
        settle(store, &first, &second).await;
        assert_eq!(listed(store, &second).await, after, "{from:?} to {to:?}");
    }
}

/// From every state to every state: a resolved record may fail again.
pub async fn every_transition_by_a_put_moves_the_record_to_the_right_listings<S: Store>(store: &S) {
    let pairs = states().into_iter().flat_map(|from| states().map(|to| (from, to)));
    for (number, ((from, before), (to, after))) in pairs.enumerate() {
        let first = in_state(number, from);
        let second = Record { state: to, ..first.clone().advance() };
        put_new(store, &first, 1).await;
        assert_eq!(listed(store, &first).await, before, "{from:?}");
        replace(store, &first, &second, PayloadChange::Set(sample::payload(2))).await;
        assert_eq!(listed(store, &second).await, after, "{from:?} to {to:?}");
    }
}

/// Nothing is left to do for it.
pub async fn a_success_mark_is_in_no_listing<S: Store>(store: &S) {
    let record = sample::failing("acme", "c-1");
    let (key, source_version) = (record.key.clone(), SourceVersion::Number(1));
    let mark = Stored::Success(SuccessMark { key, fence: Fence(1), source_version, at: tick() });
    let put = Put { stored: mark, payload: PayloadChange::Drop, expected: None };
    assert_eq!(store.put(&put, &keeping(1)).await.expect(ANSWERS), Written::Done);
    assert_eq!(listed(store, &record).await, Listed { interval: false, timed_out: false, by_age: false });
}

/// The old entry goes when the new one comes.
pub async fn a_record_that_is_rescheduled_is_listed_once_at_its_new_time<S: Store>(store: &S) {
    let later = tick() + Duration::from_mins(20);
    let first = sample::failing("acme", "c-1");
    let second = first.clone().schedule(Next::At(later)).advance();
    put_new(store, &first, 1).await;
    settle(store, &first, &second).await;
    let connection = &first.key.connection;
    assert_eq!(due(store, connection, Queue::Interval, tick(), 1, 100).await, [], "not at the old tick any more");
    assert_eq!(due(store, connection, Queue::Interval, later, 1, 100).await, [first.key], "once at the new one");
}

/// A retry may fail for another reason.
pub async fn a_record_of_a_new_error_type_is_listed_under_it_only<S: Store>(store: &S) {
    let first = sample::failing("acme", "c-1");
    let failure = sample::failure("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]");
    assert_ne!(failure.error_type, first.failure.error_type, "the two samples are of different types");
    let second = first.clone().fail(failure, tick()).advance();
    put_new(store, &first, 1).await;
    settle(store, &first, &second).await;
    assert!(!listed(store, &first).await.by_age, "not under the old type");
    assert!(listed(store, &second).await.by_age, "under the new type");
}

/// A newer source version starts the window anew.
pub async fn a_record_whose_first_failure_moves_is_listed_at_the_new_one_only<S: Store>(store: &S) {
    let first = sample::failing("acme", "c-1");
    let second = Record { first_failed: tick(), ..first.clone().advance() };
    put_new(store, &first, 1).await;
    replace(store, &first, &second, PayloadChange::Set(sample::payload(2))).await;
    assert!(!listed(store, &first).await.by_age, "not at the old first failure");
    assert!(listed(store, &second).await.by_age, "at the new one");
}
