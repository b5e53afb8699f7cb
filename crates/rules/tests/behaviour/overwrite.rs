//! Possible Overwrite: when an older payload of ours may have followed the source's own, newer write.
//! It must not know events.

use std::time::Duration;

use proptest::prelude::*;
use rules::conflict::merge;
use rules::counts::TryKind;
use rules::ids::Fence;
use rules::ingest::{Ignored, NewSuccess, REPORTING_DELAY, SuccessEffect, succeed};
use rules::record::{LastSend, Record, Resolution, Stored};
use rules::time::Timestamp;
use rules::verdict::Reading;
use rules::version::SourceVersion;

use crate::support::{at, attempt, interval, key, scheduled, seeded};

const SENT_UNTIL: &str = "2026-03-01T10:33:00Z";

fn sent_version_1(record: Record) -> Record {
    record.remember_send(LastSend { version: SourceVersion::Number(1), until: at(SENT_UNTIL) })
}

fn overwritten(record: Record, version: i64, reported: Timestamp) -> Option<SourceVersion> {
    let success = NewSuccess { key: key(), source_version: SourceVersion::Number(version), at: reported };
    match succeed(Some(&Stored::Record(Box::new(record))), success, Fence(1)).expect("comparable versions") {
        SuccessEffect::Write { overwritten_by, .. } => overwritten_by,
        effect @ (SuccessEffect::Warn { .. } | SuccessEffect::Ignore(_)) => panic!("nothing is written: {effect:?}"),
    }
}

/// What is said of a success of version 2 that is reported when version 3 has failed, after we sent version 1.
fn late(record: Record, reported: Timestamp) -> Option<SourceVersion> {
    let third = Stored::Record(Box::new(Record { source_version: SourceVersion::Number(3), ..record }));
    let success = NewSuccess { key: key(), source_version: SourceVersion::Number(2), at: reported };
    match succeed(Some(&third), success, Fence(1)).expect("comparable versions") {
        SuccessEffect::Warn { why: Ignored::Older, overwritten_by } => Some(overwritten_by),
        SuccessEffect::Ignore(Ignored::Older) => None,
        effect => panic!("an older success changes nothing: {effect:?}"),
    }
}

/// Invariant 5, Order: what failed since is not in Salesforce, and may never be.
#[test]
fn a_success_that_is_reported_after_a_newer_failure_may_be_overwritten_by_an_older_send_of_ours() {
    let named = Some(SourceVersion::Number(1));
    let last = at(SENT_UNTIL) + REPORTING_DELAY;
    assert_eq!(late(sent_version_1(scheduled()), last), named);
    assert_eq!(late(sent_version_1(scheduled()), last + Duration::from_millis(1)), None);
    for how in [Resolution::Gone, Resolution::Deleted] {
        assert_eq!(late(sent_version_1(scheduled()).resolve(how, at(SENT_UNTIL)), last), named, "{how:?}");
    }
    for how in [Resolution::Retried, Resolution::SucceededElsewhere] {
        assert_eq!(late(sent_version_1(scheduled()).resolve(how, at(SENT_UNTIL)), last), None, "{how:?}");
    }
    assert_eq!(late(scheduled(), last), None, "it was never sent");
    let second = scheduled().remember_send(LastSend { version: SourceVersion::Number(2), until: last });
    assert_eq!(late(second, last), None, "it is the version that we sent");
}

proptest! {
    #![proptest_config(seeded(200))]

    /// Invariant 5, Order: named exactly while our send may have come after the source's write.
    #[test]
    fn a_newer_success_is_possibly_overwritten_up_to_the_reporting_delay_after_our_send(millis in -2_000_000_i64..2_000_000) {
        let reported = Timestamp::from_millis(at(SENT_UNTIL).as_millis() + millis);
        let named = overwritten(sent_version_1(scheduled()), 2, reported).is_some();
        prop_assert_eq!(named, millis <= 5 * 60 * 1_000);
    }
}

/// Invariant 5, Order.
#[test]
fn the_version_that_we_sent_is_named_in_the_last_instant_and_not_after_it() {
    let last = at(SENT_UNTIL) + REPORTING_DELAY;
    assert_eq!(overwritten(sent_version_1(scheduled()), 2, last), Some(SourceVersion::Number(1)));
    assert_eq!(overwritten(sent_version_1(scheduled()), 2, last + Duration::from_millis(1)), None);
}

#[test]
fn a_record_that_was_never_sent_overwrites_nothing() {
    assert_eq!(overwritten(scheduled(), 2, at(SENT_UNTIL)), None);
}

#[test]
fn a_success_of_the_version_that_we_sent_is_no_overwrite() {
    assert_eq!(overwritten(sent_version_1(scheduled()), 1, at(SENT_UNTIL)), None);
}

/// Invariant 5, Order: our own success does not hide that it may have followed the source's newer write.
#[test]
fn a_record_that_our_retry_saved_may_overwrite_too() {
    let saved = sent_version_1(scheduled()).resolve(Resolution::Retried, at(SENT_UNTIL));
    assert_eq!(overwritten(saved, 2, at(SENT_UNTIL)), Some(SourceVersion::Number(1)));
}

/// Invariant 5, Order: a newer payload that failed in between does not make the older send forgotten.
#[test]
fn a_send_of_version_1_is_named_when_version_3_succeeds_after_version_2_failed() {
    let second = Record { source_version: SourceVersion::Number(2), ..sent_version_1(scheduled()) };
    assert_eq!(overwritten(second.clone(), 3, at(SENT_UNTIL)), Some(SourceVersion::Number(1)));
    assert_eq!(overwritten(second, 2, at(SENT_UNTIL)), Some(SourceVersion::Number(1)));
}

/// Invariant 5, Order: a send of version 2 that may never have been processed does not make the older one forgotten, which was.
#[test]
fn an_unknown_send_of_version_2_does_not_hide_that_version_1_was_saved_after_the_source_s_write() {
    let saved = sent_version_1(scheduled());
    let failing = Record { source_version: SourceVersion::Number(2), ..saved };
    let later = attempt(TryKind::Interval, at("2026-03-01T10:40:00Z"));
    let unknown = merge(&interval(), &failing, &failing, &later, &Reading::Unknown);
    assert_eq!(overwritten(unknown.clone(), 2, at(SENT_UNTIL)), Some(SourceVersion::Number(1)));
    assert_eq!(
        overwritten(unknown.clone(), 3, later.commits_until),
        Some(SourceVersion::Number(1)),
        "version 2 may follow"
    );
    let committed = merge(&interval(), &unknown, &unknown, &later, &Reading::Saved);
    assert_eq!(committed.last_send.map(|send| send.version), Some(SourceVersion::Number(2)), "version 2 is there");
}

/// Invariant 5, Order: the same when a newer failure came in while version 2 was in flight.
#[test]
fn an_unknown_send_that_meets_a_newer_failure_does_not_hide_what_was_saved_before() {
    let read = Record { source_version: SourceVersion::Number(2), ..sent_version_1(scheduled()) };
    let current = Record { source_version: SourceVersion::Number(3), ..read.clone() };
    let later = attempt(TryKind::Interval, at("2026-03-01T10:40:00Z"));
    let unknown = merge(&interval(), &read, &current, &later, &Reading::Unknown);
    let both = LastSend { version: SourceVersion::Number(1), until: later.commits_until };
    assert_eq!(unknown.last_send, Some(both));
}
