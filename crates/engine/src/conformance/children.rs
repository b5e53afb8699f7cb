//! The records that wait for a parent.
//!
//! Must not know: what becomes of them.

use rules::ids::{ParentKey, RecordKey};
use rules::record::{Record, Resolution};

use super::given::{children, keys, put_new, replace, settle};
use crate::fakes::sample;
use crate::ports::{PayloadChange, Store};

fn parent_of(connection: &str, id: &str) -> RecordKey {
    RecordKey {
        connection: sample::connection_id(connection),
        object: sample::object("Account"),
        id: sample::record_id(id),
    }
}

fn child(connection: &str, id: &str, parent: &str) -> Record {
    let parent = ParentKey { object: sample::object("Account"), id: sample::record_id(parent) };
    Record { parent: Some(parent), ..sample::failing(connection, id) }
}

/// Of any number of children each is listed once, whatever the pages, and nobody else's.
pub async fn the_children_of_a_parent_are_listed_once_each<S: Store>(store: &S) {
    let ours: Vec<_> = (0..7).map(|number| child("acme", &format!("c#{number}"), "a#1")).collect();
    let others = [child("acme", "other", "a#11"), child("acme-2", "other", "a#1"), sample::failing("acme", "orphan")];
    for record in ours.iter().chain(&others) {
        put_new(store, record, 1).await;
    }
    for limit in [1, 3, 7, 100] {
        assert_eq!(children(store, &parent_of("acme", "a#1"), limit).await, keys(&ours), "{limit} a page");
    }
    assert_eq!(children(store, &parent_of("acme", "nobody"), 10).await, []);
}

/// A child that is resolved, by a retry or by its source, waits no more; one that fails anew does.
pub async fn a_child_that_is_resolved_waits_no_more<S: Store>(store: &S) {
    let [retried, synced, anew] = ["retried", "synced", "anew"].map(|id| child("acme", id, "a-1"));
    for record in [&retried, &synced, &anew] {
        put_new(store, record, 1).await;
    }
    let at = sample::time(sample::TICK);
    settle(store, &retried, &retried.clone().resolve(Resolution::Retried, at).advance()).await;
    let resolved = synced.clone().resolve(Resolution::SucceededElsewhere, at).advance();
    replace(store, &synced, &resolved, PayloadChange::Drop).await;
    replace(store, &anew, &anew.clone().advance(), PayloadChange::Set(sample::payload(2))).await;
    assert_eq!(children(store, &parent_of("acme", "a-1"), 10).await, keys([&anew]));
}
