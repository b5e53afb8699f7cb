//! Connections, error types and runs' reports.
//!
//! Must not know: what settings mean.

use std::time::Duration;

use rules::connection::Connection;
use rules::ids::{ConnectionId, Epoch, RunId};
use rules::owed::Selection;
use serde_json::json;

use super::given::{ANSWERS, KEPT};
use crate::fakes::sample;
use crate::ports::{RunReport, StopReason, Store};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

async fn saved<S: Store>(store: &S, connection: &Connection) {
    store.save_connection(connection).await.expect(ANSWERS);
}

async fn listed<S: Store>(store: &S) -> Vec<Connection> {
    let all = store.connections().await.expect(ANSWERS);
    let mut all: Vec<_> = all.into_iter().map(|one| one.expect("settings that were saved can be read")).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    let lately = store.connections_lately().await.expect(ANSWERS);
    let mut lately: Vec<_> = lately.into_iter().map(|one| one.expect("settings that were saved can be read")).collect();
    lately.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(lately, all, "a store that does not lag lists the same");
    all
}

/// A connection whose every setting differs from the default.
fn elaborate() -> Connection {
    let settings = json!({
        "id": "beta-2",
        "policy": {
            "kind": "recent", "window_days": 3, "sweeps_at": ["01:00", "13:30"], "batch": 1000, "excluded": ["daco-02", "daco-09"],
        },
        "budget": { "api_limit": 20000, "cap_without_limit": 100, "limit_share_percent": 50, "org_share_percent": 80 },
        "target": {
            "login_url": "https://beta.my.salesforce.com", "allowed_hosts": ["beta.example.com"], "api_version": "60.0",
            "flow": "jwt_bearer", "username": "sync@beta.example", "audience": "https://test.salesforce.com", "secret": "resync/beta",
        },
        "external_ids": { "Invoice__c": "Key__c" },
        "own_rules": [{
            "id": "credit-hold", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "credit hold",
            "group": "property_values", "class": "data", "advice": "Release the credit hold.",
        }],
        "retention": { "resolved_days": 60, "payload_days": 90, "audit_days": 700, "report_days": 7 },
        "paused": true, "calls_in_flight": 9, "request_timeout_seconds": 60, "shards": 4,
    });
    Connection::read(&settings).expect("the settings are complete and valid")
}

/// Settings come back as they were saved.
pub async fn connections_of_both_policies_are_saved_read_and_listed<S: Store>(store: &S) {
    assert_eq!(listed(store).await, []);
    let all = [sample::interval("acme"), elaborate(), sample::recent("zeta")];
    for connection in all.iter().rev() {
        saved(store, connection).await;
    }
    assert_eq!(listed(store).await, all);
    for connection in all {
        assert_eq!(store.connection(&connection.id).await.expect(ANSWERS), Some(connection));
    }
}

/// Nobody set it up.
pub async fn an_unknown_connection_is_none<S: Store>(store: &S) {
    saved(store, &sample::interval("acme-2")).await;
    assert_eq!(store.connection(&acme()).await.expect(ANSWERS), None);
}

/// A person changes settings by saving them whole.
pub async fn a_connection_saved_again_is_replaced<S: Store>(store: &S) {
    let first = sample::interval("acme");
    let second = Connection { paused: true, own_rules: elaborate().own_rules, ..sample::recent("acme") };
    for connection in [&first, &second, &first] {
        saved(store, connection).await;
        assert_eq!(listed(store).await, std::slice::from_ref(connection));
    }
}

/// A run and an import may both raise them, in any order.
pub async fn shards_are_raised_and_never_lowered_and_nothing_else_changes<S: Store>(store: &S) {
    let connection = elaborate();
    saved(store, &connection).await;
    for (asked, shards) in [(2, 4), (4, 4), (8, 8), (1, 8), (32, 32), (8, 32)] {
        store.raise_shards(&connection.id, asked).await.expect(ANSWERS);
        let expected = Connection { shards, ..connection.clone() };
        assert_eq!(store.connection(&connection.id).await.expect(ANSWERS), Some(expected), "raised to {asked}");
    }
}

/// Shards alone are no connection.
pub async fn raising_the_shards_of_an_unknown_connection_makes_none<S: Store>(store: &S) {
    store.raise_shards(&acme(), 8).await.expect(ANSWERS);
    assert_eq!(store.connection(&acme()).await.expect(ANSWERS), None);
    assert_eq!(listed(store).await, []);
}

/// However often and in whatever order they were listed.
pub async fn error_types_are_listed_once_and_in_order<S: Store>(store: &S) {
    assert_eq!(store.error_types(&acme()).await.expect(ANSWERS), []);
    let sorted = ["daco-02", "row-lock", "unknown", "unknown:A.B-C_1", "unknown:NEW_CODE"].map(sample::error_type);
    for error_type in sorted.iter().rev().chain(&sorted) {
        store.list_error_type(&acme(), error_type).await.expect(ANSWERS);
    }
    assert_eq!(store.error_types(&acme()).await.expect(ANSWERS), sorted);
}

fn report(epoch: u32) -> RunReport {
    let started = sample::time(sample::TICK) + Duration::from_mins(20) * epoch;
    RunReport {
        run: RunId(u64::MAX - u64::from(epoch)),
        epoch: Epoch(epoch),
        selection: Selection::Due { tick: started },
        started,
        ended: started + Duration::from_millis(1_234),
        stopped: StopReason::Budget,
        api_calls: 12,
        tried: 2_000,
        resolved: 1_200,
        failed: 700,
        unknown: 100,
        skipped: 5,
        deleted: 2,
    }
}

/// In whatever order runs report.
pub async fn reports_come_newest_first_and_no_more_than_asked_for<S: Store>(store: &S) {
    assert_eq!(store.reports(&acme(), 5).await.expect(ANSWERS), []);
    for epoch in [3, 1, 10, 2, 9] {
        store.keep_report(&acme(), &report(epoch), KEPT).await.expect(ANSWERS);
    }
    let newest_first = [10, 9, 3, 2, 1].map(report);
    for limit in [1, 3, 5, 100] {
        let found = store.reports(&acme(), limit).await.expect(ANSWERS);
        assert_eq!(found, newest_first[..limit.min(5)], "at most {limit}");
    }
}

/// The reply was lost, so it is kept again.
pub async fn a_report_kept_again_is_there_once<S: Store>(store: &S) {
    for _ in 0..2 {
        store.keep_report(&acme(), &report(1), KEPT).await.expect(ANSWERS);
    }
    assert_eq!(store.reports(&acme(), 5).await.expect(ANSWERS), [report(1)]);
}
