//! Deleting a connection while failures and requests come in: either it stays, or what came is told that it is gone. Nothing is
//! left behind that nobody would ever try.
//!
//! Must not know: how a deletion is kept apart from the others.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use engine::ingest::{Ingest, NotTaken};
use engine::manage::{self, Deleted};
use engine::memory::{Fails, Operation};
use engine::ports::{AuditAction, Audits, Clock, Connections};
use engine::resync::{Accepted, NewRequest};
use futures::poll;
use rules::resync::Action;
use serde_json::json;

use crate::support::persons::{everything, in_between, request_id};
use crate::support::{World, at, id, interval, key};

const MOST_STEPS: usize = 60;

async fn deletes(world: &World) -> Deleted {
    manage::delete(&world.parts, &id("acme"), "ada").await.expect("the store works")
}

async fn asks(world: &World) -> Accepted {
    let new = NewRequest {
        connection: id("acme"),
        id: request_id("one"),
        action: Action::Resync,
        wanted: everything(),
        planned: None,
        requested_by: "bob".to_owned(),
    };
    manage::request(&world.parts, new).await.expect("the store works")
}

async fn is_there(world: &World) -> bool {
    world.store.connection(&id("acme")).await.expect("the store works").is_some()
}

fn failure(world: &World, record: &str) -> String {
    let detail = json!({
        "connection": "acme", "object": "Contact", "externalId": record, "externalIdField": "Ext_Id__c",
        "sourceVersion": 1, "error": { "code": "UNABLE_TO_LOCK_ROW", "message": "locked" }, "payload": { "v": 1 },
    });
    json!({ "detail-type": "Sync Failed", "time": world.now(), "detail": detail }).to_string()
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_nothing_to_do_is_deleted_and_once_only() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    assert_eq!(deletes(&world).await, Deleted::Deleted);
    assert_eq!((is_there(&world).await, deletes(&world).await), (false, Deleted::UnknownConnection));
}

/// By settings that were read before the deletion began, and by settings that show that it did.
#[tokio::test(start_paused = true)]
async fn a_failure_that_comes_in_while_a_connection_is_deleted_keeps_it() {
    for reads_before in [true, false] {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        let ingest = Ingest::new(&world.parts);
        if reads_before {
            ingest.take(&failure(&world, "other").replace("Sync Failed", "Sync Succeeded")).await.expect("taken in");
        }
        let mut deleting = pin!(deletes(&world));
        assert!(poll!(&mut deleting).is_pending(), "it waits for what is under way");
        ingest.take(&failure(&world, "a")).await.expect("taken in");
        assert_eq!(deleting.await, Deleted::HasRecords, "read before: {reads_before}");
        assert!(is_there(&world).await);
        world.drive_until(at("2026-03-02T09:30:00Z")).await;
        assert_eq!(world.failing(), 0, "it is tried");
    }
}

/// Not even when the index does not list it in time.
#[tokio::test(start_paused = true)]
async fn a_failure_that_saw_the_deletion_and_is_listed_late_keeps_the_connection() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let mut deleting = pin!(deletes(&world));
    assert!(poll!(&mut deleting).is_pending());
    world.store.freeze_indexes();
    Ingest::new(&world.parts).take(&failure(&world, "a")).await.expect("taken in");
    assert_eq!(deleting.await, Deleted::InUse);
    assert!(is_there(&world).await);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_goes_on_after_the_deletion_is_told_that_the_connection_is_gone() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let ingest = Ingest::new(&world.parts);
    ingest.take(&failure(&world, "a").replace("Sync Failed", "Sync Succeeded")).await.expect("taken in");
    assert_eq!(deletes(&world).await, Deleted::Deleted);
    let refused = ingest.take(&failure(&world, "b")).await;
    assert!(matches!(refused, Err(NotTaken::Refused(_))), "{refused:?}");
    assert!(world.store.stored(&key("b")).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_only_rehearsed_keeps_no_connection() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let mut deleting = pin!(deletes(&world));
    assert!(poll!(&mut deleting).is_pending());
    Ingest::rehearsing(&world.parts).take(&failure(&world, "a")).await.expect("it would be taken in");
    assert_eq!(deleting.await, Deleted::Deleted);
}

