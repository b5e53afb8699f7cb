//! Requests and audit entries under the faults of the cloud.
//!
//! Must not know: how a request is carried out.

use engine::ports::{AuditAction, AuditEntry, Audits, Controls, KeptRequest, PortError, Requests, Saved};
use rules::control::Control;
use rules::ids::RequestId;
use rules::resync::{Action, Progress, Request, RequestState, Wanted};

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, at, told};

fn request(id: &str, minutes: i64) -> Request {
    Request {
        id: RequestId::new(id).unwrap(),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::all(),
        as_of: at(minutes),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

/// Keeps a request, with the control item as it is.
async fn kept(bench: &Bench, request: &Request) -> Result<KeptRequest, PortError> {
    let control = bench.store.control(&acme()).await?;
    let owing = Control { revision: control.revision + 1, ..control.clone() };
    bench.store.keep_request(request, &owing, control.revision, &told(request)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_stands_by_its_id_and_in_the_list_of_its_connection() {
    let bench = Bench::new().await;
    assert_eq!(kept(&bench, &request("one", 0)).await.unwrap(), KeptRequest::New);
    let listed = format!("{:015}#one", at(0).as_millis());
    let mut keys = bench.keys().await;
    keys.sort();
    let control = ("k#acme".to_owned(), "control".to_owned());
    let audited = |pk: &str| (pk.to_owned(), format!("{:015}#0000000000000007", at(0).as_millis()));
    let (listed, own) = (("l#acme".to_owned(), listed), ("q#acme".to_owned(), "one".to_owned()));
    assert_eq!(keys, [control, listed, own, audited("y"), audited("y#acme")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_reply_was_lost_is_there_once() {
    let bench = Bench::new().await;
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    let kept = kept(&bench, &request("one", 0)).await.unwrap();
    let known = KeptRequest::Known(Box::new(request("one", 0)));
    assert!(kept == KeptRequest::New || kept == known, "{kept:?}");
    assert_eq!(bench.store.requests(&acme(), 10).await.unwrap(), [request("one", 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_one_call_reads_are_listed_in_order() {
    let bench = Bench::new().await;
    let requests: Vec<_> =
        (0..130).map(|number| request(&format!("r-{}", number % 7 * 1_000 + number), number)).collect();
    for request in &requests {
        kept(&bench, request).await.unwrap();
    }
    let newest_first: Vec<_> = requests.into_iter().rev().collect();
    assert_eq!(bench.store.requests(&acme(), 120).await.unwrap(), newest_first[..120]);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_another_transaction_stands_in_the_way_of_are_tried_again() {
    let bench = Bench::new().await;
    let busy = || [Fault::Refused("TransactionConflictException")];
    bench.break_next("TransactWriteItems", busy());
    assert_eq!(kept(&bench, &request("one", 0)).await.unwrap(), KeptRequest::New);
    bench.break_next("TransactWriteItems", busy());
    let cancelled = Request { state: RequestState::Cancelled, ended: Some(at(1)), ..request("one", 0) };
    assert_eq!(bench.store.change_request(&request("one", 0), &cancelled).await.unwrap(), Saved::Done);
    bench.break_next("TransactWriteItems", busy());
    let entry = AuditEntry {
        id: 1,
        at: at(0),
        who: "ann".to_owned(),
        action: AuditAction::ResyncRequested,
        connection: Some(acme()),
        subject: "one".to_owned(),
        records: 0,
        expires: at(10),
    };
    bench.store.keep_audit(&entry).await.unwrap();
    assert_eq!(bench.store.audits(Some(&acme()), 10).await.unwrap(), [told(&request("one", 0)), entry]);
    assert_eq!(bench.clock.waits(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_throttled_lastingly_is_an_error_and_leaves_nothing() {
    let bench = Bench::new().await;
    bench.break_next("TransactWriteItems", vec![Fault::Refused("ThrottlingException"); 100]);
    let error = kept(&bench, &request("one", 0)).await.unwrap_err();
    assert_eq!(error.to_string(), "keeping a request failed");
    assert_eq!(bench.keys().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_reply_was_lost_is_done() {
    let bench = Bench::new().await;
    let open = request("one", 0);
    kept(&bench, &open).await.unwrap();
    let cancelled = Request { state: RequestState::Cancelled, ended: Some(at(1)), ..open.clone() };
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    assert_eq!(bench.store.change_request(&open, &cancelled).await.unwrap(), Saved::Done);
    assert_eq!(bench.store.request(&acme(), &open.id).await.unwrap(), Some(cancelled.clone()));
}
