//! Taking over from processes that are dead: their leases end now, and nothing else changes.
//!
//! Must not know: how one knows that they are dead.

use engine::fakes::reply;
use engine::run::take_over;
use rules::ids::Epoch;

use crate::support::persons::everything;
use crate::support::{World, at, interval, recent};

/// A process that dies at 09:30 when it begins what a person asked for: its lease lasts beyond the next tick.
async fn dead_at_half_past() -> World {
    let world = World::new("2026-03-02T09:29:00Z", [recent(), engine::fakes::sample::interval("other")]).await;
    world.many_fail(600).await;
    let request = world.asks("all", everything()).await;
    world.wait_until(at("2026-03-02T09:30:00Z")).await;
    world.salesforce().answer_with(|request, _, _| reply::all_saved(request));
    let ended = world.mortal.dying_at(9, world.run(request.selection())).await.flatten();
    assert!(ended.is_none(), "it dies on the way");
    world.salesforce().sign_out();
    assert_eq!(world.newly_requested().len(), 1, "the event that started it is used up");
    world
}

#[tokio::test(start_paused = true)]
async fn without_it_the_next_tick_finds_the_lease_of_the_dead_and_waits() {
    let world = dead_at_half_past().await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert!(world.failing() > 0);
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants_after_deaths(1).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_tick_recovers_what_the_dead_left_at_once() {
    let world = dead_at_half_past().await;
    assert_eq!(take_over(&world.parts).await.expect("the store works"), 1);
    assert_eq!(take_over(&world.parts).await.expect("the store works"), 0);
    assert_eq!(world.control().await.epoch, Epoch(1), "epochs only grow, and not by this");
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!(world.failing(), 0);
    let recovered = world.run_reports().first().map(|report| report.started);
    assert!(recovered.is_some_and(|started| started < at("2026-03-02T09:41:00Z")), "{recovered:?}");
    world.upholds_the_invariants_after_deaths(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_alive_all_the_same_loses_nothing() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(2_000).await;
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    let due = rules::owed::Selection::Due { tick: at("2026-03-02T09:20:00Z") };
    let taking_over = async {
        // All that it sends stands in the journal by now, and it still writes outcomes.
        world.wait_until(at("2026-03-02T09:20:04Z")).await;
        take_over(&world.parts).await.expect("the store works");
        world.run(due.clone()).await
    };
    let (first, second) = futures::join!(world.run(due.clone()), taking_over);
    first.expect("nothing dies").expect("no port fails");
    second.expect("nothing dies").expect("no port fails");
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants_after_deaths(1).await;
}
