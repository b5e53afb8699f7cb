//! A connection's settings: defaults, every mistake at once, and the same settings when they are read back.
//! It must not know where settings are kept.

use proptest::prelude::*;
use rules::budget::BudgetSettings;
use rules::connection::{Connection, Flow, MOST_SHARDS};
use rules::counts::ApiCalls;
use rules::fields::Mistakes;
use rules::policy::{IntervalPolicy, Policy, RecentPolicy};
use rules::time::TimeOfDay;
use serde_json::{Value, json};

use crate::support::{error_type, field, fields_of, minutes, object, seeded};

fn least() -> Value {
    json!({
        "id": "acme",
        "policy": { "kind": "interval" },
        "target": { "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "acme/salesforce" },
    })
}

fn full() -> Value {
    json!({
        "id": "acme-eu",
        "policy": {
            "kind": "recent", "window_days": 3, "sweeps_at": ["06:00", "18:15"], "batch": 1_000, "excluded": ["daco-02", "daco-12"],
        },
        "budget": { "api_limit": 10_000, "cap_without_limit": 4_000, "limit_share_percent": 60, "org_share_percent": 90 },
        "target": {
            "login_url": "https://acme--uat.sandbox.my.salesforce.com/", "allowed_hosts": ["acme.example.com"],
            "api_version": "65.0", "flow": "jwt_bearer", "username": "sync@acme.example", "secret": "acme/jwt",
            "audience": "https://test.salesforce.com",
        },
        "external_ids": { "Invoice__c": "Ext_Id__c" },
        "own_rules": [{
            "id": "credit-hold", "code": ["FIELD_CUSTOM_VALIDATION_EXCEPTION"], "message": "credit hold",
            "group": "property_values", "class": "data", "advice": "Release the credit hold.",
        }],
        "paused": true, "calls_in_flight": 8, "request_timeout_seconds": 60, "shards": 4,
    })
}

fn read(value: &Value) -> Connection {
    Connection::read(value).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn refused(value: &Value) -> Mistakes {
    Connection::read(value).expect_err("a mistake")
}

/// `value` with the field at `path` (dots between names) set.
fn with(mut value: Value, path: &str, new: Value) -> Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, name) = pointer.rsplit_once('/').expect("a path");
    value.pointer_mut(parent).expect("the parent is there")[name] = new;
    value
}

#[test]
fn what_is_not_set_has_the_documented_defaults() {
    let connection = read(&least());
    assert_eq!(connection.policy, Policy::Interval(IntervalPolicy::default()));
    assert_eq!(connection.budget, BudgetSettings::default());
    assert_eq!((connection.paused, connection.calls_in_flight, connection.shards), (false, 4, 1));
    assert_eq!(connection.request_timeout(), minutes(2));
    assert_eq!(connection.target.api_version, "62.0");
    assert_eq!(connection.target.allowed_hosts, ["acme.my.salesforce.com"]);
    assert!(connection.external_ids.is_empty() && connection.own_rules.is_empty());
    let recent = with(least(), "policy.kind", json!("recent"));
    assert_eq!(read(&recent).policy, Policy::Recent(RecentPolicy::default()));
}

#[test]
fn the_policies_defaults_are_the_connectors_numbers() {
    let interval = IntervalPolicy::default();
    assert_eq!((interval.every_minutes, interval.tries, interval.nightly_at), (20, 10, TimeOfDay::MIDNIGHT));
    let recent = RecentPolicy::default();
    assert_eq!((recent.window_days, recent.batch), (7, 50_000));
    assert_eq!(recent.sweeps_at.iter().map(ToString::to_string).collect::<Vec<_>>(), ["11:30", "23:30"]);
    assert_eq!(recent.excluded, [error_type("daco-02")].into());
}

