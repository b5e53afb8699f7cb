//! Indexes that lag, leases that run out, slots that others took: what is old never writes over what is new.
//!
//! Must not know: how a fence works.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::ports::{RunReport, StopReason};
use rules::owed::Selection;
use rules::record::{Resolution, State};
use rules::tries::TryOutcome;

use crate::support::persons::everything;
use crate::support::{World, at, interval, minutes};

#[tokio::test(start_paused = true)]
async fn keys_that_an_index_lists_too_long_are_read_and_passed_over() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(300).await;
    world.store.freeze_indexes();
    world.drive_until(at("2026-03-02T12:30:00Z")).await;
    assert_eq!((world.batch_sizes(), world.failing()), (vec![200, 100], 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn records_that_an_index_does_not_list_yet_are_tried_when_it_does() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.store.freeze_indexes();
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!(world.sent("a"), []);
    world.store.thaw_indexes();
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T10:00:00Z"]);
    world.upholds_the_invariants().await;
}

/// The first request takes `latency`, as when its machine is suspended, and is refused; all others are saved at once.
fn first_hangs(world: &World, latency: Duration) {
    let salesforce = world.salesforce();
    world.salesforce().answer_with(move |request, call, _| {
        salesforce.set_latency(if call == 1 { latency } else { Duration::from_millis(250) });
        match call {
            1 => reply::all_refused(request, sample::CODE, sample::MESSAGE),
            _ => reply::all_saved(request),
        }
    });
}

fn deposed(reports: &[RunReport]) -> usize {
    reports.iter().filter(|report| report.stopped == StopReason::Deposed).count()
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_lease_another_took_publishes_the_stored_verdict_and_writes_nothing() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    first_hangs(&world, Duration::from_mins(17));
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    let late = async {
        world.wait_until(at("2026-03-02T09:36:30Z")).await;
        world.run(Selection::Owed { tick: at("2026-03-02T09:20:00Z") }).await
    };
    let due = Selection::Due { tick: at("2026-03-02T09:20:00Z") };
    let (first, second) = futures::join!(world.run(due), late);
    first.expect("nothing dies").expect("no port fails");
    second.expect("nothing dies").expect("no port fails");
    let record = world.record("a");
    assert_eq!((deposed(&world.run_reports()), record.attempts.interval), (1, 1));
    assert_eq!(record.tries.last().map(|tried| tried.outcome), Some(TryOutcome::Unknown));
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_comes_after_a_newer_epoch_resolved_the_record_changes_nothing() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    first_hangs(&world, Duration::from_mins(25));
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert!(matches!(world.record("a").state, State::Resolved { how: Resolution::Retried, .. }));
    assert_eq!((deposed(&world.run_reports()), world.record("a").attempts.interval), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_deposed_run_does_not_write_over_the_journal_slots_of_its_successor() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(600).await;
    first_hangs(&world, Duration::from_mins(25));
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    let due = |tick| Selection::Due { tick: at(tick) };
    let successor = async {
        world.wait_until(at("2026-03-02T09:41:00Z")).await;
        world.run(due("2026-03-02T09:40:00Z")).await.expect("nothing dies").expect("no port fails");
        world.journal().await
    };
    let (first, journal) = futures::join!(world.run(due("2026-03-02T09:20:00Z")), successor);
    first.expect("nothing dies").expect("no port fails");
    assert_eq!((deposed(&world.run_reports()), world.journal().await), (1, journal));
    assert_eq!(world.failing(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_failed_in_the_moment_before_a_person_asked_is_tried_although_the_index_lags() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.store.freeze_indexes();
    world.fails("a", 1).await;
    world.asks("all", everything()).await;
    let catching_up = async {
        world.wait_until(at("2026-03-02T09:02:01.500Z")).await;
        world.store.thaw_indexes();
    };
    futures::join!(world.drive_until(at("2026-03-02T09:10:00Z")), catching_up);
    assert_eq!((world.failing(), world.request("all").await.progress.resolved), (0, 1));
    world.upholds_the_invariants().await;
}
