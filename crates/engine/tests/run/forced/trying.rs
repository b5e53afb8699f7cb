//! Which records a request tries, whatever their age, attempts, queue or error type.
//!
//! Must not know: where a request is kept.

use engine::fakes::{reply, sample};
use rules::record::{HoldReason, State};
use rules::resync::{Matching, Progress, Skips, Wanted};
use rules::verdict::Answer;
use serde_json::json;

use super::{all_refused, done, lead};
use crate::support::persons::{everything, like, these};
use crate::support::watched::sends;
use crate::support::{World, at, interval, key, minutes, recent};

#[tokio::test(start_paused = true)]
async fn a_record_is_tried_at_once_although_it_is_not_due() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.fails("b", 1).await;
    world.asks("one", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "one").await, Progress { tried: 1, resolved: 1, ..Progress::default() });
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T09:02:00Z"]);
    assert!(world.sent("b").is_empty());
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_forced_try_that_fails_is_counted_apart_and_moves_nothing() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    all_refused(&world);
    world.fails("a", 1).await;
    let before = world.record("a");
    world.asks("one", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    let after = world.record("a");
    assert_eq!((after.state, after.attempts.interval, after.attempts.forced), (before.state, 0, 1));
    assert_eq!(done(&world, "one").await, Progress { tried: 1, failed: 1, ..Progress::default() });
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_in_the_timeout_queue_is_tried_and_stays_there_when_it_fails() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    all_refused(&world);
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T13:10:00Z")).await;
    let queued = world.record("a");
    assert!(matches!(queued.state, State::TimedOut { .. }));
    world.asks("one", everything()).await;
    world.drive_until(at("2026-03-02T13:15:00Z")).await;
    assert_eq!((world.record("a").state, world.record("a").attempts.forced), (queued.state, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_held_for_its_type_or_past_its_seven_days_is_tried() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    world.fails_with(&key("held"), 1, "DACO-02", &json!({})).await;
    world.fails("old", 1).await;
    all_refused(&world);
    world.drive_until(at("2026-03-10T00:10:00Z")).await;
    assert_eq!(world.record("held").state, State::Held(HoldReason::ExcludedType));
    assert!(world.explain("old").await.expired);
    world.salesforce().answer_with(|request, _, _| reply::all_saved(request));
    world.asks("both", these(&["held", "old"])).await;
    world.drive_until(at("2026-03-10T00:15:00Z")).await;
    assert_eq!(done(&world, "both").await, Progress { tried: 2, resolved: 2, ..Progress::default() });
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_by_type_and_object_leaves_the_others_alone() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("locked", 1).await;
    world.fails_with(&key("invalid"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
    world.fails_with(&lead("locked"), 1, sample::CODE, &json!({})).await;
    let error_type = world.record("locked").failure.error_type;
    world
        .asks(
            "contacts",
            Wanted::Matching(Matching { object: Some(sample::object("Contact")), ..Matching::of_type(error_type) }),
        )
        .await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "contacts").await, Progress { tried: 1, resolved: 1, ..Progress::default() });
    let tried: Vec<_> = sends(&world.requests()).into_keys().collect();
    assert_eq!(tried, [key("locked")]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_the_request_is_left_to_the_schedule() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("before", 1).await;
    world.fails("anew", 1).await;
    world.asks("all", everything()).await;
    world.wait_until(at("2026-03-02T09:03:00Z")).await;
    world.fails("after", 1).await;
    world.fails("anew", 2).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "all").await.tried, 1);
    assert!(world.sent("after").is_empty() && world.sent("anew").is_empty());
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(minutes(&world.sent("after")), ["2026-03-02T09:20:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_tried_is_counted_as_skipped_and_the_request_ends() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.retention.payload_days = Some(1)).await;
    world.fails("saved", 1).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    all_refused(&world);
    world.fails("emptied", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.wait_until(at("2026-03-04T09:15:00Z")).await;
    assert_eq!(world.applies_retention().await, 1);
    world.set(|acme| acme.paused = false).await;
    world.fails("fresh", 1).await;
    world.asks("four", these(&["saved", "emptied", "fresh", "unheard-of"])).await;
    world.drive_until(at("2026-03-04T09:18:00Z")).await;
    let why = Skips { unknown: 1, resolved: 1, payload_missing: 1, ..Skips::default() };
    assert_eq!(done(&world, "four").await, Progress { tried: 1, failed: 1, ..Progress::default() }.skipping(why));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_for_the_records_of_one_type_follows_none_that_its_own_tries_gave_another_type() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().answer_with(|request, _, _| {
        reply::each(request, |_| reply::refused("INVALID_EMAIL_ADDRESS", "invalid email address"))
    });
    world.asks("locked", like(&world.record("a"))).await;
    world.asks("all", everything()).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(world.record("a").attempts.forced + u32::from(world.sent("a").is_empty()), 1);
    assert_eq!(done(&world, "locked").await.tried + done(&world, "all").await.tried, 1);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn one_record_of_many_that_is_saved_leaves_the_others_failing() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(400).await;
    world.salesforce().answer_with(|request, _, _| {
        reply::each(request, |record| match record.id.as_str() {
            "r000007" => Answer::Saved,
            _ => reply::refused(sample::CODE, sample::MESSAGE),
        })
    });
    world.asks("all", everything()).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "all").await, Progress { tried: 400, resolved: 1, failed: 399, ..Progress::default() });
    world.upholds_the_invariants().await;
}
