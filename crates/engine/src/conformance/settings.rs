//! Settings that people create, change and delete, each on condition of what they saw.
//!
//! Must not know: what a setting means.

use std::time::Duration;

use rules::connection::Connection;
use rules::control::Control;
use rules::usage::Usage;

use super::given::{ANSWERS, put_new, read};
use crate::fakes::sample;
use crate::ports::{AuditAction, AuditEntry, DeletionMark, Facts, Removed, Saved, Standing, Store};

async fn there<S: Store>(store: &S, connection: &Connection) -> Option<Connection> {
    store.connection(&connection.id).await.expect(ANSWERS)
}

async fn created<S: Store>(store: &S, connection: &Connection) -> bool {
    store.create_connection(connection).await.expect(ANSWERS)
}

async fn changed<S: Store>(store: &S, before: &Connection, after: &Connection) -> Saved<Option<Connection>> {
    store.change_connection(before, after).await.expect(ANSWERS)
}

/// Two people choose the same name: the second one is told.
pub async fn a_connection_is_created_once<S: Store>(store: &S) {
    let (first, second) = (sample::interval("acme"), sample::recent("acme"));
    assert!(created(store, &first).await);
    assert!(!created(store, &second).await);
    assert_eq!(there(store, &first).await, Some(first));
}

/// The reply was lost, so it is created again.
pub async fn a_connection_created_again_is_the_same_one<S: Store>(store: &S) {
    let connection = sample::interval("acme");
    assert!(created(store, &connection).await && created(store, &connection).await);
    assert_eq!(there(store, &connection).await, Some(connection));
}

/// A change is written on what its author saw.
pub async fn settings_are_changed_if_they_are_as_they_were_seen<S: Store>(store: &S) {
    let before = sample::interval("acme");
    let paused = Connection { paused: true, ..before.clone() };
    let slower = Connection { calls_in_flight: 1, ..before.clone() };
    assert!(created(store, &before).await);
    assert_eq!(changed(store, &before, &paused).await, Saved::Done);
    assert_eq!(changed(store, &before, &slower).await, Saved::Conflict(Some(paused.clone())));
    assert_eq!(there(store, &before).await, Some(paused));
}

/// The reply was lost, so it is changed again.
pub async fn settings_changed_again_are_done<S: Store>(store: &S) {
    let before = sample::interval("acme");
    let paused = Connection { paused: true, ..before.clone() };
    assert!(created(store, &before).await);
    for _ in 0..2 {
        assert_eq!(changed(store, &before, &paused).await, Saved::Done);
    }
}

/// A run raised them since the author looked.
pub async fn shards_are_no_part_of_what_was_seen_and_are_never_lowered<S: Store>(store: &S) {
    let before = sample::interval("acme");
    let paused = Connection { paused: true, ..before.clone() };
    assert!(created(store, &before).await);
    store.raise_shards(&before.id, 8).await.expect(ANSWERS);
    assert_eq!(changed(store, &before, &paused).await, Saved::Done);
    assert_eq!(there(store, &before).await, Some(Connection { shards: 8, ..paused.clone() }));
    let wider = Connection { shards: 16, ..before.clone() };
    assert_eq!(changed(store, &paused, &wider).await, Saved::Done);
    assert_eq!(there(store, &before).await, Some(wider));
}

/// A change creates nothing.
pub async fn settings_of_a_connection_that_is_gone_are_not_changed<S: Store>(store: &S) {
    let before = sample::interval("acme");
    let paused = Connection { paused: true, ..before.clone() };
    assert_eq!(changed(store, &before, &paused).await, Saved::Conflict(None));
    assert_eq!(there(store, &before).await, None);
}

const MARK: DeletionMark = DeletionMark(u64::MAX);

async fn is_marked<S: Store>(store: &S, connection: &Connection) -> bool {
    let intake = store.intake(&connection.id).await.expect(ANSWERS).expect("it is there");
    assert_eq!(Some(intake.connection), there(store, connection).await);
    intake.is_being_deleted
}

/// The entry of a deletion.
fn audited(id: u64) -> AuditEntry {
    let at = sample::time(sample::TICK);
    AuditEntry {
        id,
        at,
        who: "ann".to_owned(),
        action: AuditAction::ConnectionDeleted,
        connection: Some(sample::connection_id("acme")),
        subject: String::new(),
        records: 0,
        expires: at + Duration::from_hours(24 * 365),
    }
}

