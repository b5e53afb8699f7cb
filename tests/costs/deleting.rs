//! What it costs to find out whether a connection may be deleted or get another policy: eight requests at most while records of it
//! fail, so that ten are enough under a key, however many types and shards they have.
//!
//! Must not know: how that is found out.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use engine::fakes::{Around, VirtualClock, around, sample};
use engine::manage::{self, Changed, Deleted, Wish};
use engine::ports::{AuditAction, Connections, CountChange, ErrorTypes};
use rules::connection::Connection;
use serde_json::json;
use store::DynamoStore;
use store::local::{Embedded, Place};

use super::MOST;
use super::counting::Counting;
use super::morning::{SHARDS, TYPES};
use crate::likes;

/// Besides the question: the settings and how the connection stands, a write of the audit and one of the settings, which reads
/// them first, and whether a run has anything to do now.
const CHANGE: usize = 6;

type Bundle = Around<DynamoStore<VirtualClock>>;

/// The connection `acme` with twenty types, of which so many records are counted.
async fn acme(counted: [i64; TYPES]) -> (Bundle, Counting) {
    let table = Embedded::open(Place::Memory, "resync").await.unwrap();
    let counting = Counting::of(table.config().build().http_client().expect("the table's own"));
    let client = Client::from_conf(table.config().http_client(counting.clone()).build());
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:30:00Z"));
    let store = DynamoStore::new(client, table.name(), clock);
    let acme = Connection { shards: SHARDS, ..sample::interval("acme") };
    store.save_connection(&acme).await.unwrap();
    for (number, counted) in counted.into_iter().enumerate() {
        let error_type = sample::error_type(&format!("unknown:CODE_{number:02}"));
        store.list_error_type(&acme.id, &error_type).await.unwrap();
        let records = BTreeMap::from([(sample::object("Contact"), counted)]);
        store.add_counts(&acme.id, &[CountChange { error_type, records, oldest: None, timed_out: 0 }]).await.unwrap();
    }
    let ports = around(store, clock);
    counting.take();
    (ports, counting)
}

async fn gets_another_policy(ports: &Bundle) -> Changed {
    let patch = json!({ "policy": { "kind": "recent" } });
    let wish = Wish { patch: &patch, action: AuditAction::ConnectionChanged, who: "ada" };
    manage::change(ports, &sample::connection_id("acme"), wish).await.unwrap()
}

fn one_counted() -> [i64; TYPES] {
    let mut counted = [0; TYPES];
    counted[11] = 3;
    counted
}

#[tokio::test]
async fn where_nothing_is_counted_all_of_the_index_is_looked_at_before_the_policy_changes() {
    let (ports, counting) = acme([0; TYPES]).await;
    assert!(matches!(gets_another_policy(&ports).await, Changed::Changed(_)));
    let (requests, whole) = (counting.take().requests, TYPES * usize::from(SHARDS) + 1);
    assert!((whole..=whole + CHANGE).contains(&requests), "{requests} requests");
}

#[tokio::test]
async fn a_record_that_a_crash_has_kept_from_being_counted_is_found_on_many_shards() {
    let (ports, _) = acme([0; TYPES]).await;
    let mut record = sample::failing("acme", "a");
    record.failure.error_type = sample::error_type("unknown:CODE_19");
    likes::put(&ports.store, &record).await;
    assert_eq!(gets_another_policy(&ports).await, Changed::HasRecords);
}

#[tokio::test]
async fn a_count_is_believed_when_the_looks_are_used_up() {
    let (ports, counting) = acme(one_counted()).await;
    assert_eq!(gets_another_policy(&ports).await, Changed::HasRecords);
    let requests = counting.take().requests;
    assert!(requests <= MOST - 2, "{requests} requests, and two more under a key");
}

#[tokio::test]
async fn a_record_that_is_counted_is_found_with_one_look() {
    let (ports, counting) = acme(one_counted()).await;
    let mut record = sample::failing("acme", "a");
    record.failure.error_type = sample::error_type("unknown:CODE_11");
    likes::put(&ports.store, &record).await;
    counting.take();
    assert_eq!(gets_another_policy(&ports).await, Changed::HasRecords);
    let requests = counting.take().requests;
    assert!(requests <= 4, "{requests} requests: the settings, how it stands, the directory, and the record");
}

#[tokio::test]
async fn a_record_that_a_crash_has_kept_from_being_counted_is_found_on_few_shards() {
    let (ports, _) = acme([0; TYPES]).await;
    let small = Connection { shards: 1, ..sample::interval("small") };
    ports.store.save_connection(&small).await.unwrap();
    let mut record = sample::failing("acme", "a");
    record.key.connection = small.id.clone();
    ports.store.list_error_type(&small.id, &record.failure.error_type).await.unwrap();
    likes::put(&ports.store, &record).await;
    assert_eq!(manage::delete(&ports, &small.id, "ada").await.unwrap(), Deleted::HasRecords);
}
