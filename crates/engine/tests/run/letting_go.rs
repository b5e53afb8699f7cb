//! What a person lets go on goes on at once: a higher limit, the end of a pause, and a suspension that is cleared.
//!
//! Must not know: how a run is asked for.

use std::time::Duration;

use engine::fakes::reply;
use engine::manage::{Changed, Wish, change, clear_suspension};
use engine::ports::{AuditAction, LoginAnswer, NotProcessed};
use engine::suspension::Cleared;
use serde_json::{Value, json};

use crate::support::persons::everything;
use crate::support::{World, at, id, interval, minutes, recent};

async fn changes(world: &World, patch: Value) {
    let wish = Wish { patch: &patch, action: AuditAction::ConnectionChanged, who: "ada" };
    let changed = change(&world.parts, &id("acme"), wish).await.expect("the store works");
    assert!(matches!(changed, Changed::Changed(_)), "{changed:?}");
}

/// A world whose tick of 09:20 found the budget spent; it is 09:25 now.
async fn spent() -> World {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("waits", 1).await;
    world.used(5_000, at("2026-03-02T09:00:00Z")).await;
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    assert_eq!(world.calls(), 0);
    world
}

#[tokio::test(start_paused = true)]
async fn a_higher_limit_releases_the_records_that_wait_without_waiting_for_a_tick() {
    let world = spent().await;
    changes(&world, json!({ "budget": { "api_limit": 50_000 } })).await;
    world.drive(Duration::from_mins(5)).await;
    assert_eq!((minutes(&world.sent("waits")), world.failing()), (vec!["2026-03-02T09:25:00Z".to_owned()], 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_raised_and_still_spent_starts_nothing() {
    let world = spent().await;
    changes(&world, json!({ "budget": { "api_limit": 6_000 } })).await;
    world.drive(Duration::from_mins(5)).await;
    assert_eq!((world.calls(), world.run_reports().len(), world.newly_requested()), (0, 0, vec![]));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_not_due_yet_is_not_tried_earlier_for_it() {
    let world = spent().await;
    world.fails("later", 1).await;
    changes(&world, json!({ "budget": { "api_limit": 50_000 } })).await;
    world.drive(Duration::from_mins(5)).await;
    assert!(world.sent("later").is_empty() && !world.sent("waits").is_empty());
    world.drive(Duration::from_mins(15)).await;
    assert_eq!(minutes(&world.sent("later")), ["2026-03-02T09:40:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_resumed_goes_on_at_once_with_its_records_and_with_what_was_asked_for() {
    for policy in [interval(), recent()] {
        let world = World::new("2026-03-02T09:02:00Z", [policy]).await;
        changes(&world, json!({ "paused": true })).await;
        world.fails("waits", 1).await;
        world.asks("wish", everything()).await;
        world.drive_until(at("2026-03-02T09:45:00Z")).await;
        assert_eq!(world.calls(), 0);
        changes(&world, json!({ "paused": false })).await;
        world.drive(Duration::from_mins(5)).await;
        assert_eq!((minutes(&world.sent("waits")), world.failing()), (vec!["2026-03-02T09:45:00Z".to_owned()], 0));
        world.upholds_the_invariants().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspension_that_is_cleared_sends_at_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(500).await;
    world.salesforce().login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    world.salesforce().login_always(reply::of(LoginAnswer::SignedIn));
    let cleared = clear_suspension(&world.parts, &id("acme"), "ada").await.expect("the store works");
    assert!(matches!(cleared, Cleared::Cleared(_)), "{cleared:?}");
    world.drive(Duration::from_mins(5)).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_opens_nothing_or_finds_nothing_waiting_starts_no_run() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    changes(&world, json!({ "paused": true })).await;
    changes(&world, json!({ "paused": false })).await;
    assert_eq!(world.newly_requested(), []);
    world.fails("fine", 1).await;
    changes(&world, json!({ "calls_in_flight": 2 })).await;
    assert_eq!(world.newly_requested(), []);
}