/// The empty ones where there are none.
pub async fn a_connection_and_how_it_stands_are_read_together<S: Store>(store: &S) {
    let (acme, other) = (sample::interval("acme"), sample::recent("acme-2"));
    assert_eq!(store.standing(&acme.id).await.expect(ANSWERS), None);
    assert!(created(store, &acme).await && created(store, &other).await);
    let control = Control { revision: 7, ..Control::default() };
    assert_eq!(store.save_control(&other.id, &control, 0).await.expect(ANSWERS), Saved::Done);
    let usage = Usage { revision: 9, ..Usage::default() };
    assert_eq!(store.save_usage(&other.id, &usage, 0).await.expect(ANSWERS), Saved::Done);
    for (connection, facts) in [(acme, Facts::default()), (other, Facts { control, usage })] {
        let standing = store.standing(&connection.id).await.expect(ANSWERS);
        assert_eq!(standing, Some(Standing { connection, facts }));
    }
}

/// The mark of another deletion is another one; whoever changes the settings, or keeps them, takes any mark off.
pub async fn a_connection_is_deleted_by_its_mark_only<S: Store>(store: &S) {
    let acme = sample::interval("acme");
    let paused = Connection { paused: true, ..acme.clone() };
    assert!(created(store, &acme).await && !is_marked(store, &acme).await);
    let removed = async || store.delete_connection(&acme.id, MARK, &audited(1)).await.expect(ANSWERS);
    let begins = async |mark| assert!(store.begin_deletion(&acme.id, mark).await.expect(ANSWERS));
    assert_eq!(removed().await, Removed::Kept, "nothing was begun");
    begins(MARK).await;
    begins(DeletionMark(1)).await;
    assert_eq!(removed().await, Removed::Kept, "another one was begun");
    begins(MARK).await;
    store.raise_shards(&acme.id, 4).await.expect(ANSWERS);
    assert!(is_marked(store, &acme).await, "a run that spreads the records keeps no connection");
    assert_eq!(changed(store, &acme, &paused).await, Saved::Done);
    assert!(!is_marked(store, &acme).await);
    assert_eq!(removed().await, Removed::Kept, "it was changed");
    begins(MARK).await;
    for _ in 0..2 {
        assert!(store.keep_connection(&acme.id).await.expect(ANSWERS));
    }
    assert_eq!(removed().await, Removed::Kept, "it is kept");
    assert_eq!(there(store, &acme).await, Some(Connection { shards: 4, ..paused }));
    assert_eq!(store.audits(None, 10).await.expect(ANSWERS), [], "what is not done is not told");
}

/// Nor is it kept or begun to be deleted.
pub async fn a_connection_that_is_gone_bears_no_mark<S: Store>(store: &S) {
    let acme = sample::interval("acme");
    assert!(!store.begin_deletion(&acme.id, MARK).await.expect(ANSWERS));
    assert!(!store.keep_connection(&acme.id).await.expect(ANSWERS));
    assert_eq!(store.intake(&acme.id).await.expect(ANSWERS), None);
}

/// Its settings go, and nothing else; the same again is known by the audit's entry, and another deletion finds nothing.
pub async fn a_deleted_connection_is_gone_and_what_it_kept_stays<S: Store>(store: &S) {
    let (acme, other) = (sample::interval("acme"), sample::interval("acme-2"));
    let record = sample::failing("acme", "c-1");
    assert!(created(store, &acme).await && created(store, &other).await);
    put_new(store, &record, 1).await;
    assert!(store.begin_deletion(&acme.id, MARK).await.expect(ANSWERS));
    for _ in 0..2 {
        assert_eq!(store.delete_connection(&acme.id, MARK, &audited(1)).await.expect(ANSWERS), Removed::Done);
        assert_eq!(there(store, &acme).await, None);
    }
    assert_eq!(store.delete_connection(&acme.id, MARK, &audited(2)).await.expect(ANSWERS), Removed::Gone);
    assert_eq!(store.audits(Some(&acme.id), 10).await.expect(ANSWERS), [audited(1)]);
    assert!(there(store, &other).await.is_some() && read(store, &record.key).await.is_some());
    assert!(created(store, &sample::recent("acme")).await, "the name is free again");
}
