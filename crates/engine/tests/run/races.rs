//! Sources that go on reporting while a batch is in flight: newer versions, successes, deletions.
//!
//! Must not know: how a lost race is noticed.

use std::time::Duration;

use engine::fakes::reply;
use engine::ingest::Taken;
use engine::ports::{Keeping, PayloadChange, Put, Records, UpsertRequest, Written};
use futures::FutureExt;
use rules::events::{Outbound, PossibleOverwrite};
use rules::ingest::Ignored;
use rules::record::{Next, Resolution, State, Stored};
use rules::version::SourceVersion;
use serde_json::json;

use crate::support::{World, at, interval, key, minutes};

/// What the store in memory does at once is done when this returns.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("the store in memory answers at once")
}

/// From now on every batch is saved; while the first one is in flight, `happening` happens.
fn during_the_first_flight(world: &World, happening: impl Fn(&World) + Send + Sync + 'static) {
    let there = world.clone();
    world.salesforce().answer_with(move |request, call, _| {
        if call == 1 {
            happening(&there);
        }
        reply::all_saved(request)
    });
}

async fn one_due() -> World {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world
}

fn overwrites(world: &World) -> Vec<PossibleOverwrite> {
    let overwrite = |event| match event {
        Outbound::PossibleOverwrite(event) => Some(event),
        Outbound::RecordsRetried(_)
        | Outbound::RecordsTimedOut(_)
        | Outbound::BudgetSpent(_)
        | Outbound::RunRequested(_)
        | Outbound::ConnectionSuspended(_)
        | Outbound::ConnectionResumed(_) => None,
    };
    world.published().into_iter().filter_map(overwrite).collect()
}

fn versions_sent(world: &World, record: &str) -> Vec<Option<i64>> {
    let sent = world.requests().into_iter().flat_map(|request| request.records);
    sent.filter(|sent| sent.key == key(record)).map(|sent| sent.v).collect()
}

