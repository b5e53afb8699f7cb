//! The scripted Salesforce, one behaviour a test.
//!
//! Must not know: the engine's use of it.

use std::time::Duration;

use futures::future;
use rules::time::Timestamp;
use rules::verdict::Answer;

use super::{AnswerKind, FakeTarget, FakeTargets, Overlap, Requests, reply};
use crate::fakes::{VirtualClock, sample};
use crate::ports::{
    Clock, LoginAnswer, NotProcessed, ProbeAnswer, SyncTarget, Targets, Upsert, UpsertAnswer, UpsertRequest,
};

const LATE: Duration = Duration::from_mins(11);

fn start() -> Timestamp {
    sample::time(sample::TICK)
}

fn target() -> FakeTarget<VirtualClock> {
    FakeTarget::new(VirtualClock::starting(start()))
}

fn request(ids: &[&str]) -> UpsertRequest {
    let record = |(id, v): (&&str, i64)| Upsert { id: sample::record_id(id), payload: sample::payload(v) };
    let records = ids.iter().zip(1..).map(record).collect();
    UpsertRequest { object: sample::object("Contact"), field: sample::field("Ext_Id__c"), records }
}

fn overlap(id: &str) -> Overlap {
    Overlap { object: sample::object("Contact"), id: sample::record_id(id), first: 1, second: 2 }
}

#[tokio::test(start_paused = true)]
async fn without_a_script_a_batch_is_saved_and_remembered() {
    let target = target();
    let reply = target.upsert(request(&["a", "b"])).await;
    assert_eq!(reply.answer, UpsertAnswer::Processed(vec![Answer::Saved, Answer::Saved]));
    let [call] = target.calls().try_into().unwrap();
    assert_eq!((call.started, call.ended), (start(), Some(start() + Duration::from_millis(250))));
    assert_eq!(call.answer, Some(AnswerKind::Processed { saved: 2, refused: 0, unknown: 0 }));
    let sent: Vec<_> = call.records.iter().map(|record| (record.id.as_str(), record.v)).collect();
    assert_eq!(sent, [("a", Some(1)), ("b", Some(2))]);
}

#[tokio::test(start_paused = true)]
async fn answers_set_for_the_next_batches_come_before_the_script() {
    let target = target();
    target.answer_with(|request, number, now| {
        assert_eq!((number, now), (2, start() + Duration::from_millis(250)));
        reply::all_refused(request, sample::CODE, sample::MESSAGE)
    });
    target.answer_next(reply::of(UpsertAnswer::NotProcessed(NotProcessed::Down)));
    assert_eq!(target.upsert(request(&["a"])).await.answer, UpsertAnswer::NotProcessed(NotProcessed::Down));
    let refused = UpsertAnswer::Processed(vec![reply::refused(sample::CODE, sample::MESSAGE)]);
    assert_eq!(target.upsert(request(&["a"])).await.answer, refused);
}

#[tokio::test(start_paused = true)]
async fn a_record_in_two_calls_at_the_same_time_is_found_and_one_after_the_other_is_not() {
    let target = target();
    target.upsert(request(&["a"])).await;
    target.upsert(request(&["a"])).await;
    target.never_overlapping();
    let target = self::target();
    future::join(target.upsert(request(&["a", "b"])), target.upsert(request(&["b", "c"]))).await;
    assert_eq!(target.overlaps(Duration::ZERO), [overlap("b")]);
}

#[tokio::test(start_paused = true)]
async fn a_record_sent_again_before_an_unknown_batch_is_over_is_an_overlap() {
    let target = target();
    target.answer_next(reply::of(UpsertAnswer::Unknown));
    target.upsert(request(&["a"])).await;
    target.upsert(request(&["a"])).await;
    target.never_overlapping();
    assert_eq!(target.overlaps(LATE), [overlap("a")]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_cut_off_has_an_end_and_no_answer_and_may_be_committed_late() {
    let target = target();
    let clock = target.clock;
    let cut_off = tokio::time::timeout(Duration::from_millis(100), target.upsert(request(&["a"]))).await;
    assert!(cut_off.is_err());
    let [call] = target.calls().try_into().unwrap();
    assert_eq!((call.ended, call.answer), (Some(start() + Duration::from_millis(100)), None));
    clock.wait(LATE).await;
    target.upsert(request(&["a"])).await;
    assert_eq!(target.overlaps(LATE), []);
    assert_eq!(target.overlaps(LATE + Duration::from_millis(2)), [overlap("a")]);
}

#[tokio::test(start_paused = true)]
async fn signing_in_lasts_until_an_answer_refuses_the_token() {
    let target = target();
    target.login_next(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    target.login().await;
    assert!(!target.is_signed_in(), "a refused login gives no token");
    target.login().await;
    assert!(target.is_signed_in());
    target.probe_next(reply::of(ProbeAnswer::SessionExpired));
    target.probe().await;
    assert!(!target.is_signed_in(), "a probe found the token expired");
    target.login().await;
    target.answer_next(reply::of(UpsertAnswer::SessionExpired));
    target.upsert(request(&["a"])).await;
    assert!(!target.is_signed_in(), "a batch found the token expired");
    assert_eq!(target.requests(), Requests { secret_reads: 0, logins: 3, probes: 1, upserts: 1 });
    assert_eq!(target.requests().api_calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn the_secret_changes_and_fails_as_it_is_told() {
    let target = target();
    assert_eq!(target.secret_version().await.unwrap(), "v1");
    target.set_secret_version("v2");
    target.fail_secret(1);
    assert!(target.secret_version().await.is_err());
    assert_eq!(target.secret_version().await.unwrap(), "v2");
    assert_eq!(target.requests().api_calls(), 0, "reading the secret is no call to Salesforce");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "a batch names no id twice")]
async fn a_batch_that_names_an_id_twice_fails_the_test() {
    target().upsert(request(&["a", "a"])).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_keeps_its_salesforce_and_shares_it_with_none() {
    let targets = FakeTargets::new(VirtualClock::starting(start()));
    let (acme, zeta) = (sample::interval("acme"), sample::recent("zeta"));
    targets.of(&acme).unwrap().login().await;
    assert!(targets.of(&acme).unwrap().is_signed_in());
    assert!(!targets.target(&zeta.id).is_signed_in());
    targets.break_settings(&acme.id);
    assert!(targets.of(&acme).is_err());
    assert!(targets.of(&zeta).is_ok());
}
