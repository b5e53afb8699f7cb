//! Work that outlives its run: pauses, deadlines, lost events, ports that fail, and what a large backlog changes.
//!
//! Must not know: where work is kept.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::fan_out::Schedule;
use engine::memory::{Fails, Operation};
use engine::ports::{ErrorTypes, StopReason};
use engine::run::RunEnd;
use rules::events::RunRequested;
use rules::gates::Gate;
use rules::owed::Selection;
use rules::resync::RequestState;
use serde_json::json;

use crate::support::persons::everything;
use crate::support::watched::sends;
use crate::support::{World, at, id, interval, key, minutes, recent};

#[tokio::test(start_paused = true)]
async fn a_paused_connection_sends_nothing_until_it_is_resumed() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    let why = world.explain("a").await;
    let paused = |gate: &Gate| matches!(gate, Gate::NotPaused { paused: true });
    assert!(why.gates.iter().any(|gate| !gate.open && paused(&gate.gate)));
    assert_eq!((world.calls(), why.next_try), (0, None));
    world.set(|acme| acme.paused = false).await;
    world.drive_until(at("2026-03-02T10:50:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T10:40:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn work_left_at_the_deadline_goes_on_in_a_new_run_at_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().set_latency(Duration::from_mins(1));
    world.many_fail(12_000).await;
    world.drive_until(at("2026-03-02T10:20:00Z")).await;
    let stops: Vec<_> = world.run_reports().iter().map(|report| report.stopped).collect();
    assert_eq!(stops, [StopReason::Deadline, StopReason::Done]);
    assert_eq!(world.failing(), 0);
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_forced_resync_at_the_deadline_is_requested_again_once_the_lease_is_free() {
    let world = World::new("2026-03-02T09:21:00Z", [recent()]).await;
    world.salesforce().set_latency(Duration::from_mins(1));
    world.many_fail(12_000).await;
    let request = world.asks("all", everything()).await;
    assert_eq!(world.newly_requested().len(), 1, "the event that starts it");
    let ended = world.run(request.selection()).await;
    let Some(Ok(RunEnd::Ran(report))) = ended else { panic!("the run ends, not {ended:?}") };
    assert_eq!((report.stopped, world.control().await.lease), (StopReason::Deadline, None));
    let again = RunRequested { connection: id("acme"), selection: request.selection() };
    let published = world.newly_requested();
    assert_eq!(published, std::slice::from_ref(&again));
    let ended = world.carry_out(again).await;
    assert!(matches!(ended, Some(Ok(RunEnd::Ran(_)))), "{ended:?}");
    assert_eq!((world.failing(), world.request("all").await.state), (0, RequestState::Done));
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_goes_on_at_the_next_tick_when_the_event_that_should_start_its_next_run_is_lost() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    world.set(|acme| acme.policy = rules::connection::Connection::clone(&small_batches()).policy).await;
    world.many_fail(500).await;
    world.wait_until(at("2026-03-02T11:30:00Z")).await;
    let ended = world.run(Selection::Recent { tick: at("2026-03-02T11:30:00Z") }).await;
    let Some(Ok(RunEnd::Ran(report))) = ended else { panic!("the run ends, not {ended:?}") };
    assert_eq!((report.stopped, world.newly_requested().len()), (StopReason::BatchDone, 1));
    world.drive_until(at("2026-03-02T12:10:00Z")).await;
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

fn small_batches() -> rules::connection::Connection {
    engine::fakes::sample::connection("acme", &json!({ "kind": "recent", "batch": 200 }))
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_delivered_twice_or_late_tries_no_record_twice() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(300).await;
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    let due = Selection::Due { tick: at("2026-03-02T09:20:00Z") };
    let (one, other) = futures::join!(world.run(due.clone()), world.run(due.clone()));
    assert!(matches!(one, Some(Ok(RunEnd::Ran(_)))) && matches!(other, Some(Ok(RunEnd::Busy { .. }))));
    world.wait_until(at("2026-03-02T09:45:00Z")).await;
    world.run(due).await.expect("nothing dies").expect("no port fails");
    assert_eq!(world.batch_sizes(), [200, 100]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_once_in_any_request_loses_nothing() {
    let operations = [
        Operation::Read,
        Operation::WriteOutcomes,
        Operation::Due,
        Operation::Control,
        Operation::SaveControl,
        Operation::Entries,
        Operation::WriteEntry,
        Operation::Usage,
        Operation::KeepReport,
    ];
    for operation in operations {
        for fails in [Fails::BeforeEffect, Fails::AfterEffect] {
            let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
            world.many_fail(300).await;
            world.wait_until(at("2026-03-02T09:20:00Z")).await;
            world.store.fail_next(operation, 1, fails);
            // It may fail or not: what counts is what the next ticks make of it.
            drop(world.run(Selection::Due { tick: at("2026-03-02T09:20:00Z") }).await);
            world.drive_until(at("2026-03-02T10:10:00Z")).await;
            assert_eq!(world.failing(), 0, "{operation:?} {fails:?}");
            world.upholds_the_invariants_after_deaths(1).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_fails_once_gets_every_outcome_in_the_end() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(300).await;
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    world.bus.fail_next(1);
    let ended = world.run(Selection::Due { tick: at("2026-03-02T09:20:00Z") }).await;
    assert!(matches!(ended, Some(Err(_))), "{ended:?}");
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((world.failing(), world.batch_sizes()), (0, vec![200, 100]));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_the_store_throttles_are_settled_by_the_next_run() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(300).await;
    world.store.throttle_outcomes(50);
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants_after_deaths(1).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_200_unknown_codes_get_a_type_of_their_own_and_the_others_share_one() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    for number in 0..150 {
        world.fails_with(&key(&format!("a{number:03}")), 1, &format!("ODD_{number}"), &json!({})).await;
    }
    for number in 0..100 {
        world.fails(&format!("b{number:03}"), 1).await;
    }
    world.salesforce().answer_with(|request, _, _| {
        reply::each(request, |record| reply::refused(&format!("STRANGE_{}", record.id), "never seen"))
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let types = world.store.error_types(&id("acme")).await.expect("the store works");
    let own = types.iter().filter(|one| one.as_str().starts_with("unknown:")).count();
    assert_eq!((own, types.iter().any(|one| one.as_str() == "unknown")), (200, true));
    assert!(world.records().iter().all(|record| types.contains(&record.failure.error_type)));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_backlog_past_5000_spreads_the_connection_over_more_shards_and_they_never_shrink() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(5_200).await;
    assert_eq!(world.settings().await.shards, 1);
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.settings().await.shards, 2);
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((world.settings().await.shards, world.failing()), (2, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn connections_run_side_by_side_and_one_that_cannot_be_served_delays_no_other() {
    let zeta = sample::recent("zeta");
    let world = World::new("2026-03-02T11:15:00Z", [interval(), zeta]).await;
    world.fails("a", 1).await;
    world.fails_with(&sample::key("zeta", "z"), 1, "UNABLE_TO_LOCK_ROW", &json!({})).await;
    world.parts.targets.inner.target(&id("zeta")).set_latency(Duration::from_mins(9));
    world.drive_until(at("2026-03-02T11:50:00Z")).await;
    assert_eq!(world.failing(), 0);
    let hosts: Vec<_> = world.requests().iter().map(|request| request.connection.clone()).collect();
    let own = world
        .requests()
        .iter()
        .all(|request| request.records.iter().all(|sent| sent.key.connection == request.connection));
    assert!(own && hosts.contains(&id("acme")) && hosts.contains(&id("zeta")));
}

#[tokio::test(start_paused = true)]
async fn a_tick_starts_nothing_for_a_connection_without_work() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    let fanned = world.fan_out(Schedule::Due, at("2026-03-02T09:20:00Z")).await;
    assert_eq!((fanned.started.len(), fanned.idle), (0, 1));
}

/// The event that starts a night or a sweep is a hint like every other: where it is lost, the next tick starts what is owed.
#[tokio::test(start_paused = true)]
async fn a_night_or_a_sweep_whose_event_is_lost_begins_at_the_next_tick() {
    for (settings, until, schedule, lost, next) in [
        (interval(), "2026-03-02T23:50:00Z", Schedule::TimedOut, "2026-03-03T00:00:00Z", "2026-03-03T00:20:00Z"),
        (recent(), "2026-03-02T11:25:00Z", Schedule::Recent, "2026-03-02T11:30:00Z", "2026-03-02T11:40:00Z"),
    ] {
        let world = World::new("2026-03-02T09:15:00Z", [settings]).await;
        world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
        world.fails("a", 1).await;
        world.drive_until(at(until)).await;
        let before = world.sent("a").len();
        world.wait_until(at(lost) + Duration::from_mins(1)).await;
        let fanned = world.fan_out(schedule, at(lost)).await;
        assert_eq!((fanned.started.len(), world.newly_requested().len()), (1, 1), "nobody hears the event");
        world.drive_until(at(next) + Duration::from_mins(5)).await;
        assert_eq!(minutes(&world.sent("a")[before..]), [next]);
        assert!(world.control().await.owed.is_empty());
        world.upholds_the_invariants().await;
    }
}

/// What cannot be written down is started all the same, by its event alone.
#[tokio::test(start_paused = true)]
async fn a_night_that_cannot_be_written_down_begins_by_its_event() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    world.fails("a", 1).await;
    let midnight = at("2026-03-03T00:00:00Z");
    world.drive_until(midnight - Duration::from_mins(5)).await;
    world.wait_until(midnight).await;
    world.store.fail_next(Operation::SaveControl, 1, Fails::BeforeEffect);
    assert_eq!(world.fan_out(Schedule::TimedOut, midnight).await.started.len(), 1);
    assert!(world.control().await.owed.is_empty());
    for requested in world.newly_requested() {
        world.carry_out(requested).await.expect("nothing dies").expect("no port fails");
    }
    assert_eq!(minutes(&world.sent("a")[10..]), ["2026-03-03T00:00:00Z"]);
    world.upholds_the_invariants().await;
}

/// Where it cannot be read whether a night or a sweep has work, one is begun: the next would be a day or half a day later.
#[tokio::test(start_paused = true)]
async fn a_night_or_a_sweep_whose_listing_fails_begins_all_the_same() {
    for (settings, until, schedule, tick, listing) in [
        (interval(), "2026-03-02T23:55:00Z", Schedule::TimedOut, "2026-03-03T00:00:00Z", Operation::Due),
        (recent(), "2026-03-02T11:25:00Z", Schedule::Recent, "2026-03-02T11:30:00Z", Operation::Aged),
    ] {
        let world = World::new("2026-03-02T09:15:00Z", [settings]).await;
        world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
        world.fails("a", 1).await;
        world.drive_until(at(until)).await;
        let before = world.sent("a").len();
        world.wait_until(at(tick)).await;
        world.store.fail_next(listing, 1, Fails::BeforeEffect);
        let fanned = world.fan_out(schedule, at(tick)).await;
        assert_eq!((fanned.started.len(), fanned.unreadable), (1, 0));
        for requested in world.newly_requested() {
            world.carry_out(requested).await.expect("nothing dies").expect("no port fails");
        }
        assert_eq!(minutes(&world.sent("a")[before..]), [tick]);
        assert!(world.control().await.owed.is_empty());
        world.upholds_the_invariants().await;
    }
}

/// A tick that comes twice writes nothing down twice, and what was done is not owed anew.
#[tokio::test(start_paused = true)]
async fn a_night_that_is_fanned_out_twice_is_done_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| reply::all_refused(request, sample::CODE, sample::MESSAGE));
    world.fails("a", 1).await;
    let midnight = at("2026-03-03T00:00:00Z");
    world.drive_until(midnight + Duration::from_mins(2)).await;
    let before = world.sent("a").len();
    assert_eq!(world.fan_out(Schedule::TimedOut, midnight).await.idle, 1);
    world.drive_until(midnight + Duration::from_mins(30)).await;
    assert_eq!(world.sent("a").len(), before);
    world.upholds_the_invariants().await;
}
