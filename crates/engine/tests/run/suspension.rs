//! Failures of the whole connection: nothing is sent, no record changes, no try counts, until the cause is gone.
//!
//! Must not know: which HTTP answers mean what.

use std::time::Duration;

use engine::fakes::{reply, sample};
use engine::ports::{LoginAnswer, NotProcessed, ProbeAnswer, Reply, StopReason, UpsertAnswer};
use engine::suspension::{Cleared, clear};
use rules::owed::Selection;
use rules::suspension::Cause;
use rules::time::Timestamp;
use rules::verdict::Answer;

use crate::support::watched::Kind;
use crate::support::{World, at, id, interval, minutes};

async fn thousand_due() -> World {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.many_fail(1_000).await;
    world
}

fn not_processed(why: NotProcessed) -> Reply<UpsertAnswer> {
    reply::of(UpsertAnswer::NotProcessed(why))
}

fn works_again(world: &World) {
    world.salesforce().answer_with(|request, _, _| reply::all_saved(request));
}

fn times(world: &World, kind: Kind) -> Vec<String> {
    minutes(&world.requests_of(kind).iter().map(|request| request.at).collect::<Vec<Timestamp>>())
}

async fn cause(world: &World) -> Option<Cause> {
    world.control().await.suspension.map(|suspension| suspension.cause)
}

