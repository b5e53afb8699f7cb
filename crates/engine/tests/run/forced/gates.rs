//! That nothing is forced past a gate that concerns the whole connection.
//!
//! Must not know: where a request is kept.

use engine::fakes::reply;
use engine::ports::{NotProcessed, ProbeAnswer, UpsertAnswer};
use rules::counts::ApiCalls;
use rules::resync::{Progress, RequestState};

use super::{all_refused, done};
use crate::support::persons::everything;
use crate::support::{World, at, interval, minutes, recent};

#[tokio::test(start_paused = true)]
async fn a_paused_connection_tries_nothing_and_what_was_asked_waits() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails("a", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.asks("waits", everything()).await;
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((world.calls(), world.request("waits").await.state), (0, RequestState::Open));
    world.set(|acme| acme.paused = false).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T10:20:00Z"]);
    assert_eq!(done(&world, "waits").await.resolved, 1);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_suspended_connection_is_probed_before_anything_that_was_asked_is_sent() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails("a", 1).await;
    let down = NotProcessed::Down;
    world.salesforce().answer_next(reply::of(UpsertAnswer::NotProcessed(down)));
    world.salesforce().probe_next(reply::of(ProbeAnswer::NotProcessed(down)));
    world.asks("waits", everything()).await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((world.sent("a").len(), world.record("a").attempts.total()), (1, 0));
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((done(&world, "waits").await.resolved, world.sent("a").len()), (1, 2));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_forced_past_the_budget() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(0))).await;
    world.fails("a", 1).await;
    world.asks("waits", everything()).await;
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((world.calls(), world.request("waits").await.state), (0, RequestState::Open));
    world.set(|acme| acme.budget.api_limit = None).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(
        (done(&world, "waits").await.tried + u64::from(world.record("a").attempts.interval), world.failing()),
        (1, 0)
    );
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_record_makes_the_request_come_again_and_the_others_are_not_tried_twice() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    all_refused(&world);
    world.fails("doubtful", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.asks("first", everything()).await;
    world.drive_until(at("2026-03-02T09:17:00Z")).await;
    assert_eq!(done(&world, "first").await, Progress { tried: 1, unknown: 1, ..Progress::default() });
    world.fails("other", 1).await;
    world.asks("second", everything()).await;
    world.drive_until(at("2026-03-02T09:19:00Z")).await;
    assert_eq!(world.request("second").await.state, RequestState::Open);
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(done(&world, "second").await, Progress { tried: 2, failed: 2, ..Progress::default() });
    assert_eq!(minutes(&world.sent("doubtful")), ["2026-03-02T09:15:00Z", "2026-03-02T09:40:00Z"]);
    assert_eq!(minutes(&world.sent("other")), ["2026-03-02T09:17:00Z"]);
    world.upholds_the_invariants().await;
}
