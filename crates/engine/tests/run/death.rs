//! Processes that die: at every single step of a run, before and after every effect, nothing is lost, nothing is sent twice
//! while it may still be committed, and the budget holds.
//!
//! Must not know: what the steps are.

use engine::fakes::{reply, sample};
use engine::resync::Accepted;
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::RecordKey;
use rules::owed::Selection;
use rules::resync::RequestState;
use rules::verdict::Answer;
use serde_json::json;

use crate::support::persons::{everything, these};
use crate::support::{World, at, id, interval, recent};

const TICK: &str = "2026-03-02T09:20:00Z";

/// Six records of three objects, which makes three batches; one of each object is refused every time.
async fn three_batches() -> World {
    three_batches_of(interval(), "2026-03-02T09:15:00Z", TICK).await
}

/// The same of this connection, from `start` on; it is `tick` when this returns.
async fn three_batches_of(connection: Connection, start: &str, tick: &str) -> World {
    let world = World::new(start, [connection]).await;
    world.set(|acme| acme.budget.api_limit = Some(ApiCalls(200))).await;
    for object in ["Account", "Contact", "Lead"] {
        for record in ["good", "bad"] {
            let key =
                RecordKey { connection: id("acme"), object: sample::object(object), id: sample::record_id(record) };
            world.fails_with(&key, 1, sample::CODE, &json!({})).await;
        }
    }
    world.salesforce().answer_with(|request, _, _| {
        reply::each(request, |record| match record.id.as_str() {
            "good" => Answer::Saved,
            _ => reply::refused(sample::CODE, sample::MESSAGE),
        })
    });
    world.wait_until(at(tick)).await;
    world
}

/// Runs the tick and lets the process die at this step. Whether it died.
async fn dies(world: &World, step: usize) -> bool {
    dies_doing(world, step, Selection::Due { tick: at(TICK) }).await
}

/// The same with this selection.
async fn dies_doing(world: &World, step: usize, selection: Selection) -> bool {
    let ended = world.mortal.dying_at(step, world.run(selection)).await.flatten();
    world.salesforce().sign_out();
    ended.is_none()
}