#[tokio::test(start_paused = true)]
async fn a_503_on_the_first_call_suspends_and_probes_come_after_one_two_four_and_four_ticks() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::Down));
    world.salesforce().probe_always(reply::of(ProbeAnswer::NotProcessed(NotProcessed::Down)));
    world.drive_until(at("2026-03-02T13:50:00Z")).await;
    assert_eq!(times(&world, Kind::Upsert), ["2026-03-02T09:20:00Z"]);
    let probes = ["2026-03-02T09:40:00Z", "2026-03-02T10:20:00Z", "2026-03-02T11:40:00Z", "2026-03-02T13:00:00Z"];
    assert_eq!(times(&world, Kind::Probe), probes);
    assert_eq!(world.store.all(), before);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn when_a_probe_finds_salesforce_up_the_same_run_sends_everything() {
    let world = thousand_due().await;
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::Down));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    works_again(&world);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (0, None));
    assert_eq!((world.events("Connection Suspended"), world.events("Connection Resumed")), (1, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_never_repeated_until_the_secret_has_a_new_version() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    world.drive_until(at("2026-03-03T09:30:00Z")).await;
    assert_eq!((world.calls(), world.store.all() == before), (1, true));
    assert_eq!(cause(&world).await, Some(Cause::LoginRefused { secret: "v1".to_owned() }));
    world.salesforce().login_always(reply::of(LoginAnswer::SignedIn));
    world.drive_until(at("2026-03-03T10:30:00Z")).await;
    assert_eq!(world.calls(), 1);
    world.salesforce().set_secret_version("v2");
    world.drive_until(at("2026-03-03T10:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (0, None));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn full_storage_suspends_and_one_real_record_is_the_probe() {
    let world = thousand_due().await;
    let before = world.store.all();
    let full = |_: &engine::ports::Upsert| reply::refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded");
    world.salesforce().answer_with(move |request, _, _| reply::each(request, full));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    assert_eq!(world.batch_sizes(), [200, 1, 1]);
    assert_eq!((world.requests_of(Kind::Probe).len(), world.store.all() == before), (0, true));
    works_again(&world);
    world.drive_until(at("2026-03-02T11:50:00Z")).await;
    assert_eq!((world.batch_sizes()[3], world.failing(), cause(&world).await), (1, 0, None));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_beside_records_that_found_the_storage_full_stays_saved() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.fails("b", 1).await;
    world.salesforce().answer_with(|request, _, _| {
        reply::each(request, |record| match record.id.as_str() {
            "a" => Answer::Saved,
            _ => reply::refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"),
        })
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert!(!world.record("a").is_failing());
    assert_eq!((world.record("b").attempts.total(), cause(&world).await), (0, Some(Cause::Storage)));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_expires_in_the_middle_of_a_run_is_renewed_once_and_everything_is_sent() {
    let world = thousand_due().await;
    world.salesforce().answer_with(|request, call, _| match call {
        2 => reply::of(UpsertAnswer::SessionExpired),
        _ => reply::all_saved(request),
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.requests_of(Kind::Login).len(), world.batch_sizes().len(), world.failing()), (2, 6, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_expires_twice_in_a_run_suspends_and_no_record_changes() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().answer_with(|_, _, _| reply::of(UpsertAnswer::SessionExpired));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.requests_of(Kind::Login).len(), world.batch_sizes().len()), (2, 2));
    assert_eq!((cause(&world).await, world.store.all() == before), (Some(Cause::SessionRefused), true));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_salesforce_is_asked_again_after_a_pause_and_the_run_goes_on() {
    let world = thousand_due().await;
    world.salesforce().answer_next(not_processed(NotProcessed::Busy));
    world.salesforce().answer_next(not_processed(NotProcessed::Busy));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let starts: Vec<_> = world.requests_of(Kind::Upsert).iter().map(|request| request.at).collect();
    assert!(starts[1].since(starts[0]) >= Duration::from_secs(2), "{starts:?}");
    assert!(starts[2].since(starts[1]) >= Duration::from_secs(4), "{starts:?}");
    assert_eq!((world.batch_sizes().len(), world.failing()), (7, 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_salesforce_that_stays_busy_ends_the_run_without_blaming_a_record_or_suspending() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::Busy));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.batch_sizes().len(), world.run_reports()[0].stopped), (4, StopReason::Busy));
    assert_eq!((cause(&world).await, world.store.all() == before), (None, true));
    works_again(&world);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn refused_connections_are_tried_again_after_pauses_and_then_suspend() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::Unreachable));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.batch_sizes().len(), cause(&world).await), (4, Some(Cause::Unreachable)));
    assert_eq!(world.store.all(), before);
    world.upholds_the_invariants().await;
}

/// A harmless request that is answered says nothing about writes: they alone end the suspension, and its probes grow rarer.
#[tokio::test(start_paused = true)]
async fn access_that_is_refused_to_writes_alone_stays_suspended_though_the_probe_is_answered() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::AccessRefused));
    world.drive_until(at("2026-03-02T11:30:00Z")).await;
    let writes = ["2026-03-02T09:20:00Z", "2026-03-02T09:40:00Z", "2026-03-02T10:20:00Z"];
    assert_eq!((times(&world, Kind::Upsert), world.batch_sizes()), (writes.map(str::to_owned).into(), vec![200, 1, 1]));
    assert_eq!((world.events("Connection Suspended"), world.events("Connection Resumed")), (1, 0));
    assert_eq!(world.store.all(), before);
    works_again(&world);
    world.drive_until(at("2026-03-02T11:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (0, None));
    world.upholds_the_invariants().await;
}

/// A store of secrets that does not answer blames no record and makes no call.
#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_read_end_the_run_without_a_call_or_a_try() {
    let world = thousand_due().await;
    let before = world.store.all();
    world.salesforce().sign_out();
    world.salesforce().fail_secret(100);
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    let found = cause(&world).await.expect("it is suspended");
    assert!(
        matches!(&found, Cause::SecretUnreadable { name, problem } if name == "resync/acme" && problem == "the fake was told to fail"),
        "{found:?}"
    );
    assert_eq!((world.batch_sizes(), world.calls(), world.store.all() == before), (vec![], 0, true));
    world.drive_until(at("2026-03-02T09:30:01Z")).await;
    world.salesforce().fail_secret(0);
    works_again(&world);
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (0, None));
    world.upholds_the_invariants().await;
}