#[tokio::test(start_paused = true)]
async fn when_a_newer_payload_arrives_in_flight_the_try_counts_and_the_new_payload_stays_due() {
    let world = one_due().await;
    during_the_first_flight(&world, |world| assert_eq!(at_once(world.fails("a", 2)), Taken::Updated));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let record = world.record("a");
    assert_eq!(record.state, State::Scheduled(Next::At(at("2026-03-02T09:40:00Z"))));
    assert_eq!((record.source_version, record.attempts.interval), (SourceVersion::Number(2), 1));
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((versions_sent(&world, "a"), world.failing()), (vec![Some(1), Some(2)], 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_payload_that_is_listed_while_the_older_one_is_in_flight_waits_for_its_landing() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(2_200).await;
    world.set(|acme| acme.paused = true).await;
    world.drive_until(at("2026-03-02T11:50:00Z")).await;
    world.set(|acme| acme.paused = false).await;
    let (there, salesforce) = (world.clone(), world.salesforce());
    let holds = |request: &UpsertRequest| request.records.iter().any(|record| record.id.as_str() == "r001700");
    world.salesforce().answer_with(move |request, call, _| {
        let slow = call < 12 && holds(request);
        salesforce.set_latency(if slow { Duration::from_secs(20) } else { Duration::from_millis(250) });
        if slow {
            let past = json!({ "failedAt": "2026-03-02T11:45:00Z" });
            let taken = at_once(there.fails_with(&key("r001700"), 2, "UNABLE_TO_LOCK_ROW", &past));
            assert_eq!(taken, Taken::Updated);
        }
        reply::all_saved(request)
    });
    world.drive_until(at("2026-03-02T12:30:00Z")).await;
    assert_eq!((versions_sent(&world, "r001700"), world.failing()), (vec![Some(1), Some(2)], 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_success_in_flight_cancels_the_retry_and_warns_of_a_possible_overwrite() {
    let world = one_due().await;
    during_the_first_flight(&world, |world| assert_eq!(at_once(world.succeeds("a", 2)), Taken::Succeeded));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    let [warning] = &overwrites(&world)[..] else { panic!("one warning, not {:?}", overwrites(&world)) };
    let versions = (warning.sent, warning.newer);
    assert_eq!(versions, (SourceVersion::Number(1), SourceVersion::Number(2)));
    assert!(matches!(world.record("a").state, State::Resolved { how: Resolution::SucceededElsewhere, .. }));
    assert_eq!(versions_sent(&world, "a"), [Some(1)]);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_success_soon_after_a_send_of_unknown_outcome_warns_of_a_possible_overwrite() {
    let world = one_due().await;
    world.salesforce().answer_next(reply::of(engine::ports::UpsertAnswer::Unknown));
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    world.succeeds("a", 2).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!((overwrites(&world).len(), versions_sent(&world, "a")), (1, vec![Some(1)]));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_reported_after_a_newer_failure_warns_of_the_older_send_that_may_have_followed_it() {
    let world = one_due().await;
    world.drive_until(at("2026-03-02T09:21:00Z")).await;
    assert_eq!(versions_sent(&world, "a"), [Some(1)]);
    world.fails("a", 3).await;
    assert_eq!(world.succeeds("a", 2).await, Taken::Ignored(Ignored::Older));
    let told: Vec<_> = overwrites(&world).into_iter().map(|told| (told.sent, told.newer)).collect();
    assert_eq!(told, [(SourceVersion::Number(1), SourceVersion::Number(2))]);
    assert_eq!(world.record("a").source_version, SourceVersion::Number(3));
    world.upholds_the_invariants().await;
}

/// Salesforce may still commit the old payload: a failure that comes next waits until it cannot.
#[tokio::test(start_paused = true)]
async fn a_record_that_was_overtaken_while_its_outcome_is_unknown_stays_quarantined() {
    let world = one_due().await;
    let there = world.clone();
    world.salesforce().answer_with(move |request, call, _| {
        if call > 1 {
            return reply::all_saved(request);
        }
        at_once(there.succeeds("a", 2));
        reply::of(engine::ports::UpsertAnswer::Unknown)
    });
    world.drive_until(at("2026-03-02T09:25:00Z")).await;
    assert_eq!(overwrites(&world).len(), 1);
    let quarantined = world.journal().await.into_iter().any(|entry| entry.quarantines(world.now()));
    assert!(quarantined, "{:?}", world.journal().await);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_success_of_the_very_version_in_flight_needs_no_warning() {
    let world = one_due().await;
    during_the_first_flight(&world, |world| assert_eq!(at_once(world.succeeds("a", 1)), Taken::Succeeded));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!((overwrites(&world), versions_sent(&world, "a")), (vec![], vec![Some(1)]));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_a_person_deletes_in_flight_stays_deleted() {
    let world = one_due().await;
    during_the_first_flight(&world, |world| {
        let before = world.record("a");
        let expected = Some(before.fence);
        let deleted = before.resolve(Resolution::Deleted, world.now()).advance();
        let put = Put { stored: Stored::Record(Box::new(deleted)), payload: PayloadChange::Drop, expected };
        assert_eq!(at_once(world.store.put(&put, &Keeping::of(&interval()))).expect("the store works"), Written::Done);
    });
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert!(matches!(world.record("a").state, State::Resolved { how: Resolution::Deleted, .. }));
    assert_eq!((world.events("Records Retried"), versions_sent(&world, "a")), (0, vec![Some(1)]));
}

#[tokio::test(start_paused = true)]
async fn after_a_newer_success_the_older_payload_is_never_sent_even_when_the_index_still_lists_it() {
    let world = one_due().await;
    world.store.freeze_indexes();
    world.succeeds("a", 2).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(world.sent("a"), []);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_failure_of_a_version_older_than_a_known_success_does_not_come_back() {
    let world = one_due().await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    world.succeeds("b", 5).await;
    world.fails("b", 4).await;
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!((minutes(&world.sent("a")).len(), world.sent("b")), (1, vec![]));
}

/// The name is `serde_json`'s own, for a text that it takes for what it says: inside, nesting is counted anew.
#[tokio::test(start_paused = true)]
async fn a_payload_that_could_not_be_read_back_is_refused_and_not_kept() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    for (depth, is_taken) in [(100, true), (127, false)] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let payload = json!({ "payload": { "Notes__c": { "$serde_json::private::RawValue": nested } } });
        let taken = world.reports_with("a", 1, &payload).await;
        assert_eq!(taken.is_ok(), is_taken, "{depth}: {taken:?}");
        if let Err(refused) = taken {
            assert!(refused.to_string().contains("cannot be read back"), "{refused}");
        }
    }
    assert_eq!(world.failing(), 1);
}
