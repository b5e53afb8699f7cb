//! Answers that nobody could understand: counted once, quarantined, and never taken for a failure or a success.
//!
//! Must not know: what HTTP answers are so.

use engine::fakes::{reply, sample};
use engine::ports::UpsertAnswer;
use rules::journal::Phase;
use rules::suspension::Cause;
use rules::tries::TryOutcome;
use serde_json::json;

use crate::support::{World, at, interval, minutes};

#[tokio::test(start_paused = true)]
async fn an_unknown_answer_counts_once_and_halves_the_batches_of_that_object() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(600).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.batch_sizes(), [200, 100, 100, 100, 100]);
    let first = world.record("r000001");
    assert_eq!((first.attempts.interval, world.failing()), (1, 200));
    assert_eq!(first.tries.last().map(|tried| tried.outcome), Some(TryOutcome::Unknown));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_outcome_is_unknown_is_not_sent_before_its_quarantine_is_over() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.request_timeout_seconds = 600).await;
    world.fails("a", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T09:20:00Z", "2026-03-02T10:00:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_payload_does_not_lift_the_quarantine() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.request_timeout_seconds = 600).await;
    world.fails("a", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    world.fails("a", 2).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T09:20:00Z", "2026-03-02T10:00:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_journal_entry_of_an_unknown_outcome_stays_until_its_quarantine_is_over() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:32:00Z")).await;
    let journal = world.journal().await;
    assert_eq!((journal.len(), journal[0].phase, journal[0].sent.len()), (1, Phase::Settled, 1));
    assert!(journal[0].quarantines(world.now()));
    assert!(!journal[0].quarantines(at("2026-03-02T09:34:00Z")));
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    let journal = world.journal().await;
    assert_eq!((journal.len(), journal[0].phase), (1, Phase::Closed));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn two_unknown_answers_in_a_row_suspend_the_connection() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(1_000).await;
    world.salesforce().answer_with(|_, _, _| reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.batch_sizes(), [200, 100]);
    let suspension = world.control().await.suspension.map(|suspension| suspension.cause);
    assert_eq!(suspension, Some(Cause::Unreachable));
    assert_eq!(world.records().iter().filter(|record| record.attempts.total() == 1).count(), 300);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_comes_back_to_a_record_that_it_had_to_pass_over_in_quarantine() {
    let world = World::new("2026-03-02T11:15:00Z", [crate::support::recent()]).await;
    world.fails("a", 1).await;
    world.wait_until(at("2026-03-02T11:25:00Z")).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    // An extra sweep, five minutes before the scheduled one.
    let extra = rules::owed::Selection::Recent { tick: at("2026-03-02T11:25:00Z") };
    world.run(extra).await.expect("nothing dies").expect("no port fails");
    world.drive_until(at("2026-03-02T12:30:00Z")).await;
    assert_eq!(minutes(&world.sent("a")), ["2026-03-02T11:25:00Z", "2026-03-02T11:40:00Z"]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_answer_early_in_a_sweep_does_not_hold_up_the_records_after_it() {
    let small = sample::connection("acme", &json!({ "kind": "recent", "batch": 200 }));
    let world = World::new("2026-03-02T11:15:00Z", [small]).await;
    world.many_fail(600).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T11:35:00Z")).await;
    assert_eq!(world.failing(), 200);
    world.drive_until(at("2026-03-02T23:50:00Z")).await;
    assert_eq!(minutes(&world.sent("r000001")), ["2026-03-02T11:30:00Z", "2026-03-02T23:30:00Z"]);
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}
