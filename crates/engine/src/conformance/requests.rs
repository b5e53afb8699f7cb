//! Requests for forced retries: each id once, and a list of the latest.
//!
//! Must not know: how a request is carried out.

use std::time::Duration;

use rules::control::Control;
use rules::ids::{ConnectionId, Epoch, RequestId};
use rules::owed::Forced;
use rules::resync::{Action, Count, FailingState, Matching, Planned, Progress, Request, RequestState, Skips, Wanted};

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{AuditAction, AuditEntry, KeptRequest, Saved, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

fn id(text: &str) -> RequestId {
    RequestId::new(text).expect("a sample's request has a valid id")
}

/// A request of `acme`, made so many minutes after the tick.
fn request(name: &str, minutes: u64, wanted: Wanted) -> Request {
    Request {
        id: id(name),
        connection: acme(),
        action: Action::Resync,
        wanted,
        as_of: sample::time(sample::TICK) + Duration::from_mins(minutes),
        requested_by: "ann \"the\" admin".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

fn of_all(name: &str, minutes: u64) -> Request {
    request(name, minutes, Wanted::all())
}

/// As it is when all of it was tried.
fn done(request: &Request) -> Request {
    let because = Skips { resolved: 1, changed: 2, ..Skips::default() };
    let progress = Progress { tried: 9, resolved: 4, failed: 3, unknown: 2, ..Progress::default() }.skipping(because);
    let ended = Some(request.as_of + Duration::from_mins(5));
    Request { state: RequestState::Done, progress, ended, ..request.clone() }
}

/// The audit's entry of a request.
pub(super) fn told(request: &Request) -> AuditEntry {
    AuditEntry {
        id: 7,
        at: request.as_of,
        who: request.requested_by.clone(),
        action: AuditAction::ResyncRequested,
        connection: Some(request.connection.clone()),
        subject: request.id.to_string(),
        records: 0,
        expires: request.as_of + Duration::from_hours(24 * 365),
    }
}

async fn kept<S: Store>(store: &S, request: &Request) -> KeptRequest {
    let control = store.control(&request.connection).await.expect(ANSWERS);
    let owing = Control { revision: control.revision + 1, ..control.clone() };
    store.keep_request(request, &owing, control.revision, &told(request)).await.expect(ANSWERS)
}

async fn changed<S: Store>(store: &S, before: &Request, after: &Request) -> Saved<Option<Request>> {
    store.change_request(before, after).await.expect(ANSWERS)
}

async fn read<S: Store>(store: &S, name: &str) -> Option<Request> {
    store.request(&acme(), &id(name)).await.expect(ANSWERS)
}

/// In any order; one that is not there is left out, and so is that of another connection.
pub async fn requests_are_read_by_their_names<S: Store>(store: &S) {
    let all = [of_all("a", 1), of_all("b", 2), of_all("c", 3)];
    let elsewhere = Request { connection: sample::connection_id("other"), ..of_all("d", 4) };
    for request in all.iter().chain([&elsewhere]) {
        assert_eq!(kept(store, request).await, KeptRequest::New);
    }
    let names = ["c", "none", "a", "d"].map(id);
    let mut found = store.requests_named(&acme(), &names).await.expect(ANSWERS);
    found.sort_by_key(|request| request.as_of);
    assert_eq!(found, [all[0].clone(), all[2].clone()]);
    assert_eq!(store.requests_named(&acme(), &[]).await.expect(ANSWERS), []);
}

/// Whatever was wanted, a hundred of the longest ids included.
pub async fn requests_of_every_kind_are_read_back<S: Store>(store: &S) {
    let (contact, row_lock) = (sample::object("Contact"), sample::error_type("row-lock"));
    let longest = |number: usize| (contact.clone(), sample::record_id(&format!("{number:03}{}", "ü#".repeat(126))));
    let whole = Matching {
        object: Some(contact.clone()),
        state: Some(FailingState::TimedOut),
        failed_from: Some(sample::time(sample::TICK)),
        failed_to: Some(sample::time(sample::TICK)),
        ..Matching::of_type(row_lock.clone())
    };
    let kinds = [
        Wanted::Records((0..100).map(longest).collect()),
        Wanted::Matching(Matching::of_type(row_lock)),
        Wanted::Matching(whole),
        Wanted::all(),
        Wanted::Matching(Matching::of_object(contact)),
    ];
    for (wanted, name) in kinds.into_iter().zip(["a", "B-1", "c_2", &"d".repeat(64), "0"]) {
        assert_eq!(read(store, name).await, None);
        let planned = Some(Planned { records: Count::about(50_000), epoch: Epoch(7) });
        let request = Request { action: Action::Delete, planned, ..request(name, 0, wanted) };
        assert_eq!(kept(store, &request).await, KeptRequest::New);
        assert_eq!(read(store, name).await, Some(request));
    }
}

/// The same id again is the request that is there, as it is there.
pub async fn a_request_is_kept_once_and_known_from_then_on<S: Store>(store: &S) {
    let first = of_all("again", 0);
    assert_eq!(kept(store, &first).await, KeptRequest::New);
    assert_eq!(kept(store, &first).await, KeptRequest::Known(Box::new(first.clone())));
    let other = request("again", 7, Wanted::Matching(Matching::of_object(sample::object("Contact"))));
    assert_eq!(kept(store, &other).await, KeptRequest::Known(Box::new(first.clone())));
    assert_eq!(changed(store, &first, &done(&first)).await, Saved::Done);
    assert_eq!(kept(store, &first).await, KeptRequest::Known(Box::new(done(&first))));
    assert_eq!(store.requests(&acme(), 10).await.expect(ANSWERS), [done(&first)], "and it is listed once");
}

/// State, progress and end are as written; the same write again, whose reply was lost, is done.
pub async fn a_request_that_ended_says_so<S: Store>(store: &S) {
    let open = of_all("one", 0);
    assert_eq!(kept(store, &open).await, KeptRequest::New);
    for _ in 0..2 {
        assert_eq!(changed(store, &open, &done(&open)).await, Saved::Done);
        assert_eq!(read(store, "one").await, Some(done(&open)));
    }
}

/// Who writes over what somebody else wrote meanwhile is told what that is, and changes nothing.
pub async fn a_request_is_changed_only_as_it_was_read<S: Store>(store: &S) {
    let open = of_all("one", 0);
    assert_eq!(changed(store, &open, &done(&open)).await, Saved::Conflict(None), "it was never kept");
    assert_eq!(read(store, "one").await, None);
    assert_eq!(kept(store, &open).await, KeptRequest::New);
    let cancelled = Request { state: RequestState::Cancelled, ..done(&open) };
    assert_eq!(changed(store, &open, &cancelled).await, Saved::Done);
    for after in [done(&open), Request { wanted: Wanted::Records(Vec::new()), ..open.clone() }] {
        assert_eq!(changed(store, &open, &after).await, Saved::Conflict(Some(cancelled.clone())));
        assert_eq!(read(store, "one").await, Some(cancelled.clone()));
    }
    let shorter = Request { wanted: Wanted::Records(Vec::new()), ..cancelled.clone() };
    assert_eq!(changed(store, &cancelled, &shorter).await, Saved::Done);
    assert_eq!(store.requests(&acme(), 10).await.expect(ANSWERS), [shorter], "and it is listed once");
}

/// A request is never there without the control item that owes it, nor that without the request.
pub async fn a_request_and_the_control_item_that_owes_it_are_kept_together_or_not_at_all<S: Store>(store: &S) {
    let (first, second) = (of_all("one", 0), of_all("two", 1));
    let owing = |control: &Control, request: &Request, revision| {
        let owed = control.owed.clone().with_request(Forced::accepted(request, control.epoch)).expect("there is room");
        Control { owed, revision, ..control.clone() }
    };
    let nothing = Control::default();
    let owes_one = owing(&nothing, &first, 11);
    assert_eq!(store.keep_request(&first, &owes_one, 0, &told(&first)).await.expect(ANSWERS), KeptRequest::New);
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), owes_one);
    assert_eq!(read(store, "one").await, Some(first.clone()));
    for stale in [0, 7] {
        let late =
            store.keep_request(&second, &owing(&nothing, &second, 12), stale, &told(&second)).await.expect(ANSWERS);
        assert_eq!(late, KeptRequest::Overtaken(Box::new(owes_one.clone())), "the control item was {stale}");
        assert_eq!(read(store, "two").await, None);
        assert_eq!(store.requests(&acme(), 10).await.expect(ANSWERS), std::slice::from_ref(&first));
    }
    let again = store.keep_request(&first, &owing(&owes_one, &second, 12), 11, &told(&second)).await.expect(ANSWERS);
    assert_eq!(again, KeptRequest::Known(Box::new(first.clone())));
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), owes_one, "a request that was known owes nothing more");
}

