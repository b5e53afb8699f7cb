//! Connections' settings and runs' reports.
//!
//! Must not know: what the settings mean.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{
    AuditAction, AuditEntry, Audits, Connections, DeletionMark, Removed, Reports, RunReport, Saved, StopReason,
};
use rules::connection::Connection;
use rules::ids::{ConnectionId, Epoch, RunId};
use rules::owed::Selection;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::{acme, at};

fn connection(id: &str) -> Connection {
    let settings = serde_json::json!({
        "id": id,
        "policy": { "kind": "interval" },
        "target": { "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "resync/acme" },
    });
    Connection::read(&settings).unwrap()
}

fn report(run: u64, minute: i64) -> RunReport {
    RunReport {
        run: RunId(run),
        epoch: Epoch(1),
        selection: Selection::Due { tick: at(0) },
        started: at(minute),
        ended: at(minute + 1),
        stopped: StopReason::Done,
        api_calls: 1,
        tried: 2,
        resolved: 1,
        failed: 1,
        unknown: 0,
        skipped: 0,
        deleted: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_read_as_it_was_saved_last() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.connection(&acme()).await.unwrap(), None);
    let paused = Connection { paused: true, ..connection("acme") };
    for settings in [connection("acme"), paused.clone()] {
        bench.store.save_connection(&settings).await.unwrap();
    }
    assert_eq!(bench.store.connection(&acme()).await.unwrap(), Some(paused));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_do_not_hide_the_others() {
    let bench = Bench::new().await;
    for id in ["acme", "broken", "initech"] {
        bench.store.save_connection(&connection(id)).await.unwrap();
    }
    bench
        .tamper("s", "broken", "d", AttributeValue::S("{\"id\":\"broken\",\"policy\":{\"kind\":\"daily\"}}".to_owned()))
        .await;
    let all = bench.store.connections().await.unwrap();
    let read: Vec<_> = all.iter().flatten().map(|connection| connection.id.as_str()).collect();
    assert_eq!(read, ["acme", "initech"]);
    let error = all.into_iter().find_map(Result::err).unwrap().to_string();
    assert!(error.starts_with("the settings s broken cannot be read: ") && error.contains("policy.kind"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_raised_and_never_lowered_and_nothing_else_changes() {
    let bench = Bench::new().await;
    let saved = Connection { paused: true, shards: 2, ..connection("acme") };
    bench.store.save_connection(&saved).await.unwrap();
    for (asked, shards) in [(8, 8), (4, 8), (16, 16)] {
        bench.store.raise_shards(&acme(), asked).await.unwrap();
        let expected = Connection { shards, ..saved.clone() };
        assert_eq!(bench.store.connection(&acme()).await.unwrap(), Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_saved_by_a_person_who_had_not_seen_more_shards_keep_them() {
    let bench = Bench::new().await;
    bench.store.save_connection(&connection("acme")).await.unwrap();
    bench.store.raise_shards(&acme(), 8).await.unwrap();
    let paused = Connection { paused: true, ..connection("acme") };
    bench.store.save_connection(&paused).await.unwrap();
    assert_eq!(bench.store.connection(&acme()).await.unwrap(), Some(Connection { shards: 8, ..paused }));
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_raised_even_if_the_settings_change_at_the_same_time() {
    let bench = Bench::new().await;
    bench.store.save_connection(&connection("acme")).await.unwrap();
    bench.break_next("PutItem", [Fault::Refused("ConditionalCheckFailedException")]);
    bench.store.raise_shards(&acme(), 8).await.unwrap();
    assert_eq!(bench.store.connection(&acme()).await.unwrap().unwrap().shards, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_reply_was_lost_is_created_and_changed_all_the_same() {
    let bench = Bench::new().await;
    let paused = Connection { paused: true, ..connection("acme") };
    bench.break_next("PutItem", [Fault::ReplyLost]);
    assert!(bench.store.create_connection(&connection("acme")).await.unwrap());
    bench.break_next("PutItem", [Fault::ReplyLost]);
    assert_eq!(bench.store.change_connection(&connection("acme"), &paused).await.unwrap(), Saved::Done);
    assert_eq!(bench.store.connection(&acme()).await.unwrap(), Some(paused));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_from_before_there_was_retention_are_changed_like_any_other() {
    let bench = Bench::new().await;
    bench.store.save_connection(&connection("acme")).await.unwrap();
    let mut old = serde_json::to_value(connection("acme")).unwrap();
    old.as_object_mut().unwrap().remove("retention");
    bench.tamper("s", "acme", "d", AttributeValue::S(old.to_string())).await;
    let paused = Connection { paused: true, ..connection("acme") };
    assert_eq!(bench.store.change_connection(&connection("acme"), &paused).await.unwrap(), Saved::Done);
    assert_eq!(bench.store.connection(&acme()).await.unwrap(), Some(paused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_others_keep_coming_before_is_tried_again_on_what_they_wrote() {
    let bench = Bench::new().await;
    bench.store.save_connection(&connection("acme")).await.unwrap();
    let paused = Connection { paused: true, ..connection("acme") };
    bench.break_next("PutItem", [Fault::Refused("ConditionalCheckFailedException")]);
    assert_eq!(bench.store.change_connection(&connection("acme"), &paused).await.unwrap(), Saved::Done);
    assert_eq!(bench.clock.waits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn raising_the_shards_of_a_connection_that_is_gone_does_nothing() {
    let bench = Bench::new().await;
    bench.store.raise_shards(&ConnectionId::new("gone").unwrap(), 8).await.unwrap();
    assert!(bench.keys().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_reports_come_first() {
    let bench = Bench::new().await;
    for (run, minute) in [(1, 0), (2, 40), (3, 20)] {
        bench.store.keep_report(&acme(), &report(run, minute), Duration::from_hours(24 * 30)).await.unwrap();
    }
    assert_eq!(bench.store.reports(&acme(), 2).await.unwrap(), [report(2, 40), report(3, 20)]);
    assert_eq!(bench.store.reports(&acme(), 0).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_whose_replies_were_lost_is_done_once() {
    let (bench, acme, mark) = (Bench::new().await, connection("acme"), DeletionMark(u64::MAX));
    bench.store.save_connection(&acme).await.unwrap();
    bench.break_next("UpdateItem", [Fault::ReplyLost]);
    assert!(bench.store.begin_deletion(&acme.id, mark).await.unwrap());
    bench.break_next("TransactWriteItems", [Fault::ReplyLost]);
    let entry = AuditEntry {
        id: 1,
        at: at(0),
        who: "ann".to_owned(),
        action: AuditAction::ConnectionDeleted,
        connection: Some(acme.id.clone()),
        subject: String::new(),
        records: 0,
        expires: at(60),
    };
    assert_eq!(bench.store.delete_connection(&acme.id, mark, &entry).await.unwrap(), Removed::Done);
    assert_eq!(bench.store.audits(None, 10).await.unwrap(), [entry]);
    assert_eq!(bench.store.connection(&acme.id).await.unwrap(), None);
}
