//! Records that are put one by one, with their payloads and their parents' pointers.
//!
//! Must not know: outcomes of batches.

use engine::ports::{PayloadChange, Put, Read, Records, Written};
use rules::ids::Fence;
use rules::record::{Next, PayloadPlace, Record, Resolution, Stored, SuccessMark};
use rules::version::SourceVersion;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{apart, at, contact, failing, first, keeping, named, next, stored, waiting};

async fn read(bench: &Bench, id: &str) -> Option<Read> {
    bench.store.read(&[contact(id)]).await.unwrap().pop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_read_as_it_was_put_with_its_inline_payload() {
    let bench = Bench::new().await;
    let record = failing("a#b");
    assert_eq!(bench.store.put(&first(&record), &keeping(4)).await.unwrap(), Written::Done);
    assert_eq!(read(&bench, "a#b").await, Some(Read { stored: stored(&record), payload: Some(named("Meier")) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_apart_is_read_by_itself_and_only_for_its_own_version() {
    let bench = Bench::new().await;
    let record = apart("c-1");
    bench.store.put(&first(&record), &keeping(1)).await.unwrap();
    assert_eq!(read(&bench, "c-1").await, Some(Read { stored: stored(&record), payload: None }));
    assert_eq!(bench.store.payloads(&[&record]).await.unwrap(), [(contact("c-1"), named("Meier"))]);
    let newer = Record { source_version: SourceVersion::Number(43), ..record };
    assert_eq!(bench.store.payloads(&[&newer]).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_there_is_not_put_as_new_and_what_is_there_comes_back() {
    let bench = Bench::new().await;
    for record in [failing("c-1"), apart("c-2"), waiting("c-3", "a-1")] {
        bench.store.put(&first(&record), &keeping(1)).await.unwrap();
        let other = Record { fence: Fence(7), ..record.clone() };
        let lost = bench.store.put(&first(&other), &keeping(1)).await.unwrap();
        assert_eq!(lost, Written::Conflict(Some(Box::new(stored(&record)))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_gone_is_a_conflict_with_nothing() {
    let bench = Bench::new().await;
    for record in [failing("c-1"), apart("c-2")] {
        let put = next(&record.advance(), PayloadChange::Set(named("Meier")));
        assert_eq!(bench.store.put(&put, &keeping(1)).await.unwrap(), Written::Conflict(None));
    }
    assert!(bench.keys().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_record_keeps_its_payload() {
    let bench = Bench::new().await;
    let record = failing("c-1");
    bench.store.put(&first(&record), &keeping(1)).await.unwrap();
    let refreshed = record.schedule(Next::At(at(60))).advance();
    assert_eq!(bench.store.put(&next(&refreshed, PayloadChange::Keep), &keeping(1)).await.unwrap(), Written::Done);
    assert_eq!(read(&bench, "c-1").await.unwrap().payload, Some(named("Meier")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_succeeded_elsewhere_leaves_neither_payload_nor_pointer() {
    let bench = Bench::new().await;
    for record in [
        failing("c-1"),
        apart("c-2"),
        waiting("c-3", "a-1"),
        Record { parent: waiting("c-4", "a-1").parent, ..apart("c-4") },
    ] {
        bench.store.put(&first(&record), &keeping(1)).await.unwrap();
        let id = record.key.id.as_str().to_owned();
        let resolved = record.resolve(Resolution::SucceededElsewhere, at(1)).advance();
        let resolved = Record { source_version: SourceVersion::Number(43), ..resolved };
        assert_eq!(bench.store.put(&next(&resolved, PayloadChange::Drop), &keeping(1)).await.unwrap(), Written::Done);
        assert_eq!(read(&bench, &id).await, Some(Read { stored: stored(&resolved), payload: None }));
    }
    let left: Vec<_> = bench.keys().await.into_iter().filter(|(_, sk)| sk != "r").collect();
    assert_eq!(left, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_with_a_small_payload_deletes_the_large_one_of_the_version_before() {
    let bench = Bench::new().await;
    for old in [apart("c-1"), Record { parent: waiting("c-2", "a-1").parent, ..apart("c-2") }] {
        bench.store.put(&first(&old), &keeping(1)).await.unwrap();
        let small = Record { payload: PayloadPlace::Inline, source_version: SourceVersion::Number(43), ..old.clone() };
        let put = next(&small.advance(), PayloadChange::Set(named("Huber")));
        assert_eq!(bench.store.put(&put, &keeping(1)).await.unwrap(), Written::Done);
        assert_eq!(read(&bench, old.key.id.as_str()).await.unwrap().payload, Some(named("Huber")));
    }
    assert!(bench.keys().await.iter().all(|(_, sk)| sk != "p"), "{:?}", bench.keys().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_with_a_parent_is_pointed_to_until_it_is_resolved() {
    let bench = Bench::new().await;
    bench.store.put(&first(&waiting("c-1", "a#1")), &keeping(1)).await.unwrap();
    let pointer = ("c#acme#Account#a#1".to_owned(), "Contact#c-1".to_owned());
    assert!(bench.keys().await.contains(&pointer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_of_an_unknown_record_is_kept_and_gives_way_to_a_newer_failure() {
    let bench = Bench::new().await;
    let mark =
        SuccessMark { key: contact("c-1"), fence: Fence(5), source_version: SourceVersion::Number(1), at: at(0) };
    let put = Put { stored: Stored::Success(mark.clone()), payload: PayloadChange::Drop, expected: None };
    assert_eq!(bench.store.put(&put, &keeping(1)).await.unwrap(), Written::Done);
    assert_eq!(read(&bench, "c-1").await, Some(Read { stored: Stored::Success(mark), payload: None }));
    let record = Record { fence: Fence(6), ..failing("c-1") };
    let put = next(&record, PayloadChange::Set(named("Meier")));
    assert_eq!(bench.store.put(&put, &keeping(1)).await.unwrap(), Written::Done);
    assert_eq!(read(&bench, "c-1").await, Some(Read { stored: stored(&record), payload: Some(named("Meier")) }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_whose_reply_was_lost_is_recognised_as_done() {
    let bench = Bench::new().await;
    bench.break_next("UpdateItem", [Fault::ReplyLost]);
    assert_eq!(bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap(), Written::Done);
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    assert_eq!(bench.store.put(&first(&apart("c-2")), &keeping(1)).await.unwrap(), Written::Done);
    assert_eq!((bench.faults.seen("UpdateItem"), bench.faults.seen("TransactWriteItems")), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_a_transaction_stands_in_the_way_of_is_tried_again() {
    let bench = Bench::new().await;
    bench.break_next("UpdateItem", [Fault::Refused("TransactionConflictException")]);
    assert_eq!(bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap(), Written::Done);
    assert_eq!(bench.clock.waits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_is_throttled_lastingly_says_so_and_writes_nothing() {
    let bench = Bench::new().await;
    bench.break_next("UpdateItem", vec![Fault::Refused("ProvisionedThroughputExceededException"); 100]);
    assert_eq!(bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap(), Written::Throttled);
    assert!(bench.keys().await.is_empty());
}
