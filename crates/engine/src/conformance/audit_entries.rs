//! The audit: who did what, of one connection or of all.
//!
//! Must not know: which actions are audited.

use std::time::Duration;

use rules::ids::ConnectionId;

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{AuditAction, AuditEntry, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

/// What was done so many minutes after the tick.
fn entry(id: u64, minutes: u64, connection: Option<ConnectionId>) -> AuditEntry {
    let at = sample::time(sample::TICK) + Duration::from_mins(minutes);
    AuditEntry {
        id,
        at,
        who: "ann \"the\" admin".to_owned(),
        action: AuditAction::LimitChanged,
        connection,
        subject: "100000 → none".to_owned(),
        records: u64::from(u32::MAX),
        expires: at + Duration::from_hours(24 * 365),
    }
}

async fn keep<S: Store>(store: &S, entries: &[&AuditEntry]) {
    for entry in entries {
        store.keep_audit(entry).await.expect(ANSWERS);
    }
}

async fn read<S: Store>(store: &S, connection: Option<&ConnectionId>, limit: usize) -> Vec<AuditEntry> {
    store.audits(connection, limit).await.expect(ANSWERS)
}

/// Each in its connection and in the list of all; what concerns no connection only there.
pub async fn entries_of_a_connection_and_of_all_come_newest_first<S: Store>(store: &S) {
    assert_eq!(read(store, None, 5).await, []);
    let other = sample::connection_id("acme-2");
    let (first, second) = (entry(9, 0, Some(acme())), entry(3, 1, Some(other.clone())));
    let (third, fourth) = (entry(u64::MAX, 2, None), entry(1, 3, Some(acme())));
    keep(store, &[&third, &first, &fourth, &second]).await;
    let all = [&fourth, &third, &second, &first].map(AuditEntry::clone);
    for limit in [1, 3, 4, 100] {
        assert_eq!(read(store, None, limit).await, all[..limit.min(4)], "at most {limit}");
    }
    assert_eq!(read(store, Some(&acme()), 10).await, [fourth.clone(), first]);
    assert_eq!(read(store, Some(&acme()), 1).await, [fourth]);
    assert_eq!(read(store, Some(&other), 10).await, [second]);
    assert_eq!(read(store, Some(&sample::connection_id("nobody")), 10).await, []);
}

/// The reply was lost, so it is kept again; another one of the same instant is another one.
pub async fn an_entry_kept_again_is_there_once<S: Store>(store: &S) {
    let (one, other) = (entry(1, 0, Some(acme())), entry(2, 0, Some(acme())));
    keep(store, &[&one, &one, &other, &one]).await;
    for connection in [None, Some(acme())] {
        assert_eq!(read(store, connection.as_ref(), 10).await, [other.clone(), one.clone()]);
    }
}

/// In every action that there is.
pub async fn every_action_is_read_back<S: Store>(store: &S) {
    let actions = [
        AuditAction::ConnectionCreated,
        AuditAction::ConnectionChanged,
        AuditAction::Paused,
        AuditAction::Resumed,
        AuditAction::ConnectionDeleted,
        AuditAction::LimitChanged,
        AuditAction::SuspensionCleared,
        AuditAction::ResyncRequested,
        AuditAction::ResyncCancelled,
        AuditAction::DeletionRequested,
        AuditAction::DeletionCancelled,
        AuditAction::FailuresDeleted,
        AuditAction::RecordErased,
        AuditAction::Imported,
        AuditAction::Exported,
        AuditAction::Tested,
    ];
    let entries: Vec<_> = (0..)
        .zip(actions)
        .map(|(number, action)| AuditEntry { action, ..entry(number, number, Some(acme())) })
        .collect();
    keep(store, &entries.iter().collect::<Vec<_>>()).await;
    let newest_first: Vec<_> = entries.into_iter().rev().collect();
    assert_eq!(read(store, Some(&acme()), 100).await, newest_first);
}