/// Its caller may die after the mark: the connection goes on as before.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_broke_off_leaves_a_connection_that_works() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    {
        let mut dead = pin!(deletes(&world));
        assert!(poll!(&mut dead).is_pending());
    }
    world.fails("a", 1).await;
    world.drive_until(at("2026-03-02T09:30:00Z")).await;
    assert_eq!((world.failing(), deletes(&world).await), (0, Deleted::Deleted));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_reply_was_lost_may_be_asked_for_again() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.store.fail_next(Operation::DeleteConnection, 1, Fails::AfterEffect);
    manage::delete(&world.parts, &id("acme"), "ada").await.expect_err("the reply was lost");
    assert_eq!(deletes(&world).await, Deleted::UnknownConnection);
    assert_eq!(told(&world).await, [""], "it is told once, and as done");
}

/// What the audit says of deletions.
async fn told(world: &World) -> Vec<String> {
    let entries = world.store.audits(Some(&id("acme")), 100).await.expect("the store works");
    let deletions = entries.into_iter().filter(|entry| entry.action == AuditAction::ConnectionDeleted);
    deletions.map(|entry| entry.subject).collect()
}

#[tokio::test(start_paused = true)]
async fn two_who_delete_a_connection_at_the_same_time_delete_it_once_and_the_audit_says_so() {
    let mut outcomes = BTreeSet::new();
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        let officer = world.another_process();
        let mut other = None;
        let second = async { other = Some(deletes(&world).await) };
        let (first, met) = in_between(&officer, step, deletes(&officer), second).await;
        let other = other.expect("it was asked");
        let (done, told) =
            ([first, other].iter().filter(|said| **said == Deleted::Deleted).count(), told(&world).await);
        assert_eq!((is_there(&world).await, done), (false, 1), "step {step}: {first:?}, {other:?}");
        assert_eq!(told.iter().filter(|subject| subject.is_empty()).count(), 1, "step {step}: {told:?}");
        outcomes.insert(format!("{first:?}, {other:?}"));
        if !met {
            break;
        }
    }
    assert!(outcomes.len() > 1, "either comes first sometimes: {outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_and_a_deletion_may_meet_at_any_step_of_the_deletion_and_one_of_them_is_told() {
    let mut kept = [0, 0];
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        let officer = world.another_process();
        let mut accepted = None;
        let asking = async { accepted = Some(asks(&world).await) };
        let (deleted, met) = in_between(&officer, step, deletes(&officer), asking).await;
        consistent(&world, step, deleted, &accepted.expect("it was asked")).await;
        kept[usize::from(is_there(&world).await)] += 1;
        if !met {
            break;
        }
    }
    assert!(kept.iter().all(|&times| times > 0), "either comes first sometimes: {kept:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_and_a_deletion_may_meet_at_any_step_of_the_request_and_one_of_them_is_told() {
    let mut kept = [0, 0];
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        let person = world.another_process();
        let mut deleted = None;
        let deleting = async { deleted = Some(deletes(&world).await) };
        let (accepted, met) = in_between(&person, step, asks(&person), deleting).await;
        consistent(&world, step, deleted.expect("it was asked"), &accepted).await;
        kept[usize::from(is_there(&world).await)] += 1;
        if !met {
            break;
        }
    }
    assert!(kept.iter().all(|&times| times > 0), "either comes first sometimes: {kept:?}");
}

async fn consistent(world: &World, step: usize, deleted: Deleted, accepted: &Accepted) {
    let is_there = is_there(world).await;
    assert_eq!(is_there, deleted != Deleted::Deleted, "step {step}: {deleted:?}");
    let owed = world.control().await.owed.forced.len();
    match accepted {
        Accepted::New(_) => assert!(is_there && owed == 1, "step {step}: {deleted:?}, {owed} owed"),
        Accepted::UnknownConnection => assert!(!is_there && owed == 0, "step {step}: {deleted:?}, {owed} owed"),
        other => panic!("step {step}: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_gone_by_for_a_moment_only_while_a_file_is_taken_in() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    let ingest = Ingest::new(&world.parts);
    for number in 0..30 {
        ingest.take(&failure(&world, &format!("r{number}"))).await.expect("taken in");
        world.clock.wait(Duration::from_millis(100)).await;
    }
    assert_eq!(world.count(Operation::Connection), 2, "in three seconds");
}