/// By when they were made, whatever they are called, open ones and ended ones.
pub async fn requests_come_newest_first_and_no_more_than_asked_for<S: Store>(store: &S) {
    assert_eq!(store.requests(&acme(), 5).await.expect(ANSWERS), []);
    let requests = [of_all("z", 0), of_all("a", 1), of_all("m", 2), of_all("b", 2), of_all("c", 3)];
    for request in requests.iter().rev() {
        assert_eq!(kept(store, request).await, KeptRequest::New);
    }
    assert_eq!(changed(store, &requests[1], &done(&requests[1])).await, Saved::Done);
    let [first, second, third, fourth, fifth] = requests;
    // Of those of one instant, the one whose id sorts last comes first.
    let newest_first = [fifth, third, fourth, done(&second), first];
    for limit in [1, 2, 4, 5, 100] {
        let found = store.requests(&acme(), limit).await.expect(ANSWERS);
        assert_eq!(found, newest_first[..limit.min(5)], "at most {limit}");
    }
}

/// One id names a request in each of two connections, one of which begins the other's name.
pub async fn requests_of_another_connection_are_kept_apart<S: Store>(store: &S) {
    let ours = of_all("one", 0);
    let theirs = Request { connection: sample::connection_id("acme-2"), ..of_all("one", 1) };
    for request in [&ours, &theirs] {
        assert_eq!(kept(store, request).await, KeptRequest::New);
    }
    for request in [ours, theirs] {
        let connection = request.connection.clone();
        assert_eq!(store.request(&connection, &request.id).await.expect(ANSWERS), Some(request.clone()));
        assert_eq!(store.requests(&connection, 10).await.expect(ANSWERS), [request]);
    }
}