/// Everything is as it must be two ticks after the dead run's lease ended.
async fn all_is_well(world: &World, deaths: u32) {
    for record in world.records() {
        let good = record.key.id.as_str() == "good";
        assert_eq!(record.is_failing(), !good, "{} stands at {:?}", record.key, record.state);
        assert!(record.attempts.total() >= 1, "{} was never tried", record.key);
    }
    world.upholds_the_invariants_after_deaths(deaths).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_may_die_at_any_step_and_the_next_ones_put_everything_right() {
    let mut step = 1;
    loop {
        let world = three_batches().await;
        if !dies(&world, step).await {
            break;
        }
        world.drive_until(at("2026-03-02T10:10:00Z")).await;
        all_is_well(&world, 1).await;
        step += 1;
    }
    assert!(step > 40, "a run of three batches has many steps, not {step}");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_may_die_at_any_step_and_what_it_left_is_finished_by_later_ticks() {
    const SWEEP: &str = "2026-03-02T11:30:00Z";
    // A process that dies before the lease and the work are written has only lost an event; the next sweep does the work.
    const UNTIL_THE_LEASE: usize = 5;
    for step in 1.. {
        let world = three_batches_of(recent(), "2026-03-02T11:15:00Z", SWEEP).await;
        if !dies_doing(&world, step, Selection::Recent { tick: at(SWEEP) }).await {
            assert!(step > 40, "a sweep of three batches has many steps, not {step}");
            break;
        }
        world.drive_until(at("2026-03-02T12:10:00Z")).await;
        let untried = world.records().iter().filter(|record| record.attempts.total() == 0).count();
        assert!(untried == 0 || step <= UNTIL_THE_LEASE, "dead at {step}: {untried} records were not tried");
        world.drive_until(at("2026-03-02T23:50:00Z")).await;
        all_is_well(&world, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_run_that_recovers_may_die_at_any_step_as_well() {
    for first in 1.. {
        for second in 1.. {
            let world = three_batches().await;
            if !dies(&world, first).await {
                return;
            }
            world.wait_until(at("2026-03-02T09:37:00Z")).await;
            if !dies(&world, second).await {
                break;
            }
            world.drive_until(at("2026-03-02T10:30:00Z")).await;
            all_is_well(&world, 2).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_newer_version_that_comes_while_a_dead_run_is_not_recovered_yet_is_sent_in_the_end() {
    let mut step = 1;
    loop {
        let world = three_batches().await;
        if !dies(&world, step).await {
            break;
        }
        world.fails("good", 2).await;
        world.drive_until(at("2026-03-02T10:30:00Z")).await;
        assert!(!world.record("good").is_failing(), "dead at {step}: {:?}", world.record("good"));
        let newest =
            world.requests().iter().flat_map(|one| one.records.clone()).filter(|sent| sent.v == Some(2)).count();
        assert_eq!(newest, 1, "dead at {step}");
        world.upholds_the_invariants_after_deaths(1).await;
        step += 1;
    }
}

/// Six records that are due at 09:20, at a time when no schedule would try them.
async fn before_the_tick() -> World {
    three_batches_of(interval(), "2026-03-02T09:02:00Z", "2026-03-02T09:03:00Z").await
}

#[tokio::test(start_paused = true)]
async fn a_forced_run_may_die_at_any_step_and_what_was_asked_is_done_in_the_end() {
    for step in 1.. {
        let world = before_the_tick().await;
        let request = world.asks("all", everything()).await;
        if !dies_doing(&world, step, request.selection()).await {
            assert!(step > 40, "a forced run of three batches has many steps, not {step}");
            break;
        }
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        let request = world.request("all").await;
        assert_eq!(request.state, RequestState::Done, "dead at {step}");
        let (told, tries) =
            (request.progress, world.records().iter().map(|record| record.attempts.forced).sum::<u32>());
        let tries = u64::from(tries);
        assert!(
            told.tried == tries || told.tried < tries && told.at_least,
            "dead at {step}: {told:?} of {tries} tries"
        );
        all_is_well(&world, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_a_dead_run_worked_at_is_told_of_as_a_lower_bound() {
    let (mut first_alone, mut second_alone) = (0, 0);
    for step in 1.. {
        let world = before_the_tick().await;
        let first = world.asks("first", these(&["good"])).await;
        world.asks("second", these(&["bad"])).await;
        if !dies_doing(&world, step, first.selection()).await {
            break;
        }
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        let [first, second] = [("first", "good"), ("second", "bad")];
        let mut bounds = [false, false];
        for (bound, (request, record)) in bounds.iter_mut().zip([first, second]) {
            let (told, tries) = (world.request(request).await.progress, world.record(record).attempts.forced);
            let tries = u64::from(tries);
            assert!(told.tried == tries || told.tried < tries && told.at_least, "dead at {step}: {told:?} of {tries}");
            *bound = told.at_least;
        }
        first_alone += usize::from(bounds == [true, false]);
        second_alone += usize::from(bounds == [false, true]);
    }
    assert!(first_alone > 0, "a run that died at the first one has not touched the second");
    assert!(second_alone > 0, "the first one was noted by the write that took up the second");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_may_die_at_any_step_and_asking_again_makes_one_request() {
    for step in 1.. {
        let world = before_the_tick().await;
        let answered = world.mortal.dying_at(step, world.wishes("all", everything())).await;
        if answered.is_some() {
            assert!(step > 8, "asking has several steps, not {step}");
            break;
        }
        let again = world.wishes("all", everything()).await;
        assert!(matches!(again, Accepted::New(_) | Accepted::Known(_)), "dead at {step}: {again:?}");
        world.drive_until(at("2026-03-02T09:10:00Z")).await;
        assert_eq!(world.request("all").await.state, RequestState::Done, "dead at {step}");
        assert!(world.records().iter().all(|record| record.attempts.forced == 1), "dead at {step}");
        all_is_well(&world, 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_caller_died_is_carried_out_or_was_never_accepted() {
    let mut carried_out = 0;
    for step in 1.. {
        let world = before_the_tick().await;
        let answered = world.mortal.dying_at(step, world.wishes("all", everything())).await;
        if answered.is_some() {
            break;
        }
        let seen = engine::resync::list(&world.parts, &id("acme"), 10).await.expect("the store works");
        // One that was not hinted at is begun by the next tick.
        world.drive_until(at("2026-03-02T09:30:00Z")).await;
        let seen_again = engine::resync::list(&world.parts, &id("acme"), 10).await.expect("the store works");
        assert_eq!(seen.len(), seen_again.len(), "dead at {step}");
        assert!(seen_again.iter().all(|request| request.state == RequestState::Done), "dead at {step}: {seen_again:?}");
        carried_out += seen.len();
    }
    assert!(carried_out > 0, "no caller died after its request was accepted");
}

#[tokio::test(start_paused = true)]
async fn whoever_cancels_may_die_at_any_step_and_cancelling_again_leaves_nothing_owed() {
    for step in 1.. {
        let world = before_the_tick().await;
        world.asks("all", everything()).await;
        let answered = world.mortal.dying_at(step, world.cancels("all")).await;
        if answered.is_some() {
            assert!(step > 4, "cancelling has several steps, not {step}");
            break;
        }
        world.cancels("all").await;
        assert_eq!(world.request("all").await.state, RequestState::Cancelled, "dead at {step}");
        world.drive_until(at("2026-03-02T09:10:00Z")).await;
        assert_eq!(world.calls(), 0, "dead at {step}");
        world.upholds_the_invariants().await;
    }
}
