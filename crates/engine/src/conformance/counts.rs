//! The directory's numbers: added to by changes, set by a count.
//!
//! Must not know: which records there are.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ObjectName};
use rules::time::Timestamp;

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{CountChange, Recounted, Store, Totals, TypeEntry};

const SECOND: Duration = Duration::from_secs(1);

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

fn row_lock() -> ErrorType {
    sample::error_type("row-lock")
}

fn failed() -> Timestamp {
    sample::time(sample::FAILED)
}

fn objects<N: Copy>(records: &[(&str, N)]) -> BTreeMap<ObjectName, N> {
    let object = |name: &str| ObjectName::new(name).expect("a valid name");
    records.iter().map(|&(name, number)| (object(name), number)).collect()
}

fn change(error_type: &ErrorType, records: &[(&str, i64)], oldest: Option<Timestamp>) -> CountChange {
    CountChange { error_type: error_type.clone(), records: objects(records), oldest, timed_out: 0 }
}

async fn add<S: Store>(store: &S, changes: &[CountChange]) {
    store.add_counts(&acme(), changes).await.expect(ANSWERS);
}

/// What a person would be told: everything but the revision.
async fn told<S: Store>(store: &S, connection: &ConnectionId) -> Vec<TypeEntry> {
    let mut directory = store.directory(connection).await.expect(ANSWERS);
    for entry in &mut directory {
        entry.revision = 0;
    }
    directory
}

fn entry(error_type: &ErrorType, records: &[(&str, u64)], oldest: Option<Timestamp>) -> TypeEntry {
    TypeEntry { records: objects(records), oldest, ..TypeEntry::empty(error_type.clone()) }
}

/// Listing it is no record of it.
pub async fn a_type_that_is_only_listed_has_no_records<S: Store>(store: &S) {
    store.list_error_type(&acme(), &row_lock()).await.expect(ANSWERS);
    assert_eq!(told(store, &acme()).await, [TypeEntry::empty(row_lock())]);
}

/// Several objects and types in one request; a type that is listed again keeps its numbers.
pub async fn changes_add_up_by_type_and_object<S: Store>(store: &S) {
    let unknown = sample::error_type("unknown:NEW_CODE");
    add(store, &[change(&unknown, &[("Contact", 2)], Some(failed()))]).await;
    let mixed = [("Account", 1), ("Contact", -1), ("Invoice__c", 40_000)];
    add(store, &[change(&row_lock(), &[("Contact", 7)], Some(failed())), change(&unknown, &mixed, Some(failed()))])
        .await;
    store.list_error_type(&acme(), &unknown).await.expect(ANSWERS);
    let left = [("Account", 1), ("Contact", 1), ("Invoice__c", 40_000)];
    let expected = [entry(&row_lock(), &[("Contact", 7)], Some(failed())), entry(&unknown, &left, Some(failed()))];
    assert_eq!(told(store, &acme()).await, expected);
    assert_eq!(store.error_types(&acme()).await.expect(ANSWERS), [row_lock(), unknown]);
}

/// In whatever order they come; and one that comes later moves nothing.
pub async fn the_oldest_is_the_earliest_that_came<S: Store>(store: &S) {
    for (seconds, oldest) in [(30, 30), (10, 10), (20, 10), (5, 5)] {
        add(store, &[change(&row_lock(), &[("Contact", 1)], Some(failed() + SECOND * seconds))]).await;
        let told = told(store, &acme()).await;
        assert_eq!(told[0].oldest, Some(failed() + SECOND * oldest), "after {seconds} seconds");
    }
    add(store, &[change(&row_lock(), &[("Contact", -1)], None)]).await;
    assert_eq!(told(store, &acme()).await, [entry(&row_lock(), &[("Contact", 3)], Some(failed() + SECOND * 5))]);
}

/// What comes then begins anew.
pub async fn a_type_whose_records_are_gone_has_no_oldest_one<S: Store>(store: &S) {
    add(store, &[change(&row_lock(), &[("Account", 1), ("Contact", 2)], Some(failed()))]).await;
    add(store, &[change(&row_lock(), &[("Account", -1), ("Contact", -2)], None)]).await;
    assert_eq!(told(store, &acme()).await, [TypeEntry::empty(row_lock())]);
    let later = failed() + SECOND;
    add(store, &[change(&row_lock(), &[("Contact", 1)], Some(later))]).await;
    assert_eq!(told(store, &acme()).await, [entry(&row_lock(), &[("Contact", 1)], Some(later))]);
}

/// A crash lost the records that came, and then they went.
pub async fn a_number_is_never_told_below_zero<S: Store>(store: &S) {
    add(store, &[change(&row_lock(), &[("Account", -5), ("Contact", 2)], Some(failed()))]).await;
    assert_eq!(told(store, &acme()).await, [entry(&row_lock(), &[("Contact", 2)], Some(failed()))]);
    add(store, &[change(&row_lock(), &[("Contact", -4)], None)]).await;
    assert_eq!(told(store, &acme()).await, [TypeEntry::empty(row_lock())]);
}

/// Whatever stood there, above or below the truth.
pub async fn counted_numbers_take_the_place_of_the_old_ones<S: Store>(store: &S) {
    store.list_error_type(&acme(), &row_lock()).await.expect(ANSWERS);
    let counted = [
        entry(&row_lock(), &[("Contact", 3), ("Invoice__c", 1)], Some(failed() - SECOND)),
        TypeEntry::empty(row_lock()),
        entry(&row_lock(), &[("Account", 1)], Some(failed())),
    ];
    for truth in counted {
        add(store, &[change(&row_lock(), &[("Account", -5), ("Contact", 9)], Some(failed() + SECOND))]).await;
        let revision = store.directory(&acme()).await.expect(ANSWERS)[0].revision;
        let set = store.set_counts(&acme(), &TypeEntry { revision, ..truth.clone() }).await.expect(ANSWERS);
        assert_eq!((set, told(store, &acme()).await), (Recounted::Done, vec![truth]));
    }
}

