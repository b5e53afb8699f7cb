//! Records that are erased: which items go, and what a lost reply leads to.
//!
//! Must not know: who asks for it.

use engine::ports::{Records, Written};
use rules::ids::Fence;
use rules::record::Record;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{apart, failing, first, keeping, stored, waiting};

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_leaves_no_item_and_no_pointer_from_its_parent() {
    let bench = Bench::new().await;
    let both = Record { parent: waiting("c-4", "a-1").parent, ..apart("c-4") };
    for record in [failing("c-1"), apart("c-2"), waiting("c-3", "a-1"), both] {
        bench.store.put(&first(&record), &keeping(1)).await.unwrap();
        assert_eq!(bench.store.erase(&stored(&record)).await.unwrap(), Written::Done);
        assert_eq!(bench.keys().await, [], "{}", record.key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_changed_keeps_its_payload_and_its_pointer_when_it_was_to_be_erased() {
    let bench = Bench::new().await;
    let record = Record { parent: waiting("c-1", "a-1").parent, ..apart("c-1") };
    bench.store.put(&first(&record), &keeping(1)).await.unwrap();
    let seen = Record { fence: Fence(1), ..record.clone() };
    let refused = bench.store.erase(&stored(&seen)).await.unwrap();
    assert_eq!(refused, Written::Conflict(Some(Box::new(stored(&record)))));
    assert_eq!(bench.keys().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_reply_was_lost_is_done() {
    let bench = Bench::new().await;
    bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap();
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    assert_eq!(bench.store.erase(&stored(&failing("c-1"))).await.unwrap(), Written::Done);
    assert_eq!(bench.keys().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_another_transaction_stands_in_the_way_of_is_tried_again() {
    let bench = Bench::new().await;
    bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap();
    bench.break_next("TransactWriteItems", [Fault::Refused("TransactionConflictException")]);
    assert_eq!(bench.store.erase(&stored(&failing("c-1"))).await.unwrap(), Written::Done);
    assert_eq!(bench.clock.waits(), 1);
}
