//! When records are tried: every 20 minutes, every midnight, twice a day.
//!
//! Must not know: what else can go wrong.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::memory::Operation;
use rules::ids::RecordKey;
use rules::record::{HoldReason, State};
use rules::time::Timestamp;
use serde_json::json;

use crate::support::{World, at, interval, key, minutes, recent};

fn always_locked(world: &World) {
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_always_fails_is_tried_at_ten_ticks_in_a_row_and_then_every_midnight() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    always_locked(&world);
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-05T12:00:00Z")).await;
    let ten = (0..10).map(|tick| (at("2026-03-02T09:20:00Z") + Duration::from_mins(20) * tick).to_string());
    let nights = ["2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"].map(str::to_owned);
    assert_eq!(minutes(&world.sent("a")), ten.chain(nights).collect::<Vec<_>>());
    assert_eq!(world.record("a").state, State::TimedOut { next: at("2026-03-06T00:00:00Z") });
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_nightly_run_keeps_to_midnight_utc_when_the_clocks_in_london_change() {
    let world = World::new("2026-10-24T20:30:00Z", [interval()]).await;
    always_locked(&world);
    world.fails("a", 1).await;
    world.drive_until(at("2026-10-27T12:00:00Z")).await;
    let nights = minutes(&world.sent("a")[10..]);
    assert_eq!(nights, ["2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z", "2026-10-27T00:00:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_fails_in_the_middle_of_a_run_is_due_at_the_very_next_tick() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    always_locked(&world);
    world.salesforce().set_latency(Duration::from_mins(1));
    world.many_fail(1_000).await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!(minutes(&world.sent("r000001")).len(), 2);
    assert_eq!(minutes(&world.sent("r001000")).len(), 2);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_tries_every_failure_of_the_past_seven_days_twice_a_day_and_none_older() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    always_locked(&world);
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-12T12:00:00Z")).await;
    let sends = minutes(&world.sent("a"));
    assert_eq!(sends.len(), 14);
    assert_eq!((sends[0].as_str(), sends[13].as_str()), ("2026-03-02T11:30:00Z", "2026-03-08T23:30:00Z"));
    assert!(world.explain("a").await.expired);
    assert_eq!(world.explain("a").await.next_try, None);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_daco_02_failure_is_never_sent_by_a_schedule_and_never_even_read() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    world.fails_with(&key("held"), 1, "DACO-02", &json!({})).await;
    let reads = world.count(Operation::Read);
    world.drive_until(at("2026-03-03T12:00:00Z")).await;
    assert_eq!((world.calls(), world.count(Operation::Read)), (0, reads));
    assert_eq!(world.record("held").state, State::Held(HoldReason::ExcludedType));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_that_fails_with_daco_02_in_a_sweep_is_held_from_then_on() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, "DACO-02", "no CRM ID"));
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-04T12:00:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T11:30:00Z"]);
    assert_eq!(world.record("a").state, State::Held(HoldReason::ExcludedType));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn at_midnight_both_schedules_start_for_one_connection_and_both_do_their_work() {
    let world = World::new("2026-03-02T20:30:00Z", [interval()]).await;
    always_locked(&world);
    for number in 0..500 {
        world.fails(&format!("old{number}"), 1).await;
    }
    world.drive_until(at("2026-03-02T23:50:00Z")).await;
    assert!(matches!(world.record("old7").state, State::TimedOut { .. }));
    for number in 0..500 {
        world.fails(&format!("new{number}"), 1).await;
    }
    world.drive_until(at("2026-03-03T00:10:00Z")).await;
    assert_eq!(minutes(&world.sent("old7")[10..]), ["2026-03-03T00:00:00Z"]);
    assert_eq!(minutes(&world.sent("new7")), ["2026-03-03T00:00:00Z"]);
    assert!(sent_once_each(&world, at("2026-03-03T00:00:00Z"), 1_000));
    world.upholds_the_invariants().await;
}

/// Whether `records` records were sent since `since`, each once.
fn sent_once_each(world: &World, since: Timestamp, records: usize) -> bool {
    let later: Vec<_> = world.requests().into_iter().filter(|request| request.at >= since).collect();
    let sends: std::collections::BTreeMap<RecordKey, usize> = crate::support::watched::sends(&later);
    sends.len() == records && sends.values().all(|&times| times == 1)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_and_twenty_thousand_failures_are_swept_fifty_thousand_at_a_time_each_once() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    always_locked(&world);
    world.salesforce().set_latency(Duration::from_secs(15));
    world.many_fail(120_000).await;
    world.drive_until(at("2026-03-02T16:00:00Z")).await;
    assert!(sent_once_each(&world, at("2026-03-02T11:30:00Z"), 120_000));
    let sweeps: Vec<_> = world.run_reports().iter().map(|report| (report.stopped, report.tried)).collect();
    assert!(sweeps.iter().all(|(_, tried)| *tried <= 50_000), "{sweeps:?}");
    assert!(sweeps.len() > 3, "{sweeps:?}");
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_nightly_try_that_only_failed_with_another_record_is_made_again_at_the_next_tick() {
    let world = World::new("2026-03-02T20:30:00Z", [interval()]).await;
    always_locked(&world);
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T23:50:00Z")).await;
    let rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK";
    world.salesforce().answer_with(move |request, call, _| match call {
        11 => reply::all_refused(request, rolled_back, "rolled back with others"),
        _ => reply::all_saved(request),
    });
    world.drive_until(at("2026-03-03T01:10:00Z")).await;
    assert_eq!(minutes(&world.sent("a")[10..]), ["2026-03-03T00:00:00Z", "2026-03-03T00:20:00Z"]);
    assert_eq!(world.record("a").attempts.nightly, 1);
    world.upholds_the_invariants().await;
}
