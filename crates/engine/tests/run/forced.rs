//! What persons ask to be tried at once: whatever a record's age, attempts, queue or error type; once each; and never over a
//! gate that concerns the whole connection.
//!
//! Must not know: where a request is kept.

use engine::fakes::{reply, sample};
use engine::ports::{NotProcessed, ProbeAnswer, UpsertAnswer};
use engine::resync::{Accepted, Cancelled};
use rules::catalogue::ErrorType;
use rules::counts::ApiCalls;
use rules::ids::RecordKey;
use rules::record::{HoldReason, Next, State};
use rules::resync::{MOST_OPEN, Progress, RequestState, Wanted};
use rules::verdict::Answer;
use serde_json::json;

use crate::support::persons::{everything, like, request_id, these};
use crate::support::watched::sends;
use crate::support::{World, at, id, interval, key, minutes, recent};

async fn done(world: &World, name: &str) -> Progress {
    let request = world.request(name).await;
    assert_eq!(request.state, RequestState::Done, "{request:?}");
    assert!(request.ended.is_some_and(|ended| ended >= request.as_of));
    request.progress
}

fn all_refused(world: &World) {
    world
        .salesforce()
        .answer_with(|request, _, _| reply::each(request, |_| reply::refused(sample::CODE, sample::MESSAGE)));
}

/// Nobody else's turn: a Lead of `acme`.
fn lead(record: &str) -> RecordKey {
    RecordKey { connection: id("acme"), object: sample::object("Lead"), id: sample::record_id(record) }
}

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
    world.asks("contacts", Wanted::Type { error_type, object: Some(sample::object("Contact")) }).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "contacts").await, Progress { tried: 1, resolved: 1, ..Progress::default() });
    let tried: Vec<_> = sends(&world.requests()).into_keys().collect();
    assert_eq!(tried, [key("locked")]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_type_that_no_record_has_is_done_without_a_call() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let error_type = ErrorType::parse("daco-02").expect("a type of the catalogue");
    world.asks("none", Wanted::Type { error_type, object: None }).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "none").await, world.calls()), (Progress::default(), 0));
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
    assert_eq!(done(&world, "four").await, Progress { tried: 1, failed: 1, skipped: 3, ..Progress::default() });
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
async fn a_cancelled_request_tries_nothing_more() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.asks("gone", everything()).await;
    let Cancelled::Cancelled(request) = world.cancels("gone").await else { panic!("it was open") };
    assert_eq!((request.state, request.ended), (RequestState::Cancelled, Some(world.now())));
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(world.calls(), 0);
    assert_eq!(world.cancels("gone").await, Cancelled::Ended(request));
    assert_eq!(
        engine::resync::cancel(&world.parts, &id("acme"), &request_id("never")).await.expect("the store works"),
        Cancelled::Unknown
    );
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cancelled_while_it_runs_stops_within_the_calls_that_are_reserved() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(20_000).await;
    let first_due = world.record("r000001").state;
    assert_eq!(first_due, State::Scheduled(Next::At(at("2026-03-02T09:20:00Z"))));
    world.asks("large", everything()).await;
    let cancelling = async {
        world.wait_until(at("2026-03-02T09:02:02Z")).await;
        world.cancels("large").await
    };
    let (answer, ()) = futures::join!(cancelling, world.drive_until(at("2026-03-02T09:15:00Z")));
    assert!(matches!(answer, Cancelled::Cancelled(_)));
    let sent = world.batch_sizes().len();
    assert!((1..=50).contains(&sent), "{sent} of 100 batches were sent");
    assert_eq!(world.request("large").await.state, RequestState::Cancelled);
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
    world.asks("leads", Wanted::All { object: Some(sample::object("Lead")) }).await;
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
    world.asks("large", Wanted::All { object: Some(sample::object("Contact")) }).await;
    world.asks("small", Wanted::All { object: Some(sample::object("Lead")) }).await;
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
