//! Payloads that are kept long enough: they go, and the record says so; what Salesforce may still commit keeps its own.
//!
//! Must not know: how long anybody wants to keep what.

use engine::ports::Records;
use rules::journal::Phase;
use rules::owed::Selection;
use rules::record::{HoldReason, Next, PayloadPlace, State};
use serde_json::json;

use crate::support::{World, at, interval, key};

/// A connection that keeps payloads for two days, and is paused, so that its records grow old.
async fn paused() -> World {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| (acme.paused, acme.retention.payload_days) = (true, Some(2))).await;
    world
}

async fn has_payload(world: &World, record: &str) -> bool {
    let read = world.store.read(&[key(record)]).await.expect("the store works");
    let apart = world.store.payloads(&[&world.record(record)]).await.expect("the store works");
    read.iter().any(|read| read.payload.is_some()) || !apart.is_empty()
}

#[tokio::test(start_paused = true)]
async fn a_payload_goes_when_its_last_failure_is_older_than_it_is_kept() {
    let world = paused().await;
    world.fails("old", 1).await;
    let large = json!({ "payload": { "v": 1, "Description": "x".repeat(2_000) } });
    world.fails_with(&key("large"), 1, "UNABLE_TO_LOCK_ROW", &large).await;
    assert!(matches!(world.record("large").payload, PayloadPlace::Apart { .. }));
    world.wait_until(at("2026-03-04T09:14:59Z")).await;
    world.fails("young", 1).await;
    assert_eq!(world.applies_retention().await, 0);
    world.wait_until(at("2026-03-04T09:15:01Z")).await;
    assert_eq!(world.applies_retention().await, 2);
    for gone in ["old", "large"] {
        assert_eq!(world.record(gone).state, State::Held(HoldReason::PayloadMissing));
        assert!(!has_payload(&world, gone).await);
    }
    assert!(has_payload(&world, "young").await);
    assert_eq!(world.applies_retention().await, 0);
    world.set(|acme| acme.paused = false).await;
    world.drive_until(at("2026-03-04T09:30:00Z")).await;
    assert!(world.sent("old").is_empty() && world.sent("large").is_empty() && world.sent("young").len() == 1);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_without_payload_comes_back_when_its_source_reports_it_again() {
    let world = paused().await;
    world.fails("old", 1).await;
    world.wait_until(at("2026-03-05T09:15:00Z")).await;
    assert_eq!(world.applies_retention().await, 1);
    let held = world.explain("old").await.gates;
    assert!(held.iter().any(|gate| !gate.open && gate.text == "held: its payload is missing"));
    world.fails("old", 2).await;
    assert!(matches!(world.record("old").state, State::Scheduled(Next::At(_))));
    assert!(has_payload(&world, "old").await);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_number_of_days_every_payload_stays() {
    let world = paused().await;
    world.set(|acme| acme.retention.payload_days = None).await;
    world.fails("old", 1).await;
    world.wait_until(at("2026-04-02T09:15:00Z")).await;
    assert_eq!((world.applies_retention().await, has_payload(&world, "old").await), (0, true));
}

/// The process that tried `doubtful` died and left its journal entry open; two days' worth of payloads are kept.
async fn open_entry() -> World {
    for step in 1.. {
        let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
        world.fails("doubtful", 1).await;
        world.wait_until(at("2026-03-02T09:20:00Z")).await;
        let tick = world.run(Selection::Due { tick: at("2026-03-02T09:20:00Z") });
        let died = world.mortal.dying_at(step, tick).await.flatten().is_none();
        if world.journal().await.iter().any(|entry| entry.phase == Phase::Open) {
            world.set(|acme| (acme.paused, acme.retention.payload_days) = (true, Some(2))).await;
            return world;
        }
        assert!(died, "some step leaves an entry open");
    }
    unreachable!("the steps of a run end")
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_an_open_journal_entry_keeps_its_payload_until_it_is_settled() {
    let world = open_entry().await;
    world.wait_until(at("2026-03-05T09:15:00Z")).await;
    assert_eq!((world.applies_retention().await, has_payload(&world, "doubtful").await), (0, true));
    world.set(|acme| acme.paused = false).await;
    world.drive_until(at("2026-03-05T09:50:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants_after_deaths(1).await;
}
