//! `retry-due`, given the schedule's event and then the events that it published itself.
//!
//! Must not know: what is inside the binary.

use std::time::Duration;

use engine::fan_out::Schedule;
use engine::ports::{Controls, Reports};
use functions::handlers::scheduled_event;
use rules::record::{Next, Resolution, State};
use salesforce_sim::{CallKind, Failure, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, TICK, now};
use super::process::Binary;
use super::reports::{CANARY, batch, failed};
use super::runtime_api::Answer;
use super::secrets::CLIENT_SECRET;
use super::world::{World, connection_id};

/// `acme` with two contacts that failed an hour ago, and `idle` with none.
async fn world() -> World {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    world.connect("idle", json!({"kind": "interval"})).await;
    let at = now() - HOUR;
    let mut ingest = world.function(Binary::Ingest).await;
    ingest.invoke(batch(&[failed("acme", "ann", at), failed("acme", "bob", at)])).await;
    world
}

fn run_requested(connection: &str, selection: &Value) -> Value {
    json!({"source": "resync", "detail-type": "Run Requested", "time": now(), "detail": {"connection": connection, "selection": selection}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_publishes_one_run_for_the_connection_with_work_and_that_event_runs_it() {
    let world = world().await;
    let mut retry_due = world.function(Binary::RetryDue).await;
    let tick = now();

    let report = retry_due.invoke(scheduled_event(Schedule::Due, tick)).await;
    let requested = json!({"connection": "acme", "selection": {"due": {"tick": tick}}});
    let expected = json!({
        "outcome": "fanned_out", "tick": tick, "started": [requested], "blocked": [], "idle": 1, "unreadable": 0
    });
    assert_eq!(report, expected);
    assert!(world.calls().is_empty(), "a tick alone calls nobody");
    let published = world.bus.take();
    assert_eq!(published.len(), 1);
    assert_eq!((&published[0]["detail-type"], &published[0]["detail"]), (&json!("Run Requested"), &requested));

    let report = retry_due.invoke(published[0].clone()).await;
    assert_eq!(report["outcome"], "ran");
    let numbers = ["stopped", "api_calls", "tried", "resolved", "failed"].map(|name| report["report"][name].clone());
    assert_eq!(numbers, [json!("done"), json!(2), json!(2), json!(2), json!(0)]);
    assert_eq!(world.calls(), [CallKind::Token, CallKind::Collections]);
    assert_eq!(world.salesforce.record("Contact", "Ext__c", "ann").unwrap()["LastName"], format!("ann {CANARY}"));
    for contact in ["ann", "bob"] {
        let state = world.record("acme", contact).await.state;
        assert!(matches!(state, State::Resolved { how: Resolution::Retried, .. }), "{contact}: {state:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcomes_of_a_batch_are_published_once_with_ids_and_types_and_without_messages() {
    let world = world().await;
    world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::external_ids(["bob"]), Failure::RowLock));
    let mut retry_due = world.function(Binary::RetryDue).await;
    let tick = now();
    retry_due.invoke(run_requested("acme", &json!({"due": {"tick": tick}}))).await;

    let published = world.bus.take();
    assert_eq!(published.len(), 1, "{published:?}");
    assert_eq!(published[0]["detail-type"], "Records Retried");
    let mut results = published[0]["detail"]["results"].as_array().unwrap().clone();
    results.sort_by_key(|result| result["id"].to_string());
    assert_eq!((&results[0]["id"], &results[0]["outcome"]), (&json!("ann"), &json!("saved")));
    assert_eq!((&results[1]["id"], &results[1]["outcome"]), (&json!("bob"), &json!("failed")));
    assert!(results[1]["errorType"].is_string(), "{results:?}");
    assert!(!published[0].to_string().contains("exclusive access"), "a message might quote the payload");

    let bob = world.record("acme", "bob").await;
    assert_eq!(bob.state, State::Scheduled(Next::At(tick + TICK)), "due at the very next tick");
    assert_eq!(bob.attempts.interval, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_delivered_twice_tries_each_record_once() {
    let world = world().await;
    world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::Every, Failure::RowLock));
    let mut retry_due = world.function(Binary::RetryDue).await;
    let tick = now();
    for _ in 0..2 {
        retry_due.invoke(scheduled_event(Schedule::Due, tick)).await;
        for detail in world.bus.take_details("Run Requested") {
            retry_due.invoke(run_requested("acme", &detail["selection"])).await;
        }
    }
    assert_eq!(world.sent().len(), 2, "{:?}", world.sent());
    assert_eq!(world.record("acme", "ann").await.attempts.interval, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_the_bus_refuses_at_first_are_published_in_the_end() {
    let world = world().await;
    world.bus.refuse_next(2);
    let mut retry_due = world.function(Binary::RetryDue).await;
    let report = retry_due.invoke(scheduled_event(Schedule::Due, now())).await;
    assert_eq!(report["started"].as_array().unwrap().len(), 1);
    assert_eq!(world.bus.take().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_deadline_is_near_sends_nothing_and_leaves_the_work_owed_to_the_next_tick() {
    let world = world().await;
    let mut retry_due = world.function(Binary::RetryDue).await;
    let selection = json!({"due": {"tick": now()}});
    let deadline = now() + Duration::from_secs(40);
    let answer = retry_due.answer(run_requested("acme", &selection), deadline).await;
    let Answer::Response(report) = answer else { panic!("{answer:?}") };
    assert_eq!(report["report"]["stopped"], "deadline");
    assert!(world.sent().is_empty());
    assert!(world.bus.take_details("Run Requested").is_empty(), "it would start runs like itself for ever");
    let control = world.store.control(&connection_id("acme")).await.unwrap();
    assert!(control.lease.is_none() && control.owed.due.is_some(), "{control:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_login_suspends_the_connection_and_blames_no_record() {
    let world = world().await;
    world.salesforce.set_secret("another".into());
    let mut retry_due = world.function(Binary::RetryDue).await;
    let report = retry_due.invoke(run_requested("acme", &json!({"due": {"tick": now()}}))).await;
    assert_eq!((&report["report"]["stopped"], &report["report"]["tried"]), (&json!("suspended"), &json!(0)));
    assert_eq!(world.calls(), [CallKind::Token]);
    assert_eq!(world.record("acme", "ann").await.attempts.interval, 0);
    let suspended = world.bus.take_details("Connection Suspended");
    assert_eq!(suspended.len(), 1);
    assert_eq!(suspended[0]["connection"], "acme");
    let log = retry_due.log().await;
    assert!(!log.contains(CANARY) && !log.contains(CLIENT_SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_connection_that_is_not_known_says_so() {
    let world = world().await;
    let mut retry_due = world.function(Binary::RetryDue).await;
    let report = retry_due.invoke(run_requested("nobody", &json!({"due": {"tick": now()}}))).await;
    assert_eq!(report, json!({"outcome": "unknown_connection"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_starts_nothing_is_a_clear_error_and_changes_nothing() {
    let world = world().await;
    let mut retry_due = world.function(Binary::RetryDue).await;
    let error = retry_due.fail(json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {}})).await;
    assert_eq!(error["errorType"], "WrongEvent");
    assert!(
        error["errorMessage"].as_str().unwrap().starts_with("the event is neither a schedule's nor a Run Requested")
    );
    assert!(world.calls().is_empty() && world.bus.take().is_empty());
    assert!(world.store.reports(&connection_id("acme"), 10).await.unwrap().is_empty());
}