/// A look at the secret costs Salesforce nothing, so that there is one at every tick, however long it takes.
#[tokio::test(start_paused = true)]
async fn a_secret_that_can_be_read_again_is_found_at_the_next_tick_after_any_time() {
    let world = thousand_due().await;
    world.salesforce().sign_out();
    world.salesforce().fail_secret(10_000);
    world.drive_until(at("2026-03-02T21:30:00Z")).await;
    assert_eq!((world.calls(), world.failing()), (0, 1_000));
    let looks = world.salesforce().requests().secret_reads;
    world.drive_until(at("2026-03-02T22:30:00Z")).await;
    assert_eq!(world.salesforce().requests().secret_reads - looks, 3, "one a tick");
    world.salesforce().fail_secret(0);
    world.drive_until(at("2026-03-02T22:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (0, None));
    assert_eq!((world.events("Connection Suspended"), world.events("Connection Resumed")), (1, 1));
    world.upholds_the_invariants().await;
}

/// What was refused is not tried again only because it could not be read for a while.
#[tokio::test(start_paused = true)]
async fn a_refused_secret_that_cannot_be_read_for_a_while_is_not_tried_again_as_it_was() {
    let world = thousand_due().await;
    world.salesforce().login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    world.salesforce().fail_secret(2);
    world.drive_until(at("2026-03-02T12:30:00Z")).await;
    assert_eq!((world.calls(), cause(&world).await), (1, Some(Cause::LoginRefused { secret: "v1".to_owned() })));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn the_orgs_own_limit_in_the_middle_of_a_run_suspends_and_keeps_what_was_done() {
    let world = thousand_due().await;
    world.salesforce().answer_with(|request, call, _| match call {
        1 => reply::all_saved(request),
        _ => not_processed(NotProcessed::OrgLimit),
    });
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await), (800, Some(Cause::OrgLimit)));
    assert!(world.records().iter().filter(|record| record.is_failing()).all(|record| record.attempts.total() == 0));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_a_suspension_stopped_at_the_end_of_a_page_goes_on_with_every_record_of_it() {
    let world = World::new("2026-03-02T11:15:00Z", [crate::support::recent()]).await;
    world.many_fail(4_000).await;
    // Slow enough for the next page to be read while the last batch of this one is in flight.
    world.salesforce().set_latency(Duration::from_secs(3));
    world.salesforce().answer_with(|request, call, _| match call {
        10..=12 => not_processed(NotProcessed::Down),
        _ => reply::all_saved(request),
    });
    world.drive_until(at("2026-03-02T12:30:00Z")).await;
    assert_eq!(world.failing(), 0);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_suspension_that_a_person_clears_is_gone_and_the_next_tick_sends() {
    let world = thousand_due().await;
    world.salesforce().login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::LoginRefused)));
    world.drive_until(at("2026-03-02T10:30:00Z")).await;
    world.salesforce().login_always(reply::of(LoginAnswer::SignedIn));
    let Cleared::Cleared(suspension) = world.clears_the_suspension().await else { panic!("it was suspended") };
    assert_eq!(suspension.cause, Cause::LoginRefused { secret: "v1".to_owned() });
    assert_eq!(world.clears_the_suspension().await, Cleared::NotSuspended);
    world.drive_until(at("2026-03-02T10:50:00Z")).await;
    assert_eq!((world.failing(), cause(&world).await, world.events("Connection Resumed")), (0, None, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_clears_the_suspension_of_a_connection_that_does_not_exist() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    assert_eq!(clear(&world.parts, &id("acme-eu")).await.expect("the store works"), Cleared::UnknownConnection);
    assert_eq!(world.clears_the_suspension().await, Cleared::NotSuspended);
}

#[tokio::test(start_paused = true)]
async fn a_suspension_that_is_cleared_while_a_run_looks_stays_cleared_when_the_run_ends() {
    let world = World::new("2026-03-02T09:15:00Z", [interval()]).await;
    world.fails("a", 1).await;
    let full = |_: &engine::ports::Upsert| reply::refused("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded");
    world.salesforce().answer_with(move |request, _, _| reply::each(request, full));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!(cause(&world).await, Some(Cause::Storage));
    let locked = |_: &engine::ports::Upsert| reply::refused(sample::CODE, sample::MESSAGE);
    world.salesforce().answer_with(move |request, _, _| reply::each(request, locked));
    world.salesforce().set_latency(Duration::from_secs(10));
    world.wait_until(at("2026-03-02T09:40:00Z")).await;
    let clearing = async {
        world.wait_until(at("2026-03-02T09:40:05Z")).await;
        world.clears_the_suspension().await
    };
    let (ended, cleared) = futures::join!(world.run(Selection::Due { tick: at("2026-03-02T09:40:00Z") }), clearing);
    ended.expect("nothing dies").expect("no port fails");
    assert!(matches!(cleared, Cleared::Cleared(_)));
    assert_eq!((cause(&world).await, world.record("a").attempts.interval), (None, 1));
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_meets_the_cause_itself_after_it_was_cleared_suspends_anew() {
    let world = thousand_due().await;
    world.salesforce().answer_with(|_, _, _| not_processed(NotProcessed::Down));
    world.salesforce().probe_always(reply::of(ProbeAnswer::NotProcessed(NotProcessed::Down)));
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    world.clears_the_suspension().await;
    world.drive_until(at("2026-03-02T09:50:00Z")).await;
    let since = world.control().await.suspension.map(|suspension| suspension.since);
    assert_eq!(minutes(&since.into_iter().collect::<Vec<_>>()), ["2026-03-02T09:40:00Z"]);
    assert_eq!(world.events("Connection Suspended"), 2);
    world.upholds_the_invariants().await;
}
