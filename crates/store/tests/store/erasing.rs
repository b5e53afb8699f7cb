//! Records that are erased: which items go, and what a lost reply leads to.
//!
//! Must not know: who asks for it.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Controls, Erasing, Erasure, Erasures, KeptRequest, Records, Requests};
use rules::control::Control;
use rules::ids::{Fence, RequestId};
use rules::record::{Record, Stored};
use rules::resync::{Action, Progress, Request, RequestState, Wanted};

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, apart, at, contact, failing, first, keeping, stored, told, waiting};

const WITHOUT_AN_ITEM: u64 = 0;

fn of(record: Option<Stored>, expected: u64) -> Erasure {
    Erasure {
        connection: acme(),
        record,
        counts: None,
        requests: Vec::new(),
        entries: Vec::new(),
        audit: None,
        control: Control { revision: expected + 1, ..Control::default() },
        expected,
    }
}

/// The control item, which every erasure writes.
fn control() -> (String, String) {
    ("k#acme".to_owned(), "control".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_leaves_no_item_and_no_pointer_from_its_parent() {
    let bench = Bench::new().await;
    let both = Record { parent: waiting("c-4", "a-1").parent, ..apart("c-4") };
    for (record, revision) in [failing("c-1"), apart("c-2"), waiting("c-3", "a-1"), both].into_iter().zip(0..) {
        bench.store.put(&first(&record), &keeping(1)).await.unwrap();
        assert_eq!(bench.store.erase(&of(Some(stored(&record)), revision)).await.unwrap(), Erasing::Done);
        assert_eq!(bench.keys().await, [control()], "{}", record.key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_changed_keeps_its_payload_and_its_pointer_when_it_was_to_be_erased() {
    let bench = Bench::new().await;
    let record = Record { parent: waiting("c-1", "a-1").parent, ..apart("c-1") };
    bench.store.put(&first(&record), &keeping(1)).await.unwrap();
    let seen = Record { fence: Fence(1), ..record.clone() };
    let refused = bench.store.erase(&of(Some(stored(&seen)), WITHOUT_AN_ITEM)).await.unwrap();
    assert_eq!((refused, bench.keys().await.len()), (Erasing::Conflict, 3));
}

/// The SDK sends it again; whoever asked knows it by the control item's revision.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_reply_was_lost_is_done_and_its_revision_says_so() {
    let bench = Bench::new().await;
    bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap();
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    let erasure = of(Some(stored(&failing("c-1"))), WITHOUT_AN_ITEM);
    bench.store.erase(&erasure).await.unwrap();
    assert_eq!(bench.keys().await, [control()]);
    assert_eq!(bench.store.control(&acme()).await.unwrap().revision, erasure.control.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_another_transaction_stands_in_the_way_of_is_tried_again() {
    let bench = Bench::new().await;
    bench.store.put(&first(&failing("c-1")), &keeping(1)).await.unwrap();
    bench.break_next("TransactWriteItems", [Fault::Refused("TransactionConflictException")]);
    let erasure = of(Some(stored(&failing("c-1"))), WITHOUT_AN_ITEM);
    assert_eq!(bench.store.erase(&erasure).await.unwrap(), Erasing::Done);
    assert_eq!(bench.clock.waits(), 1);
}

/// A request that names `c-1` and others.
fn request(name: &str, records: &[&str]) -> Request {
    let records = records.iter().map(|id| contact(id)).map(|key| (key.object, key.id));
    Request {
        id: RequestId::new(name).unwrap(),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::records(records).unwrap(),
        as_of: at(0),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

/// Another version of the program writes the same request as another text.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_an_older_version_wrote_are_shortened_too() {
    let bench = Bench::new().await;
    let mut changes = Vec::new();
    for (name, revision) in [("one", 0), ("two", 1)] {
        let (before, after) = (request(name, &["c-1", "c-2"]), request(name, &["c-2"]));
        let owing = Control { revision: revision + 1, ..Control::default() };
        assert_eq!(
            bench.store.keep_request(&before, &owing, revision, &told(&before)).await.unwrap(),
            KeptRequest::New
        );
        let text = format!(" {} ", serde_json::to_string(&before).unwrap());
        bench.tamper("q#acme", name, "d", AttributeValue::S(text)).await;
        changes.push((before, after));
    }
    let erasure = Erasure { requests: changes, ..of(None, 2) };
    assert_eq!(bench.store.erase(&erasure).await.unwrap(), Erasing::Done);
    let requests = bench.store.requests(&acme(), 10).await.unwrap();
    assert!(requests.iter().all(|request| request.wanted == self::request("any", &["c-2"]).wanted), "{requests:?}");
}
