//! Parents and their children, and records that cannot be sent: what goes together, what goes first, what waits.
//!
//! Must not know: why a parent locks its children.

use std::time::Duration;

use engine::fakes::{Call, reply, sample};
use engine::ports::{Keeping, NotProcessed, PayloadChange, Put, Records, UpsertAnswer};
use futures::FutureExt;
use rules::gates::Gate;
use rules::ids::RecordKey;
use rules::journal::Phase;
use rules::record::{HoldReason, State, Stored};
use serde_json::{Value, json};

use crate::support::{World, at, id, interval, key};

fn child_of(account: &str) -> Value {
    json!({ "parent": { "object": "Account", "externalId": account } })
}

async fn children(world: &World, account: &str, count: usize) {
    for number in 0..count {
        let child = key(&format!("{account}-{number:04}"));
        world.fails_with(&child, 1, sample::CODE, &child_of(account)).await;
    }
}

fn overlap(one: &Call, other: &Call) -> bool {
    let end = |call: &Call| call.ended.expect("no call is in flight any more");
    one.started < end(other) && other.started < end(one)
}

#[tokio::test(start_paused = true)]
async fn accounts_are_sent_before_the_contacts_that_need_them() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    children(&world, "acc", 300).await;
    for number in 0..300 {
        let (connection, object) = (id("acme"), sample::object("Account"));
        let account = RecordKey { connection, object, id: sample::record_id(&format!("acc{number}")) };
        world.fails_with(&account, 1, sample::CODE, &json!({})).await;
    }
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let calls = world.salesforce().calls();
    let objects: Vec<_> = calls.iter().map(|call| call.object.to_string()).collect();
    assert_eq!(objects, ["Account", "Account", "Contact", "Contact"]);
    assert!(!overlap(&calls[1], &calls[2]), "children wait until the parents' calls are answered");
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_children_of_one_parent_go_in_one_batch() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    for account in ["a", "b", "c", "d", "e"] {
        children(&world, account, 90).await;
    }
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.batch_sizes(), [180, 180, 90]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn two_calls_with_children_of_one_parent_are_never_under_way_at_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    children(&world, "big", 900).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let calls = world.salesforce().calls();
    assert_eq!((calls.len(), world.failing()), (5, 0));
    assert!(calls.windows(2).all(|pair| !overlap(&pair[0], &pair[1])), "{calls:?}");
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn records_without_a_common_parent_go_in_several_calls_at_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(1_000).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let calls = world.salesforce().calls();
    assert!(!overlap(&calls[0], &calls[1]), "the first call goes alone");
    assert!(overlap(&calls[1], &calls[2]) && overlap(&calls[1], &calls[4]), "{calls:?}");
    world.upholds_the_invariants().await;
}

/// The payload of a Contact, which is in an item of its own, is gone from the store.
fn lose_payload(world: &World, record: &str) {
    let before = world.record(record);
    let expected = Some(before.fence);
    let put = Put { stored: Stored::Record(Box::new(before.advance())), payload: PayloadChange::Drop, expected };
    world.store.put(&put, &Keeping::of(&interval())).now_or_never().expect("at once").expect("the store works");
}

fn large() -> Value {
    json!({ "payload": { "v": 1, "Description": "x".repeat(700) } })
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_payload_is_lost_is_held_and_the_others_of_its_batch_are_sent() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails_with(&key("lost"), 1, sample::CODE, &large()).await;
    world.fails_with(&key("kept"), 1, sample::CODE, &large()).await;
    lose_payload(&world, "lost");
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.record("lost").state, State::Held(HoldReason::PayloadMissing));
    assert_eq!((world.batch_sizes(), world.failing()), (vec![1], 1));
    let why = world.explain("lost").await;
    let held = |gate: &Gate| matches!(gate, Gate::NotExcluded { held: Some(HoldReason::PayloadMissing), .. });
    assert!(why.gates.iter().any(|gate| !gate.open && held(&gate.gate)) && why.next_try.is_none());
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_payload_is_lost_after_a_call_that_was_not_processed_counts_no_try() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails_with(&key("lost"), 1, sample::CODE, &large()).await;
    let there = world.clone();
    world.salesforce().answer_with(move |request, call, _| match call {
        1 => {
            there.salesforce().set_latency(Duration::from_secs(40));
            lose_payload(&there, "lost");
            reply::of(UpsertAnswer::NotProcessed(NotProcessed::Busy))
        }
        _ => reply::all_saved(request),
    });
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    let record = world.record("lost");
    assert_eq!((record.state, record.attempts.total()), (State::Held(HoldReason::PayloadMissing), 0));
    assert!(world.journal().await.iter().all(|entry| entry.phase == Phase::Closed));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_synced_payload_lifts_the_hold() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails_with(&key("lost"), 1, sample::CODE, &large()).await;
    lose_payload(&world, "lost");
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    world.fails_with(&key("lost"), 1, sample::CODE, &large()).await;
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}
