//! Faults on demand: what the client sees, what was committed, and what the log says.

use std::time::Duration;

use reqwest::Method;
use salesforce_sim::{CallKind, Calls, Canned, Commit, Effect, Fault, Millis, Outcome, Settings};
use serde_json::json;

use crate::support::{Answer, Bench, CONTACTS, START, client_credentials, contacts};

/// Sends one contact to a call that is reset.
async fn cut_off(bench: &Bench, id: &str) -> reqwest::Error {
    let request = bench.request(Method::PATCH, CONTACTS).json(&contacts(&[id]));
    request.send().await.expect_err("no answer comes")
}

/// Sends one contact, waits until the simulator is as far as `arrived` says, and gives up.
async fn given_up(bench: &Bench, id: &str, arrived: impl Fn(&Bench) -> bool) {
    let request = bench.request(Method::PATCH, CONTACTS).json(&contacts(&[id]));
    let call = tokio::spawn(request.send());
    until(|| arrived(bench)).await;
    assert!(!call.is_finished(), "no answer comes");
    call.abort();
}

async fn until(reached: impl Fn() -> bool) {
    while !reached() {
        tokio::task::yield_now().await;
    }
}

fn is_logged(bench: &Bench) -> bool {
    bench.sim.log().iter().any(|entry| entry.kind == CallKind::Collections)
}

fn is_written(bench: &Bench, id: &str) -> bool {
    bench.sim.record("Contact", "Ext__c", id).is_some()
}

async fn struck(canned: Canned) -> Answer {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::answer(canned));
    let answer = bench.contacts(&["C-1"]).await;
    assert!(!is_written(&bench, "C-1"));
    let entry = bench.sim.log().pop().expect("an entry");
    assert_eq!(entry.status, Some(answer.status));
    assert_eq!(entry.fault, Some(Effect::Answer(canned, Commit::Never)));
    assert_eq!(entry.records[0].outcome, Outcome::NotProcessed);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200, "a fault strikes once");
    answer
}

#[tokio::test]
async fn refusals_carry_salesforce_s_codes_and_messages() {
    let cases = [
        (Canned::ExpiredSession, 401, "INVALID_SESSION_ID", "Session expired or invalid"),
        (Canned::TotalLimit, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        (
            Canned::ConcurrentLimit,
            403,
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        ),
        (Canned::ApiDisabled, 403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
        (Canned::ServerUnavailable, 503, "SERVER_UNAVAILABLE", "Server temporarily unavailable."),
    ];
    for (canned, status, code, message) in cases {
        let expected = json!([{"message": message, "errorCode": code}]);
        assert_eq!(struck(canned).await.parts(), (status, expected));
    }
}

#[tokio::test]
async fn broken_answers_are_html_empty_an_object_or_garbage() {
    for status in [500, 502, 503] {
        let html = struck(Canned::Html(status)).await;
        assert_eq!(html.status, status);
        assert!(html.text.starts_with("<!DOCTYPE html>"));
    }
    let empty = struck(Canned::Empty(502)).await;
    assert_eq!((empty.status, empty.text.as_str()), (502, ""));
    assert!(struck(Canned::ErrorObject(500)).await.json().is_object());
    let garbage = struck(Canned::Garbage).await;
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&garbage.text).is_err());
}

#[tokio::test]
async fn a_broken_answer_can_follow_a_commit() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::new(Effect::Answer(Canned::Html(500), Commit::First)));
    assert_eq!(bench.contacts(&["C-1"]).await.status, 500);
    assert!(is_written(&bench, "C-1"));
}

#[tokio::test]
async fn a_time_out_before_the_commit_leaves_nothing_behind() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::time_out(Commit::Never));
    given_up(&bench, "C-1", is_logged).await;
    assert!(!is_written(&bench, "C-1"));
    let entry = bench.sim.log().pop().unwrap();
    assert_eq!((entry.status, &entry.records[0].outcome), (None, &Outcome::NotProcessed));
}

