//! Whose turn it is, and that nobody waits for the end of the others.
//!
//! Must not know: where a request is kept.

use engine::fakes::sample;
use rules::counts::ApiCalls;
use rules::resync::{Matching, Progress, Wanted};
use serde_json::json;

use super::{all_refused, done, lead};
use crate::support::persons::{everything, these};
use crate::support::watched::sends;
use crate::support::{World, at, interval, key, recent};

#[tokio::test(start_paused = true)]
async fn the_run_that_holds_the_lease_works_off_what_is_asked_meanwhile() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(2_000).await;
    world.fails_with(&key("excluded"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    world.fails("late", 1).await;
    let running = world.run(rules::owed::Selection::Due { tick: at("2026-03-02T09:20:00Z") });
    let asking = async {
        world.wait_until(at("2026-03-02T09:20:01Z")).await;
        world.asks("late", these(&["late"])).await;
    };
    let (ended, ()) = futures::join!(running, asking);
    ended.expect("nothing dies").expect("no port fails");
    assert_eq!((done(&world, "late").await.resolved, world.failing()), (1, 0));
    assert_eq!(world.control().await.epoch.0, 1);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_large_request_and_the_schedule_take_turns() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    all_refused(&world);
    world.many_fail(6_000).await;
    world.wait_until(at("2026-03-02T09:20:01Z")).await;
    for number in 1..=6_000 {
        world.fails_with(&lead(&format!("l{number:06}")), 1, sample::CODE, &json!({})).await;
    }
    world.asks("leads", Wanted::Matching(Matching::of_object(sample::object("Lead")))).await;
    world
        .run(rules::owed::Selection::Due { tick: at("2026-03-02T09:20:00Z") })
        .await
        .expect("nothing dies")
        .expect("no port fails");
    let objects: Vec<_> =
        world.requests().iter().filter_map(|one| one.records.first().map(|sent| sent.key.object.clone())).collect();
    let turns: Vec<_> =
        objects.chunk_by(|one, next| one == next).map(|turn| (turn[0].to_string(), turn.len())).collect();
    let turn = |object: &str| (object.to_owned(), 10);
    let expected = ["Lead", "Contact", "Lead", "Contact", "Lead", "Contact"].map(turn);
    assert_eq!(turns, expected);
    assert_eq!(done(&world, "leads").await, Progress { tried: 6_000, failed: 6_000, ..Progress::default() });
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_small_request_does_not_wait_for_the_end_of_a_large_one() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    all_refused(&world);
    world.many_fail(10_000).await;
    world.fails_with(&lead("small"), 1, sample::CODE, &json!({})).await;
    world.asks("large", Wanted::Matching(Matching::of_object(sample::object("Contact")))).await;
    world.asks("small", Wanted::Matching(Matching::of_object(sample::object("Lead")))).await;
    world.drive_until(at("2026-03-02T09:12:00Z")).await;
    let small = world.requests().iter().position(|one| one.records.iter().any(|sent| sent.key == lead("small")));
    assert!(small.is_some_and(|place| place <= 12), "it was sent as number {small:?}");
    assert_eq!((done(&world, "large").await.tried, done(&world, "small").await.tried), (10_000, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn where_the_budget_lets_only_a_few_calls_through_neither_starves_the_other() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    all_refused(&world);
    world.many_fail(8_000).await;
    world.asks("all", everything()).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(40))).await;
    world.drive_until(at("2026-03-04T10:10:00Z")).await;
    let tried = |forced: bool| {
        let count =
            |record: &rules::record::Record| if forced { record.attempts.forced } else { record.attempts.interval };
        world.records().iter().map(count).sum::<u32>()
    };
    assert!(tried(true) > 0 && tried(false) > 0, "{} forced and {} by the schedule", tried(true), tried(false));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_one_invocation_does_not_reach_goes_on_in_the_next_at_once() {
    let world =
        World::new("2026-03-02T09:02:00Z", [sample::connection("acme", &json!({ "kind": "recent", "batch": 200 }))])
            .await;
    all_refused(&world);
    world.many_fail(500).await;
    world.asks("all", everything()).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "all").await.tried, world.run_reports().len()), (500, 3));
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}