#[test]
fn every_setting_is_read() {
    let connection = read(&full());
    let Policy::Recent(recent) = &connection.policy else { panic!("{:?}", connection.policy) };
    assert_eq!((recent.window_days, recent.batch, recent.excluded.len()), (3, 1_000, 2));
    assert_eq!(
        recent.sweeps_at,
        [TimeOfDay::parse("06:00"), TimeOfDay::parse("18:15")].map(|time| time.expect("a time"))
    );
    assert_eq!((connection.budget.cap(), connection.budget.org_stop(ApiCalls(100))), (ApiCalls(6_000), ApiCalls(90)));
    assert_eq!(connection.target.login_url, "https://acme--uat.sandbox.my.salesforce.com");
    assert_eq!(connection.target.allowed_hosts, ["acme--uat.sandbox.my.salesforce.com", "acme.example.com"]);
    let (username, audience) = ("sync@acme.example".to_owned(), "https://test.salesforce.com".to_owned());
    assert_eq!(connection.target.flow, Flow::JwtBearer { username, audience });
    assert_eq!(connection.external_ids.get(&object()), Some(&field()));
    assert_eq!((connection.paused, connection.calls_in_flight, connection.request_timeout_seconds), (true, 8, 60));
    let catalogue = connection.catalogue().expect("the rules were checked");
    let found = catalogue.classify("FIELD_CUSTOM_VALIDATION_EXCEPTION", "on credit hold");
    assert_eq!(found.error_type, error_type("credit-hold"));
}

#[test]
fn settings_are_the_same_when_they_are_written_and_read_back() {
    for value in [least(), full(), with(least(), "target.login_url", json!("http://127.0.0.1:8080"))] {
        let connection = read(&value);
        assert_eq!(read(&serde_json::to_value(&connection).expect("settings are JSON")), connection);
    }
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn any_settings_are_the_same_when_they_are_written_and_read_back(
        every in 1_u32..=1_440, tries in 1_u32..=1_000, hour in 0_u16..24, minute in 0_u16..60,
        limit in prop::option::of(0_u64..=100_000_000), percent in 1_u8..=100, shards in 1_u16..=MOST_SHARDS,
    ) {
        let nightly_at = TimeOfDay::new(hour, minute).expect("a time of day");
        let policy = IntervalPolicy { every_minutes: every, tries, nightly_at, excluded: [error_type("unknown:X_1")].into() };
        let budget = BudgetSettings { api_limit: limit.map(ApiCalls), limit_share_percent: percent, ..BudgetSettings::default() };
        let connection = Connection { policy: Policy::Interval(policy), budget, shards, ..read(&least()) };
        prop_assert_eq!(read(&serde_json::to_value(&connection).expect("settings are JSON")), connection);
    }
}

#[test]
fn nothing_at_all_is_told_what_is_missing() {
    assert_eq!(fields_of(&refused(&json!({}))), ["id", "policy", "target"]);
    assert_eq!(fields_of(&refused(&json!("acme"))), ["(input)"]);
    let empty = json!({ "id": "acme", "policy": {}, "target": {} });
    assert_eq!(fields_of(&refused(&empty)), ["policy.kind", "target.login_url", "target.flow", "target.secret"]);
}

#[test]
fn mistakes_in_every_part_are_reported_together() {
    let wrong = json!({
        "id": "Acme", "colour": "green",
        "policy": { "kind": "interval", "tries": 0, "nightly_at": "midnight", "batch": 5 },
        "budget": { "api_limit": -1, "limit_share_percent": 101 },
        "target": { "login_url": "ftp://acme", "flow": "password", "secret": 4, "api_version": "45.0" },
        "external_ids": { "Invoice__c": "a b" }, "own_rules": [{ "id": "Credit Hold" }],
        "paused": "yes", "calls_in_flight": 26, "request_timeout_seconds": 0, "shards": 33,
    });
    let mistakes = refused(&wrong);
    let fields = fields_of(&mistakes);
    for expected in [
        "id",
        "colour",
        "policy.tries",
        "policy.nightly_at",
        "policy.batch",
        "budget.api_limit",
        "budget.limit_share_percent",
        "target.login_url",
        "target.flow",
        "target.secret",
        "target.api_version",
        "external_ids.Invoice__c",
        "own_rules[0].id",
        "paused",
        "calls_in_flight",
        "request_timeout_seconds",
        "shards",
    ] {
        assert!(fields.contains(&expected), "{expected} is not in {fields:?}");
    }
    assert!(mistakes.0.iter().all(|mistake| !mistake.problem.is_empty() && !mistake.mend.is_empty()));
}

