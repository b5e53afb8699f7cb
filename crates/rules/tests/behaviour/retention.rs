//! Retention: its defaults, its mistakes, and which payloads are to go.
//! It must not know how anything is deleted.

use std::time::Duration;

use rules::connection::Connection;
use rules::record::{HoldReason, Record, Resolution, State};
use rules::retention::Retention;
use serde_json::{Value, json};

use crate::support::{at, record_in, scheduled, timed_out};

const DAY: Duration = Duration::from_hours(24);

fn settings(retention: &Value) -> Value {
    json!({
        "id": "acme",
        "policy": { "kind": "interval" },
        "target": { "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "acme/salesforce" },
        "retention": retention,
    })
}

fn read(retention: &Value) -> Retention {
    Connection::read(&settings(retention)).unwrap_or_else(|mistakes| panic!("{mistakes}")).retention
}

fn keeping(payload_days: u16) -> Retention {
    Retention { payload_days: Some(payload_days), ..Retention::default() }
}

#[test]
fn what_is_not_set_has_the_documented_defaults() {
    let default = Retention { resolved_days: 30, payload_days: None, audit_days: 365, report_days: 30 };
    assert_eq!((read(&Value::Null), read(&json!({}))), (default, default));
    assert_eq!((default.resolved_for(), default.audit_for(), default.report_for()), (DAY * 30, DAY * 365, DAY * 30));
}

#[test]
fn every_number_is_read_and_written_back() {
    let set = json!({ "resolved_days": 90, "payload_days": 7, "audit_days": 730, "report_days": 1 });
    let retention = read(&set);
    assert_eq!(retention, Retention { resolved_days: 90, payload_days: Some(7), audit_days: 730, report_days: 1 });
    assert_eq!(serde_json::to_value(retention).expect("it can be written"), set);
}

#[test]
fn all_mistakes_are_reported_together() {
    let wrong = json!({ "resolved_days": 29, "payload_days": 0, "audit_days": 3_651, "report_days": "30", "days": 3 });
    let mistakes = Connection::read(&settings(&wrong)).expect_err("five mistakes");
    let fields: Vec<_> = mistakes.0.iter().map(|mistake| mistake.field.as_str()).collect();
    let named = ["resolved_days", "payload_days", "audit_days", "report_days", "days"];
    assert_eq!(fields, named.map(|field| format!("retention.{field}")));
    assert_eq!(mistakes.0[0].mend, "write a whole number from 30 to 3650");
}

#[test]
fn a_payload_goes_once_its_last_failure_is_older_than_it_is_kept() {
    let failed = scheduled().last_failed;
    for record in [scheduled(), timed_out(), record_in(State::Held(HoldReason::ExcludedType))] {
        assert!(!keeping(7).drops_payload(&record, failed + DAY * 7), "{:?}", record.state);
        assert!(keeping(7).drops_payload(&record, failed + DAY * 7 + Duration::from_millis(1)), "{:?}", record.state);
        let again = Record { last_failed: failed + DAY * 6, ..record };
        assert!(!keeping(7).drops_payload(&again, failed + DAY * 8));
    }
}

#[test]
fn no_payload_goes_of_a_record_that_has_none_or_needs_none_or_when_payloads_are_kept() {
    let much_later = at("2028-03-01T00:00:00Z");
    let resolved = record_in(State::Resolved { how: Resolution::Gone, at: at("2026-03-01T11:00:00Z") });
    assert!(!keeping(7).drops_payload(&resolved, much_later));
    assert!(!keeping(7).drops_payload(&record_in(State::Held(HoldReason::PayloadMissing)), much_later));
    assert!(!Retention::default().drops_payload(&scheduled(), much_later));
}
