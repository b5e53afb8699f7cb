//! What persons ask to be deleted: nobody tries it any more, no gate keeps that back, and what fails anew comes back.
//!
//! Must not know: where a request is kept.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::memory::Operation;
use engine::ports::{AuditAction, Audits, NotProcessed, ProbeAnswer, UpsertAnswer};
use engine::resync::Cancelled;
use engine::run::{Halt, Order, RunEnd, run};
use rules::counts::ApiCalls;
use rules::owed::Selection;
use rules::record::{HoldReason, Resolution, State};
use rules::resync::{FailingState, Matching, Progress, RequestState, Skips, Wanted};
use serde_json::json;

use crate::forced::{all_refused, done, lead};
use crate::support::persons::{everything, like, these};
use crate::support::{World, at, id, interval, key, recent};

fn deleted(records: u64) -> Progress {
    Progress { deleted: records, ..Progress::default() }
}

/// What an entry of the audit says of failures that were deleted.
#[derive(Debug)]
struct Told {
    records: u64,
    is_exact: bool,
}

async fn told(world: &World) -> Vec<Told> {
    let entries = world.store.audits(Some(&id("acme")), 1_000).await.expect("the store works");
    let deleted = entries.into_iter().filter(|entry| entry.action == AuditAction::FailuresDeleted);
    deleted.map(|entry| Told { records: entry.records, is_exact: !entry.subject.contains("at most") }).collect()
}

/// What the audit says is what was deleted; of the one run that may have died it says no less.
async fn the_audit_is_true(world: &World, deleted: u64, deaths: usize) {
    let told = told(world).await;
    let sum = |of: &[&Told]| of.iter().map(|told| told.records).sum::<u64>();
    let (exact, bounds): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|told| told.is_exact);
    assert!(bounds.len() <= deaths && sum(&exact) <= deleted, "{deleted} were deleted: {told:?}");
    if bounds.is_empty() {
        assert_eq!(sum(&exact), deleted, "{told:?}");
    } else {
        assert!(sum(&exact) + sum(&bounds) >= deleted, "{deleted} were deleted: {told:?}");
    }
}