#[test]
fn each_setting_out_of_its_range_is_named_alone() {
    for (path, value) in [
        ("policy.every_minutes", json!(0)),
        ("policy.every_minutes", json!(1_441)),
        ("policy.tries", json!(1_001)),
        ("policy.nightly_at", json!("24:00")),
        ("policy.excluded", json!(["DACO 02"])),
        ("policy.excluded", json!("daco-02")),
        ("policy.kind", json!("sometimes")),
        ("target.api_version", json!("62.1")),
        ("target.api_version", json!("latest")),
        ("target.allowed_hosts", json!("acme.example.com")),
        ("external_ids", json!(["Invoice__c"])),
        ("own_rules", json!({})),
        ("paused", json!(1)),
        ("budget", json!(5_000)),
    ] {
        assert_eq!(fields_of(&refused(&with(least(), path, value.clone()))), [path], "{value}");
    }
}

/// Invariant 11, Isolation: a token goes to a host over TLS, or to this machine.
#[test]
fn a_login_address_is_https_and_a_host_alone_except_on_this_machine() {
    let url = |url: &str| Connection::read(&with(least(), "target.login_url", json!(url)));
    for good in [
        "https://acme.my.salesforce.com",
        "https://acme.my.salesforce.com/",
        "http://localhost:8080",
        "http://127.0.0.1:1",
    ] {
        assert!(url(good).is_ok(), "{good}");
    }
    for bad in [
        "http://acme.my.salesforce.com",
        "acme.my.salesforce.com",
        "https://",
        "https://acme.my.salesforce.com/path",
        "https://user@acme.my.salesforce.com",
        "https://acme.my.salesforce.com?x=1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://acme .com",
        "",
    ] {
        assert_eq!(fields_of(&url(bad).expect_err(bad)), ["target.login_url"], "{bad}");
    }
}

#[test]
fn a_host_is_a_name_and_no_address_in_whatever_numbers_but_this_machine_s() {
    for host in ["10.0.0.1", "169.254.169.254", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "8.8.8.8", "a.0xA"] {
        let mistakes = refused(&with(least(), "target.login_url", json!(format!("https://{host}"))));
        assert_eq!(fields_of(&mistakes), ["target.login_url"], "{host}");
        let mistakes = refused(&with(least(), "target.allowed_hosts", json!([host])));
        assert_eq!(fields_of(&mistakes), ["target.allowed_hosts"], "{host}");
        assert!(mistakes.to_string().contains("write the host's name"), "{mistakes}");
    }
    for host in ["127.0.0.1", "localhost", "7.example.com", "a7", "0x7.example.com"] {
        assert_eq!(read(&with(least(), "target.allowed_hosts", json!([host]))).target.allowed_hosts.len(), 2, "{host}");
    }
}

#[test]
fn a_jwt_flow_needs_its_user() {
    let mistakes = refused(&with(least(), "target.flow", json!("jwt_bearer")));
    assert_eq!(fields_of(&mistakes), ["target.username"]);
    let named = with(with(least(), "target.flow", json!("jwt_bearer")), "target.username", json!("sync@acme.example"));
    let Flow::JwtBearer { audience, .. } = read(&named).target.flow else { panic!("another flow") };
    assert_eq!(audience, "https://login.salesforce.com");
}

#[test]
fn a_misspelt_setting_is_told_the_known_ones() {
    let mistakes = refused(&with(least(), "policy.try", json!(5)));
    assert_eq!(fields_of(&mistakes), ["policy.try"]);
    assert!(mistakes.to_string().contains("tries"), "{mistakes}");
}

#[test]
fn a_backlog_past_5000_records_asks_for_shards_that_only_grow() {
    let connection = read(&least());
    let asked = [0, 4_999, 5_000, 9_999, 10_000, 20_000, 50_000, 1_000_000, usize::MAX]
        .map(|records| connection.shards_for(records));
    assert_eq!(asked, [1, 1, 2, 2, 4, 8, 16, 32, 32]);
    assert_eq!(Connection { shards: 8, ..connection }.shards_for(0), 8);
}
