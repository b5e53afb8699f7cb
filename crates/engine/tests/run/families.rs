//! A record that a person has tried brings those that wait for it: parents first, children after them, each once.
//!
//! Must not know: how children are found.

use engine::fakes::sample;
use rules::ids::RecordKey;
use rules::resync::{Matching, Progress, Wanted};
use serde_json::{Value, json};

use crate::forced::{all_refused, done};
use crate::support::watched::sends;
use crate::support::{World, at, id, interval, recent};

/// A child that waits for its parent: the catalogue's `daco-05`.
const WAITS: &str = "DACO-05";

fn of(object: &str, record: &str) -> RecordKey {
    RecordKey { connection: id("acme"), object: sample::object(object), id: sample::record_id(record) }
}

fn needs(object: &str, record: &str) -> Value {
    json!({ "parent": { "object": object, "externalId": record } })
}

fn named(object: &str, record: &str) -> Wanted {
    let key = of(object, record);
    Wanted::records([(key.object, key.id)]).expect("one record")
}

/// An invoice, its three items, a note on one of them, and somebody else's item.
async fn family(world: &World) {
    world.fails_with(&of("Invoice__c", "i-1"), 1, sample::CODE, &json!({})).await;
    for item in ["one", "two", "three"] {
        world.fails_with(&of("Item__c", item), 1, WAITS, &needs("Invoice__c", "i-1")).await;
    }
    world.fails_with(&of("Note__c", "n"), 1, WAITS, &needs("Item__c", "two")).await;
    world.fails_with(&of("Item__c", "elsewhere"), 1, WAITS, &needs("Invoice__c", "i-2")).await;
}

fn sent_objects(world: &World) -> Vec<(String, usize)> {
    let upserts = world.requests().into_iter().filter(|request| request.size() > 0);
    upserts.map(|request| (request.records[0].key.object.to_string(), request.size())).collect()
}

fn in_order() -> Vec<(String, usize)> {
    [("Invoice__c", 1), ("Item__c", 3), ("Note__c", 1)].map(|(object, size)| (object.to_owned(), size)).to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_named_parent_brings_its_children_and_theirs_after_it() {
    for connection in [interval(), recent()] {
        let world = World::new("2026-03-02T09:02:00Z", [connection]).await;
        family(&world).await;
        world.asks("invoice", named("Invoice__c", "i-1")).await;
        world.drive_until(at("2026-03-02T09:10:00Z")).await;
        assert_eq!(sent_objects(&world), in_order());
        assert_eq!(done(&world, "invoice").await, Progress { tried: 5, resolved: 5, ..Progress::default() });
        assert_eq!(world.failing(), 1, "somebody else's item waits for its own invoice");
        world.upholds_the_invariants().await;
    }
}

#[tokio::test(start_paused = true)]
async fn parents_that_are_described_bring_the_children_of_those_that_were_saved() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    family(&world).await;
    world.asks("invoices", Wanted::Matching(Matching::of_object(sample::object("Invoice__c")))).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(sent_objects(&world), in_order());
    assert_eq!((done(&world, "invoices").await.resolved, world.failing()), (5, 1));
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_described_parent_that_fails_again_brings_nobody() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    family(&world).await;
    all_refused(&world);
    world.asks("invoices", Wanted::Matching(Matching::of_object(sample::object("Invoice__c")))).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "invoices").await, Progress { tried: 1, failed: 1, ..Progress::default() });
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_named_parent_that_is_resolved_already_still_brings_those_that_wait() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails_with(&of("Item__c", "one"), 1, WAITS, &needs("Invoice__c", "i-9")).await;
    world.asks("invoice", named("Invoice__c", "i-9")).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    let progress = done(&world, "invoice").await;
    assert_eq!((progress.resolved, progress.skipped_because.unknown, world.failing()), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_circle_of_parents_comes_to_its_end() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails_with(&of("Account", "a"), 1, WAITS, &needs("Account", "b")).await;
    world.fails_with(&of("Account", "b"), 1, WAITS, &needs("Account", "a")).await;
    world.asks("circle", named("Account", "a")).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "circle").await.tried, world.failing()), (2, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_child_that_failed_after_the_request_is_left_to_its_schedule() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails_with(&of("Invoice__c", "i-1"), 1, sample::CODE, &json!({})).await;
    world.asks("invoice", named("Invoice__c", "i-1")).await;
    world.wait_until(at("2026-03-02T09:03:00Z")).await;
    world.fails_with(&of("Item__c", "late"), 1, WAITS, &needs("Invoice__c", "i-1")).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "invoice").await.tried, world.failing()), (1, 1));
    world.upholds_the_invariants().await;
}
