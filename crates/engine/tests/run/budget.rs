//! The API budget: at the cap no call more, nothing lost, and retries that resume by themselves.
//!
//! Must not know: how calls are reserved.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::fakes::{reply, sample};
use rules::counts::ApiCalls;
use rules::gates::Gate;
use rules::ids::RecordKey;
use rules::owed::Selection;
use rules::record::{State, Stored};

use crate::support::watched::sends;
use crate::support::{World, at, interval, minutes};

fn items(world: &World) -> BTreeMap<RecordKey, Stored> {
    world.store.all().into_iter().map(|stored| (stored.key().clone(), stored)).collect()
}

#[tokio::test(start_paused = true)]
async fn with_no_limit_not_one_call_is_made_past_five_thousand_and_the_refused_records_are_untouched() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(5_000).await;
    world.used(4_980, at("2026-03-02T09:00:00Z")).await;
    let before = items(&world);
    world.drive_until(at("2026-03-02T13:00:00Z")).await;
    assert_eq!(world.calls(), 20);
    let sent = sends(&world.requests());
    let untouched = items(&world).into_iter().filter(|(key, stored)| !sent.contains_key(key) && before[key] == *stored);
    assert_eq!((sent.len(), untouched.count()), (19 * 200, 5_000 - 19 * 200));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn explain_says_when_calls_come_back_and_then_the_retries_go_on_by_themselves() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.used(5_000, at("2026-03-02T09:00:00Z")).await;
    world.drive_until(at("2026-03-02T10:05:00Z")).await;
    let why = world.explain("a").await;
    let closed: Vec<_> = why.gates.iter().filter(|gate| !gate.open).map(|gate| gate.gate.clone()).collect();
    let resumes = Some(at("2026-03-03T09:22:10Z"));
    assert_eq!(closed, [Gate::Budget { used: ApiCalls(5_000), cap: ApiCalls(5_000), resumes }]);
    assert_eq!(why.next_try, Some(at("2026-03-03T09:40:00Z")));
    world.drive_until(at("2026-03-03T10:00:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-03T09:40:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn with_a_limit_the_calls_stop_at_three_quarters_of_it_rounded_down_and_the_token_counts() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(41))).await;
    world.many_fail(10_000).await;
    world.drive_until(at("2026-03-02T12:00:00Z")).await;
    assert_eq!((world.calls(), world.batch_sizes().len(), world.failing()), (30, 29, 10_000 - 29 * 200));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn raising_the_limit_resumes_the_retries_at_the_next_tick() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(40))).await;
    world.many_fail(10_000).await;
    world.drive_until(at("2026-03-02T09:45:00Z")).await;
    assert_eq!(world.calls(), 30);
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(100))).await;
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((world.calls(), world.failing()), (51, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_nightly_run_that_the_budget_stopped_goes_on_by_itself_when_calls_come_back() {
    let world = World::new("2026-03-02T12:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T23:50:00Z")).await;
    assert_eq!(world.record("a").state, State::TimedOut { next: at("2026-03-03T00:00:00Z") });
    world.used(5_000, at("2026-03-02T10:05:00Z")).await;
    world.drive_until(at("2026-03-03T12:00:00Z")).await;
    assert_eq!(minutes(&world.sent("a")[10..]), ["2026-03-03T10:40:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_stops_when_the_org_itself_has_used_ninety_five_percent_of_its_own_limit() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::with_org(reply::all_saved(request), 950, 1_000));
    world.many_fail(1_000).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.calls(), world.failing()), (2, 800));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn over_two_days_of_a_backlog_no_24_hours_hold_more_calls_than_the_cap() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(80))).await;
    world.many_fail(2_000).await;
    world.drive(Duration::from_hours(60)).await;
    assert!(world.calls() > 60, "calls came back: {}", world.calls());
    world.upholds_the_invariants().await;
}

/// A machine may sleep, or the table be slow, while calls are reserved: what was reserved in the bucket before is no call in this one.
#[tokio::test(start_paused = true)]
async fn a_call_is_charged_to_the_bucket_that_it_is_made_in_wherever_the_process_sleeps_before_it() {
    let border = at("2026-03-02T09:40:00Z");
    let mut late = 0;
    for step in 1..=24 {
        let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
        world.fails("a", 1).await;
        world.wait_until(at("2026-03-02T09:39:30Z")).await;
        world.mortal.sleeps_at(step);
        let ended = world.run(Selection::Due { tick: at("2026-03-02T09:20:00Z") }).await;
        ended.expect("nothing dies").expect("no port fails");
        let ledger = world.control().await.ledger;
        let charged = ledger.buckets().filter(|(bucket, _)| bucket.start() >= border).map(|(_, calls)| calls.0).sum();
        let made = world.requests().iter().filter(|request| request.at >= border).count();
        assert!(made as u64 <= charged, "asleep at step {step}, {made} calls after the border: {ledger:?}");
        late += made;
    }
    assert!(late > 8, "many of these runs sleep before a call: {late}");
}
