//! Runs whose process is to end: what is in flight lands and is written, nothing more is sent, and the next process goes on.
//!
//! Must not know: what asks a process to end.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::ports::{NotProcessed, ProbeAnswer, RunReport, StopReason, UpsertAnswer};
use engine::run::{Halt, RunEnd};
use rules::journal::Phase;
use rules::owed::Selection;
use rules::resync::RequestState;

use crate::support::persons::everything;
use crate::support::watched::{Kind, sends};
use crate::support::{World, at, interval, recent};

/// Runs the tick of 09:20 and asks it to stop so much later. The run's report, and how long it went on after that.
async fn halted_after(world: &World, span: Duration) -> (RunReport, Duration) {
    let tick = at("2026-03-02T09:20:00Z");
    world.wait_until(tick).await;
    let halting = async {
        world.wait_until(tick + span).await;
        world.halt.stop();
    };
    let (ended, ()) = futures::join!(world.run(Selection::Due { tick }), halting);
    match ended {
        Some(Ok(RunEnd::Ran(report))) => {
            let went_on = report.ended.since(tick + span);
            (report, went_on)
        }
        other => panic!("the run ends, not {other:?}"),
    }
}

/// The same world, as the next process finds it.
fn next_process(world: &World) -> World {
    world.salesforce().sign_out();
    World { halt: Halt::default(), ..world.clone() }
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_land_and_are_written_and_nothing_more_is_sent() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(3_000).await;
    world.salesforce().set_latency(Duration::from_secs(2));
    let (report, went_on) = halted_after(&world, Duration::from_secs(5)).await;
    assert_eq!((report.stopped, report.tried), (StopReason::Halted, 200 * world.batch_sizes().len() as u64));
    assert!((200..3_000).contains(&report.tried) && went_on < Duration::from_secs(4), "{report:?}, {went_on:?} later");
    assert_eq!(world.control().await.lease, None);
    assert!(world.journal().await.iter().all(|entry| entry.phase == Phase::Closed));
    assert!(world.newly_requested().is_empty(), "a run that is halted starts no other");
    world.upholds_the_invariants().await;
    let world = next_process(&world);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!(world.failing(), 0);
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_to_try_again_ends_at_once() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().answer_with(|_, _, _| reply::of(UpsertAnswer::NotProcessed(NotProcessed::Busy)));
    let (report, went_on) = halted_after(&world, Duration::from_secs(4)).await;
    assert_eq!((report.stopped, report.tried), (StopReason::Halted, 0));
    assert!(went_on < Duration::from_secs(1), "{went_on:?} later");
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_begins_after_it_was_halted_makes_no_call() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.halt.stop();
    let (report, _) = halted_after(&world, Duration::ZERO).await;
    assert_eq!((report.stopped, world.calls(), world.control().await.lease), (StopReason::Halted, 0, None));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_halted_run_probes_nothing_more() {
    let world = World::new("2026-03-02T08:55:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::NotProcessed(NotProcessed::Down)));
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    world.salesforce().set_latency(Duration::from_secs(2));
    world.salesforce().sign_out();
    world.salesforce().probe_always(reply::of(ProbeAnswer::Up));
    let (report, _) = halted_after(&world, Duration::from_secs(1)).await;
    assert_eq!((report.stopped, world.requests_of(Kind::Probe).len()), (StopReason::Halted, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_person_asked_stays_owed_and_is_done_by_the_next_process() {
    let world = World::new("2026-03-02T09:15:00Z", [recent()]).await;
    world.many_fail(3_000).await;
    world
        .salesforce()
        .answer_with(|request, _, _| reply::each(request, |_| reply::refused(sample::CODE, sample::MESSAGE)));
    world.asks("all", everything()).await;
    world.salesforce().set_latency(Duration::from_secs(2));
    let (report, _) = halted_after(&world, Duration::from_secs(5)).await;
    let halfway = world.request("all").await;
    assert_eq!((report.stopped, halfway.state), (StopReason::Halted, RequestState::Open));
    assert_eq!((halfway.progress.tried, halfway.progress.failed), (report.tried, report.tried));
    let world = next_process(&world);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    let whole = world.request("all").await;
    assert_eq!((whole.state, whole.progress.tried), (RequestState::Done, 3_000));
    assert!(sends(&world.requests()).values().all(|&times| times == 1));
    world.upholds_the_invariants().await;
}