/// The changes are newer than the count.
pub async fn numbers_that_changed_while_they_were_counted_stay<S: Store>(store: &S) {
    store.list_error_type(&acme(), &row_lock()).await.expect(ANSWERS);
    for records in [1, 2] {
        let before = store.directory(&acme()).await.expect(ANSWERS).remove(0);
        add(store, &[change(&row_lock(), &[("Contact", 1)], Some(failed()))]).await;
        let counted = TypeEntry { revision: before.revision, ..entry(&row_lock(), &[("Account", 9)], None) };
        assert_eq!(store.set_counts(&acme(), &counted).await.expect(ANSWERS), Recounted::Changed);
        assert_eq!(told(store, &acme()).await, [entry(&row_lock(), &[("Contact", records)], Some(failed()))]);
    }
}

/// Also of one whose name begins alike.
pub async fn each_connection_has_numbers_of_its_own<S: Store>(store: &S) {
    let other = sample::connection_id("acme-2");
    add(store, &[change(&row_lock(), &[("Contact", 1)], Some(failed()))]).await;
    store.add_counts(&other, &[change(&row_lock(), &[("Contact", 5)], None)]).await.expect(ANSWERS);
    assert_eq!(told(store, &acme()).await, [entry(&row_lock(), &[("Contact", 1)], Some(failed()))]);
    assert_eq!(told(store, &other).await, [entry(&row_lock(), &[("Contact", 5)], None)]);
}

/// What `connection` is told to have in all.
async fn totals<S: Store>(store: &S, connection: &ConnectionId) -> Totals {
    let mut totals = store.totals_of_each(std::slice::from_ref(connection)).await.expect(ANSWERS);
    totals.pop().expect("one for each that is asked for").expect("they can be read")
}

/// Over all objects, each connection's in its place; one that nobody counted anything of has none.
pub async fn totals_add_up_by_type<S: Store>(store: &S) {
    let (other, unknown) = (sample::connection_id("acme-2"), sample::error_type("unknown:NEW_CODE"));
    let ids = [sample::connection_id("nobody"), other.clone(), acme()];
    add(
        store,
        &[change(&row_lock(), &[("Contact", 7), ("Account", 2)], None), change(&unknown, &[("Contact", 1)], None)],
    )
    .await;
    add(store, &[change(&row_lock(), &[("Contact", -3)], None), change(&unknown, &[("Contact", -1)], None)]).await;
    store.add_counts(&other, &[change(&unknown, &[("Contact", 40_000)], None)]).await.expect(ANSWERS);
    let told = store.totals_of_each(&ids).await.expect(ANSWERS);
    let told: Vec<_> = told.into_iter().map(|totals| totals.expect("they can be read").records).collect();
    assert_eq!(told, [[].into(), [(unknown, 40_000)].into(), [(row_lock(), 6)].into()]);
}

/// A record that only moves between the queues changes no number of its type, and none in the timeout queue is never told as less.
pub async fn the_timeout_queue_is_counted_over_all_types<S: Store>(store: &S) {
    let moved = |timed_out| CountChange { timed_out, ..change(&row_lock(), &[], None) };
    let came = CountChange { timed_out: 2, ..change(&row_lock(), &[("Contact", 3)], Some(failed())) };
    add(
        store,
        &[came, CountChange { timed_out: 1, ..change(&sample::error_type("daco-02"), &[("Contact", 1)], None) }],
    )
    .await;
    assert_eq!(totals(store, &acme()).await.timed_out, 3);
    let before = store.directory(&acme()).await.expect(ANSWERS);
    for (by, left) in [(1, 4), (-2, 2), (-5, 0)] {
        add(store, &[moved(by)]).await;
        assert_eq!(totals(store, &acme()).await.timed_out, left);
    }
    assert_eq!(store.directory(&acme()).await.expect(ANSWERS), before);
}

/// Two hundred and fifty types in one change.
pub async fn totals_have_room_for_every_type<S: Store>(store: &S) {
    let types: Vec<_> = (0..250).map(|number| sample::error_type(&format!("unknown:CODE_{number}"))).collect();
    let changes: Vec<_> = types.iter().map(|of| change(of, &[("Contact", 2)], None)).collect();
    add(store, &changes).await;
    assert_eq!(totals(store, &acme()).await.records, types.into_iter().map(|of| (of, 2)).collect());
}

/// What was lost is put right, unless changes came meanwhile.
pub async fn counted_totals_take_the_place_of_those_they_were_counted_from<S: Store>(store: &S) {
    let truth = |revision| Totals { records: [(row_lock(), 5)].into(), timed_out: 2, revision };
    assert_eq!(store.set_totals(&acme(), &truth(0)).await.expect(ANSWERS), Recounted::Done);
    add(store, &[change(&row_lock(), &[("Contact", -9)], None)]).await;
    let before = totals(store, &acme()).await;
    assert_eq!(before.records, [].into(), "a number is never told below zero");
    assert_eq!(before.timed_out, 2);
    assert_eq!(store.set_totals(&acme(), &truth(before.revision - 1)).await.expect(ANSWERS), Recounted::Changed);
    assert_eq!(totals(store, &acme()).await, before);
    assert_eq!(store.set_totals(&acme(), &truth(before.revision)).await.expect(ANSWERS), Recounted::Done);
    assert_eq!(totals(store, &acme()).await.records, [(row_lock(), 5)].into());
}
