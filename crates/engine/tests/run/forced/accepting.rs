//! Which requests are accepted, and what becomes of the same one again.
//!
//! Must not know: where a request is kept.

use engine::resync::{Accepted, Cancelled};
use rules::catalogue::ErrorType;
use rules::resync::{MOST_OPEN, Matching, Progress, Wanted};
use serde_json::json;

use super::{all_refused, done};
use crate::support::persons::{everything, request_id, these};
use crate::support::{World, at, interval, key, recent};

#[tokio::test(start_paused = true)]
async fn a_request_for_a_type_that_no_record_has_is_done_without_a_call() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let error_type = ErrorType::parse("daco-02").expect("a type of the catalogue");
    world.asks("none", Wanted::Matching(Matching::of_type(error_type))).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "none").await, world.calls()), (Progress::default(), 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_request_twice_is_one_request() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    all_refused(&world);
    world.fails("a", 1).await;
    let first = world.asks("once", everything()).await;
    assert_eq!(world.wishes("once", everything()).await, Accepted::Known(first));
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    let known = world.request("once").await;
    assert_eq!(world.wishes("once", everything()).await, Accepted::Known(known));
    world.drive_until(at("2026-03-02T09:15:00Z")).await;
    assert_eq!(world.record("a").attempts.forced, 1);
    assert_eq!(world.wishes("once", these(&["a"])).await, Accepted::Conflict);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn another_request_tries_the_same_record_again() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    all_refused(&world);
    world.fails("a", 1).await;
    for name in ["first", "second"] {
        world.asks(name, these(&["a"])).await;
        world.drive(std::time::Duration::from_secs(10)).await;
        assert_eq!(done(&world, name).await.tried, 1);
    }
    assert_eq!(world.record("a").attempts.forced, 2);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_accepted_than_the_control_item_has_room_for() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.set(|acme| acme.paused = true).await;
    world.fails("a", 1).await;
    for number in 0..MOST_OPEN {
        world.asks(&format!("n{number}"), everything()).await;
    }
    assert_eq!(world.wishes("more", everything()).await, Accepted::TooMany);
    assert!(matches!(world.cancels("n3").await, Cancelled::Cancelled(_)));
    assert!(matches!(world.wishes("more", everything()).await, Accepted::New(_)));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn explaining_a_record_names_the_requests_that_will_try_it_and_when() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails_with(&key("held"), 1, "DACO-02", &json!({})).await;
    world.fails("other", 1).await;
    assert_eq!(world.explain("held").await.next_try, None);
    world.asks("held-only", these(&["held"])).await;
    let why = world.explain("held").await;
    assert_eq!((why.next_try, why.requests), (Some(at("2026-03-02T09:20:00Z")), vec![request_id("held-only")]));
    assert!(world.explain("other").await.requests.is_empty());
    world.set(|acme| acme.paused = true).await;
    assert_eq!(world.explain("held").await.next_try, None, "a pause holds for what persons ask, too");
    world.set(|acme| acme.paused = false).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert!(world.explain("held").await.requests.is_empty());
}
