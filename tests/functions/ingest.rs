//! `ingest`, given the batches that its queue delivers.
//!
//! Must not know: what is inside the binary.

use std::time::Duration;

use engine::ports::UsageReports;
use rules::counts::ApiCalls;
use rules::record::{Next, Resolution, State, Stored};
use rules::schedule::{TICK, next_tick_after};
use serde_json::{Value, json};

use super::clock::{HOUR, now};
use super::environment::{self, Services};
use super::process::Binary;
use super::reports::{CANARY, batch, batch_of_texts, event, failed, given_back, succeeded, used};
use super::secrets::CLIENT_SECRET;
use super::world::{World, connection_id};

async fn world() -> World {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_successes_and_usage_are_taken_in_and_duplicates_change_nothing() {
    let world = world().await;
    let at = now() - HOUR;
    let (ann, bob) = (failed("acme", "ann", at), failed("acme", "bob", at));
    let bob_again = succeeded("acme", "bob", at + Duration::from_mins(1));
    let (cy, usage) = (succeeded("acme", "cy", at), used("acme", 7, at));
    let events = [ann.clone(), bob, bob_again.clone(), cy, usage.clone(), ann, bob_again, usage];

    let mut ingest = world.function(Binary::Ingest).await;
    for _ in 0..2 {
        assert_eq!(ingest.invoke(batch(&events)).await, json!({"batchItemFailures": []}));
    }

    let ann = world.record("acme", "ann").await;
    assert_eq!(ann.state, State::Scheduled(Next::At(next_tick_after(at, TICK))));
    assert_eq!((ann.first_failed, ann.failure.code.as_str()), (at, "UNABLE_TO_LOCK_ROW"));
    let bob = world.record("acme", "bob").await;
    assert!(matches!(bob.state, State::Resolved { how: Resolution::SucceededElsewhere, .. }), "{:?}", bob.state);
    assert!(matches!(world.stored("acme", "cy").await, Some(Stored::Success(_))));
    let usage = world.store.usage(&connection_id("acme")).await.unwrap();
    assert_eq!(usage.total().used(now(), Duration::from_secs(20)), ApiCalls(7));
    assert!(world.calls().is_empty(), "ingest calls nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_arrives_after_its_success_in_one_batch_is_not_retried() {
    let world = world().await;
    let at = now() - HOUR;
    let events = [succeeded("acme", "ann", at + Duration::from_mins(5)), failed("acme", "ann", at)];
    let mut ingest = world.function(Binary::Ingest).await;
    assert_eq!(ingest.invoke(batch(&events)).await, json!({"batchItemFailures": []}));
    assert!(matches!(world.stored("acme", "ann").await, Some(Stored::Success(_))));
}

/// Each bad body, and a word of what the log must say about it.
fn bad_bodies() -> Vec<(String, &'static str)> {
    let at = now() - HOUR;
    let lacking =
        event("Sync Failed", at, &json!({"connection": "acme", "object": "Contact", "payload": {"a": CANARY}}));
    let mut huge = failed("acme", "huge", at);
    huge["detail"]["payload"]["Notes"] = Value::from("x".repeat(1_000_000));
    vec![
        (format!("{{ {CANARY}"), "is not JSON"),
        (lacking.to_string(), "detail.externalId: is missing"),
        (failed("nobody", "dan", at).to_string(), "is not known"),
        (huge.to_string(), "bytes"),
        (failed("acme", "early", now() + HOUR).to_string(), "is in the future"),
        (failed("acme", "late", now() - HOUR * 24 * 30).to_string(), "is older than 29 days"),
        (event("Sync Delayed", at, &json!({"connection": "acme"})).to_string(), "is not a kind of event that is known"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_events_go_back_to_the_queue_one_by_one_and_a_good_one_among_them_is_taken_in() {
    let world = world().await;
    let bad = bad_bodies();
    let mut bodies: Vec<String> = bad.iter().map(|(body, _)| body.clone()).collect();
    bodies.push(failed("acme", "ann", now() - HOUR).to_string());

    let mut ingest = world.function(Binary::Ingest).await;
    let response = ingest.invoke(batch_of_texts(&bodies)).await;
    let expected: Vec<String> = (0..bad.len()).map(|number| format!("m-{number}")).collect();
    assert_eq!(given_back(&response), expected);
    assert!(matches!(world.stored("acme", "ann").await, Some(Stored::Record(_))));
    for contact in ["dan", "huge", "early", "late"] {
        assert_eq!(world.stored("acme", contact).await, None, "{contact}");
    }

    let log = ingest.log().await;
    for (number, (_, word)) in bad.iter().enumerate() {
        let id = format!("\"message_id\":\"m-{number}\"");
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(&id)).collect();
        assert!(lines.len() == 1 && lines[0].contains(word), "{word}: {lines:?}\n{log}");
    }
    assert!(log.contains(r#""connection":"acme""#), "{log}");
    assert!(!log.contains(CANARY) && !log.contains(CLIENT_SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_out_of_reach_gives_every_message_back() {
    let world = world().await;
    let services = Services { dynamodb: "http://127.0.0.1:9".to_owned(), ..world.services() };
    let environment = environment::of(Binary::Ingest, &services);
    let mut ingest = super::process::Function::start(Binary::Ingest, &environment).await;
    let events = [failed("acme", "ann", now() - HOUR), failed("acme", "bob", now() - HOUR)];
    let response = ingest.invoke(batch(&events)).await;
    assert_eq!(given_back(&response), ["m-0", "m-1"]);
    let log = ingest.log().await;
    assert!(log.contains("a report could not be taken in") && !log.contains(CANARY), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_batch_fails_the_invocation_and_the_next_one_is_served() {
    let world = world().await;
    let mut ingest = world.function(Binary::Ingest).await;
    let error = ingest.fail(json!({"Records": CANARY})).await;
    assert_eq!(error["errorType"], "WrongEvent");
    assert_eq!(error["errorMessage"], "the event is not a batch of messages of SQS");
    assert_eq!(ingest.invoke(batch(&[])).await, json!({"batchItemFailures": []}));
    assert!(!ingest.log().await.contains(CANARY));
}