#[tokio::test]
async fn a_time_out_after_the_commit_leaves_the_record_behind() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::time_out(Commit::First));
    given_up(&bench, "C-1", is_logged).await;
    assert!(is_written(&bench, "C-1"));
    let entry = bench.sim.log().pop().unwrap();
    assert_eq!((entry.status, entry.counted), (None, true));
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_at_the_bound() {
    let hang = Duration::from_millis(20);
    let bench = Bench::with(Settings { hang, ..Settings::default() }).await;
    bench.sim.fault(Fault::time_out(Commit::Never));
    let sent = bench.request(Method::PATCH, CONTACTS).json(&contacts(&["C-1"])).send().await;
    assert!(!sent.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_reset_comes_before_or_after_the_commit() {
    for (commit, written) in [(Commit::Never, false), (Commit::First, true)] {
        let bench = Bench::start().await;
        bench.sim.fault(Fault::reset(commit));
        let error = cut_off(&bench, "C-1").await;
        assert!(!error.is_timeout(), "{error:?}");
        assert_eq!(is_written(&bench, "C-1"), written);
        assert_eq!(bench.contacts(&["C-2"]).await.status, 200, "the next connection is sound");
    }
}

#[tokio::test]
async fn a_late_commit_happens_at_its_instant_on_the_simulator_s_clock() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::reset(Commit::Late(600_000)));
    cut_off(&bench, "C-1").await;
    let due = Millis(START + 600_000);
    let promised = bench.sim.log().pop().unwrap();
    assert_eq!(promised.records[0].outcome, Outcome::Pending { due });
    bench.clock.advance(599_999);
    assert!(!is_written(&bench, "C-1"));
    bench.clock.advance(5000);
    assert!(is_written(&bench, "C-1"));
    let entry = bench.sim.log().pop().unwrap();
    assert_eq!((entry.kind, entry.late_commit_of), (CallKind::LateCommit, Some(promised.sequence)));
    assert!(matches!(entry.records[0].outcome, Outcome::Committed { at, .. } if at == due));
}

#[tokio::test]
async fn a_late_commit_overwrites_what_was_written_in_between() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::reset(Commit::Late(1000)));
    cut_off(&bench, "C-1").await;
    bench.clock.advance(500);
    bench.sim.put_record("Contact", "Ext__c", "C-1", [("LastName", "Newer")]);
    bench.clock.advance(500);
    assert_eq!(bench.sim.record("Contact", "Ext__c", "C-1").unwrap()["LastName"], "Name of C-1");
}

#[tokio::test]
async fn a_slow_call_is_processed_even_when_the_client_gives_up() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::latency(1000));
    given_up(&bench, "C-1", |bench| bench.sim.calls_used() == 1).await;
    assert!(!is_written(&bench, "C-1"));
    until(|| is_logged(&bench)).await;
    assert!(is_written(&bench, "C-1"));
    assert_eq!(bench.sim.log().pop().unwrap().fault, Some(Effect::Latency(1000)));
}

#[tokio::test]
async fn latency_and_another_fault_strike_together() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::latency(1));
    bench.sim.fault(Fault::answer(Canned::ServerUnavailable));
    assert_eq!(bench.contacts(&["C-1"]).await.status, 503);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200);
}

#[tokio::test]
async fn a_fault_strikes_its_own_kind_of_call_for_as_many_calls_as_it_says() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::login_refused().times(2));
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200);
    let form = client_credentials("sim-client", "sim-secret");
    for _ in 0..2 {
        let (status, body) = bench.token(&form).await.parts();
        assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    }
    assert_eq!(bench.token(&form).await.status, 200);
}

#[tokio::test]
async fn a_fault_between_two_instants_strikes_every_call_of_that_time() {
    let bench = Bench::start().await;
    let (from, until) = (Millis(START + 1000), Millis(START + 2000));
    bench.sim.fault(Fault::answer(Canned::Html(503)).on(Calls::All).between(from, until));
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200);
    bench.clock.advance(1000);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 503);
    assert_eq!(bench.token(&client_credentials("sim-client", "sim-secret")).await.status, 503);
    bench.clock.advance(1000);
    assert_eq!(bench.contacts(&["C-1"]).await.status, 200);
}

#[tokio::test]
async fn only_calls_that_reach_the_org_are_counted() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::answer(Canned::ServerUnavailable));
    bench.contacts(&["C-1"]).await;
    assert_eq!(bench.sim.calls_used(), 0);
    bench.sim.fault(Fault::answer(Canned::Html(500)));
    bench.contacts(&["C-1"]).await;
    assert_eq!(bench.sim.calls_used(), 1);
}

#[tokio::test]
async fn a_shutdown_ends_the_calls_that_hang() {
    let bench = Bench::start().await;
    bench.sim.fault(Fault::time_out(Commit::Never));
    let request = bench.request(Method::PATCH, CONTACTS).json(&contacts(&["C-1"]));
    let before = bench.sim.log().len();
    let call = tokio::spawn(request.send());
    while bench.sim.log().len() == before {
        tokio::task::yield_now().await;
    }
    bench.sim.shutdown().await;
    assert!(call.await.unwrap().is_err());
    bench.sim.shutdown().await;
}
