//! Tests of `body`.
//!
//! Must not know: the calls that carry these items.

use rules::budget::{Bucket, Ledger};
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::ids::{BatchId, Epoch, RequestId, RunId, SourceName};
use rules::lease::Lease;
use rules::owed::{Forced, Owed, Sweep};
use rules::resync::{Action, Progress, Skips};
use rules::suspension::{Cause, Suspension};
use rules::usage::Usage;

use super::*;
use crate::items::key;
use crate::items::samples::{acme, at, size};

fn ledger(calls: u64) -> Ledger {
    Ledger::from_buckets((0..74).map(|number| (Bucket(1_476_900 + number), ApiCalls(calls))))
}

fn full_control() -> Control {
    let cursor = "{\"p\":\"acme#required-field-missing#12\",\"k\":[\"r#acme#Contact#8c2c2a3e-6f5e-4d59-9a77-0f4c6ad0e3b1\",1772357400000]}";
    let sweep = Sweep { start: at(0), cursor: Some(cursor.to_owned()), again: true, not_before: Some(at(1)) };
    Control {
        revision: u64::MAX,
        epoch: Epoch(100_000),
        lease: Some(Lease { holder: RunId(u64::MAX), epoch: Epoch(100_000), until: at(900_000) }),
        owed: Owed { due: Some(at(0)), timed_out: Some(sweep.clone()), recent: Some(sweep), forced: Vec::new() },
        suspension: Some(Suspension {
            cause: Cause::LoginRefused { secret: "8c2c2a3e-6f5e-4d59-9a77-0f4c6ad0e3b1".to_owned() },
            since: at(0),
            failed_probes: 7,
            next_probe: None,
        }),
        ledger: ledger(250),
        org: Some(OrgUsage { used: ApiCalls(90_000), limit: ApiCalls(100_000), at: at(0) }),
    }
}

#[test]
fn a_full_control_item_is_read_as_it_was_written_and_has_at_most_2_kb() {
    let control = full_control();
    let item = revised(&key::control(&acme()), &control, control.revision);
    assert_eq!(read::<Control>("the control item", &item).unwrap(), control);
    assert!(size(&item) <= 2_048, "{} bytes", size(&item));
}

fn open_request(number: u32) -> Forced {
    let cursor = "{\"p\":\"acme#required-field-missing#12\",\"k\":[\"r#acme#Contact#8c2c2a3e-6f5e-4d59-9a77-0f4c6ad0e3b1\",1772357400000]}";
    Forced {
        request: RequestId::new(format!("8c2c2a3e-6f5e-4d59-9a77-{number:012}")).unwrap(),
        action: Action::Resync,
        sweep: Sweep { start: at(0), cursor: Some(cursor.to_owned()), again: true, not_before: Some(at(1)) },
        progress: Progress {
            tried: 50_000,
            resolved: 20_000,
            failed: 20_000,
            unknown: 10_000,
            deleted: 0,
            skipped: 300,
            skipped_because: Skips { resolved: 100, failed_anew: 100, changed: 100, ..Skips::default() },
            at_least: true,
        },
        after: BatchId { epoch: Epoch(100_000), sequence: u32::MAX },
        worked_by: Some(Epoch(100_001)),
    }
}

#[test]
fn a_control_item_with_sixteen_open_requests_is_read_as_it_was_written_and_has_at_most_10_kb() {
    let full = full_control();
    let control = Control { owed: Owed { forced: (0..16).map(open_request).collect(), ..full.owed }, ..full };
    let item = revised(&key::control(&acme()), &control, control.revision);
    assert_eq!(read::<Control>("the control item", &item).unwrap(), control);
    assert!(size(&item) <= 10_240, "{} bytes", size(&item));
}

#[test]
fn a_control_item_from_before_there_were_requests_owes_none() {
    let mut item = revised(&key::control(&acme()), &Control::default(), 1);
    let old = "{\"revision\":1,\"epoch\":3,\"lease\":null,\"owed\":{\"due\":null,\"timed_out\":null,\"recent\":null},\
               \"suspension\":null,\"ledger\":LEDGER,\"org\":null}";
    let ledger = json(&Control::default().ledger);
    item.insert(BODY.to_owned(), text(old.replace("LEDGER", &ledger)));
    let control = read::<Control>("the control item", &item).unwrap();
    assert_eq!(control, Control { revision: 1, epoch: Epoch(3), ..Control::default() });
}

#[test]
fn usage_of_several_sources_is_read_as_it_was_written() {
    let source = |name: &str| SourceName::new(name).unwrap();
    let usage = Usage { revision: 3, sources: [(source("billing"), ledger(1)), (source("crm"), ledger(5_000))].into() };
    let item = revised(&key::usage(&acme()), &usage, usage.revision);
    assert_eq!(read::<Usage>("the usage item", &item).unwrap(), usage);
}

#[test]
fn a_body_that_cannot_be_understood_is_an_error_that_does_not_repeat_it() {
    let mut item = revised(&key::control(&acme()), &Control::default(), 1);
    item.insert(BODY.to_owned(), text("{\"revision\":\"hunter2\"}"));
    let error = read::<Control>("the control item", &item).unwrap_err().to_string();
    assert_eq!(
        error,
        "the control item k#acme control cannot be read: its attribute d is missing or not in the right form"
    );
}