fn is_deleted(world: &World, record: &str) -> bool {
    matches!(world.record(record).state, State::Resolved { how: Resolution::Deleted, .. })
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_never_tried_again_and_costs_no_call() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.fails("b", 1).await;
    world.deletes("gone", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!((done(&world, "gone").await, world.calls()), (deleted(1), 0));
    assert!(is_deleted(&world, "a"));
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((world.sent("a").len(), world.sent("b").len()), (0, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn thousands_of_one_type_are_deleted_and_the_others_stay() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(4_500).await;
    world.fails_with(&key("other"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
    world.deletes("locks", like(&world.record("r000001"))).await;
    world.drive_until(at("2026-03-02T09:15:00Z")).await;
    assert_eq!((done(&world, "locks").await, world.failing()), (deleted(4_500), 1));
    let report = world.run_reports().pop().expect("a run was made");
    assert_eq!((report.deleted, report.api_calls), (4_500, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_description_does_not_mean_is_counted_once_though_the_index_is_looked_at_twice() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(30).await;
    let held = Matching { state: Some(FailingState::Held), ..Matching::default() };
    world.deletes("held", Wanted::Matching(held)).await;
    world.drive_until(at("2026-03-02T09:15:00Z")).await;
    let progress = done(&world, "held").await;
    assert_eq!((progress.deleted, progress.skipped, progress.skipped_because.changed), (0, 30, 30));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_a_suspension_and_a_spent_budget_do_not_keep_a_deletion_back() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    for record in ["paused", "spent", "suspended", "down"] {
        world.fails(record, 1).await;
    }
    world.set(|acme| acme.paused = true).await;
    world.deletes("while-paused", these(&["paused"])).await;
    world.drive_until(at("2026-03-02T09:05:00Z")).await;
    assert!(is_deleted(&world, "paused"));
    world.set(|acme| (acme.paused, acme.budget.api_limit) = (false, Some(ApiCalls(0)))).await;
    world.deletes("while-spent", these(&["spent"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert!(is_deleted(&world, "spent"));
    world.set(|acme| acme.budget.api_limit = None).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::NotProcessed(NotProcessed::Down)));
    world.salesforce().probe_next(reply::of(ProbeAnswer::NotProcessed(NotProcessed::Down)));
    world.asks("suspends", these(&["down"])).await;
    world.drive_until(at("2026-03-02T09:12:00Z")).await;
    assert!(world.control().await.suspension.is_some());
    world.deletes("while-suspended", these(&["suspended"])).await;
    world.drive_until(at("2026-03-02T09:15:00Z")).await;
    assert!(is_deleted(&world, "suspended"));
    world.upholds_the_invariants().await;
}

/// It makes no call: neither a probe, nor a try of what waits for one.
#[tokio::test(start_paused = true)]
async fn a_run_for_a_deletion_does_nothing_else() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    for record in ["down", "gone"] {
        world.fails(record, 1).await;
    }
    world.salesforce().answer_next(reply::of(UpsertAnswer::NotProcessed(NotProcessed::Down)));
    world.salesforce().probe_always(reply::of(ProbeAnswer::NotProcessed(NotProcessed::Down)));
    world.asks("waits", these(&["down"])).await;
    world.drive_until(at("2026-03-02T09:17:00Z")).await;
    assert!(world.control().await.suspension.is_some());
    world.salesforce().probe_always(reply::of(ProbeAnswer::Up));
    let (calls, suspension) = (world.calls(), world.control().await.suspension);
    // No tick has started a run, and a probe is due.
    world.wait_until(at("2026-03-02T09:21:00Z")).await;
    let asked = world.deletes("gone", these(&["gone"])).await;
    world.run(asked.selection()).await.expect("nothing dies").expect("no port fails");
    assert!(is_deleted(&world, "gone"));
    assert_eq!((world.calls(), world.control().await.suspension), (calls, suspension));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    let progress = done(&world, "waits").await;
    assert_eq!((progress.done(), world.failing()), (1, 0), "what waits is not forgotten: {progress:?}");
    world.upholds_the_invariants().await;
}

/// Their own events meet the held lease and come to nothing.
#[tokio::test(start_paused = true)]
async fn what_is_asked_for_while_a_run_deletes_is_done_by_that_run() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(6_000).await;
    world.fails_with(&lead("wrong"), 1, sample::CODE, &json!({})).await;
    let contacts = Matching::of_object(sample::object("Contact"));
    let asked = world.deletes("contacts", Wanted::Matching(contacts)).await;
    let running = world.run(asked.selection());
    let asking = async {
        world.wait_until(at("2026-03-02T09:02:01Z")).await;
        world.asks("leads", Wanted::Matching(Matching::of_object(sample::object("Lead")))).await;
    };
    let (ended, ()) = futures::join!(running, asking);
    ended.expect("nothing dies").expect("no port fails");
    assert_eq!((done(&world, "contacts").await.deleted, done(&world, "leads").await.resolved), (6_000, 1));
    assert_eq!(world.control().await.epoch.0, 1);
}

/// Its own event has met the run of the deletion, or was lost.
#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_a_run_deletes_is_begun_when_that_ends_and_not_by_the_next_tick() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    for record in ["retried", "gone"] {
        world.fails(record, 1).await;
    }
    world.asks("retry", these(&["retried"])).await;
    let deletion = world.deletes("gone", these(&["gone"])).await;
    assert_eq!(world.newly_requested().len(), 2, "both events are taken away");
    world.run(deletion.selection()).await.expect("nothing dies").expect("no port fails");
    assert_eq!((is_deleted(&world, "gone"), world.calls()), (true, 0));
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "retry").await.resolved, 1);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_event_was_lost_is_started_by_the_next_tick_of_a_paused_connection_too() {
    let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
    world.fails("a", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.deletes("gone", everything()).await;
    assert_eq!(world.newly_requested().len(), 1, "the event is taken away");
    world.drive_until(at("2026-03-02T09:19:00Z")).await;
    assert!(!is_deleted(&world, "a"));
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    assert_eq!((done(&world, "gone").await, world.calls()), (deleted(1), 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_whose_send_may_still_be_committed_may_be_deleted_and_stays_quarantined() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.salesforce().answer_next(reply::of(UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    world.deletes("gone", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:26:00Z")).await;
    assert_eq!(done(&world, "gone").await, deleted(1));
    world.fails("a", 2).await;
    world.asks("anew", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(world.sent("a").len(), 1, "the newer failure waits until the older send cannot be committed any more");
    world.drive_until(at("2026-03-02T10:10:00Z")).await;
    assert_eq!((world.sent("a").len(), world.failing()), (2, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_failure_of_a_deleted_record_comes_back_and_the_same_one_does_not() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.deletes("gone", these(&["a"])).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    world.fails("a", 1).await;
    assert!(is_deleted(&world, "a"));
    world.fails("a", 2).await;
    assert_eq!(world.failing(), 1);
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.sent("a").len(), world.failing()), (1, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_is_skipped_with_a_reason_and_a_lost_payload_is_no_obstacle() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.set(|acme| acme.retention.payload_days = Some(1)).await;
    world.fails("saved", 1).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    all_refused(&world);
    world.fails("emptied", 1).await;
    world.set(|acme| acme.paused = true).await;
    world.wait_until(at("2026-03-04T09:15:00Z")).await;
    assert_eq!(world.applies_retention().await, 1);
    assert_eq!(world.record("emptied").state, State::Held(HoldReason::PayloadMissing));
    world.deletes("three", these(&["saved", "emptied", "unheard-of"])).await;
    world.drive_until(at("2026-03-04T09:18:00Z")).await;
    let why = Skips { unknown: 1, resolved: 1, ..Skips::default() };
    assert_eq!(done(&world, "three").await, deleted(1).skipping(why));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_the_request_is_not_deleted() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("before", 1).await;
    world.fails("anew", 1).await;
    world.deletes("all", everything()).await;
    world.wait_until(at("2026-03-02T09:03:00Z")).await;
    world.fails("after", 1).await;
    world.fails("anew", 2).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(done(&world, "all").await.deleted, 1);
    assert!(is_deleted(&world, "before") && world.failing() == 2);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_asked_for_during_a_run_comes_between_its_turns() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    all_refused(&world);
    world.many_fail(6_000).await;
    world.fails_with(&lead("wrong"), 1, sample::CODE, &json!({})).await;
    world.wait_until(at("2026-03-02T09:20:00Z")).await;
    let running = world.run(rules::owed::Selection::Due { tick: at("2026-03-02T09:20:00Z") });
    let asking = async {
        world.wait_until(at("2026-03-02T09:20:01Z")).await;
        let leads = Matching::of_object(sample::object("Lead"));
        world.deletes("leads", Wanted::Matching(leads)).await;
    };
    let (ended, ()) = futures::join!(running, asking);
    let report = match ended.expect("nothing dies").expect("no port fails") {
        engine::run::RunEnd::Ran(report) => report,
        other => panic!("{other:?}"),
    };
    assert_eq!(world.request("leads").await.state, RequestState::Done);
    assert_eq!((world.control().await.epoch.0, report.deleted), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_deletion_deletes_nothing_more() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(10_000).await;
    world.deletes("large", everything()).await;
    let cancelling = async {
        world.wait_until(at("2026-03-02T09:02:02Z")).await;
        world.cancels("large").await
    };
    let (answer, ()) = futures::join!(cancelling, world.drive_until(at("2026-03-02T09:15:00Z")));
    let Cancelled::Cancelled(cancelled) = answer else { panic!("it was open: {answer:?}") };
    assert_eq!(world.request("large").await, cancelled);
    let left = world.failing();
    assert!((1..10_000).contains(&left), "{left} of 10,000 are left");
    let told = told(&world).await;
    assert!(told.iter().all(|told| told.is_exact), "{told:?}");
    assert_eq!(told.iter().map(|told| told.records).sum::<u64>(), 10_000 - left as u64);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion_may_die_at_any_step_and_the_next_runs_finish_it() {
    let mut step = 1;
    loop {
        let world = World::new("2026-03-02T09:02:00Z", [recent()]).await;
        world.set(|acme| acme.paused = true).await;
        world.many_fail(60).await;
        world.fails_with(&key("other"), 1, "INVALID_EMAIL_ADDRESS", &json!({})).await;
        let asked = world.deletes("locks", like(&world.record("r000001"))).await;
        let ended = world.mortal.dying_at(step, world.run(asked.selection())).await.flatten();
        world.drive_until(at("2026-03-02T10:10:00Z")).await;
        assert_eq!((world.failing(), world.request("locks").await.state), (1, RequestState::Done), "dead at {step}");
        the_audit_is_true(&world, 60, 1).await;
        world.upholds_the_invariants_after_deaths(1).await;
        if ended.is_some() {
            break;
        }
        step += 1;
    }
    assert!(step > 20, "a deletion has many steps, not {step}");
}

/// A run whose time is over leaves a deletion to the next one, and lets go of the lease rather than turn in a circle.
#[tokio::test(start_paused = true)]
async fn a_run_whose_time_is_over_leaves_what_is_to_be_deleted_to_the_next_one() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.deletes("gone", these(&["a"])).await;
    let (connection, selection) = (id("acme"), Selection::Owed { tick: at("2026-03-02T09:00:00Z") });
    let deadline = world.now() + Duration::from_mins(1);
    let order = Order { connection, selection, deadline, halt: Halt::default() };
    let end = run(&world.parts, &order).await.expect("no port fails");
    assert!(matches!(end, RunEnd::Ran(_)), "{end:?}");
    assert!(world.control().await.lease.is_none());
    assert!(!is_deleted(&world, "a"));
    world.drive_until(at("2026-03-02T09:21:00Z")).await;
    assert_eq!((done(&world, "gone").await, world.calls()), (deleted(1), 0));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_written_in_batches() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.set(|acme| acme.paused = true).await;
    world.many_fail(5_000).await;
    world.deletes("all", everything()).await;
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    let writes = world.count(Operation::WriteOutcomes);
    assert_eq!(writes, 200, "25 records each: what one request takes");
}
