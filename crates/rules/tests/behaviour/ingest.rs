//! Reported failures and successes: newer, equal and older versions in whatever order they arrive.
//! It must not know event formats.

use proptest::prelude::*;
use rules::counts::Attempts;
use rules::ids::Fence;
use rules::ingest::{FailureEffect, Ignored, NewFailure, NewSuccess, SuccessEffect, fail, succeed};
use rules::policy::Policy;
use rules::record::{HoldReason, LastSend, Next, PayloadPlace, Record, Resolution, State, Stored, SuccessMark};
use rules::time::Timestamp;
use rules::tries::{Tries, TryOutcome};
use rules::version::SourceVersion;

use crate::reference::ingest::{Report, newest};
use crate::support::{
    at, batch, failure, field, interval, interval_without, key, minutes, recent, record_in, scheduled, seeded,
    timed_out, tried,
};

const BIRTH: Fence = Fence(77);

fn when(version: i64) -> Timestamp {
    at("2026-03-01T00:00:00Z") + minutes(version.unsigned_abs())
}

fn new_failure(version: i64) -> NewFailure {
    NewFailure {
        key: key(),
        external_id_field: field(),
        source_version: SourceVersion::Number(version),
        failure: failure("duplicate-value"),
        failed: when(version),
        parent: None,
        payload: PayloadPlace::Apart { bytes: 2_000 },
        closes: false,
    }
}

fn new_success(version: i64) -> NewSuccess {
    NewSuccess { key: key(), source_version: SourceVersion::Number(version), at: when(version) }
}

fn stored(record: Record) -> Stored {
    Stored::Record(Box::new(record))
}

fn mark(version: i64) -> Stored {
    let source_version = SourceVersion::Number(version);
    Stored::Success(SuccessMark { key: key(), fence: Fence(5), source_version, at: when(version) })
}

/// A table with one record, and beside it the version whose payload it holds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    item: Option<Stored>,
    payload_of: Option<i64>,
}

impl Table {
    fn take(self, policy: &Policy, report: Report) -> Self {
        if report.failed { self.take_failure(policy, report.version) } else { self.take_success(report.version) }
    }

    fn take_failure(self, policy: &Policy, version: i64) -> Self {
        match fail(policy, self.item.as_ref(), new_failure(version), BIRTH).expect("comparable versions") {
            FailureEffect::Replace(record) => Self { item: Some(Stored::Record(record)), payload_of: Some(version) },
            FailureEffect::Refresh(record) => Self { item: Some(Stored::Record(record)), ..self },
            FailureEffect::Ignore(_) => self,
        }
    }

    fn take_success(self, version: i64) -> Self {
        match succeed(self.item.as_ref(), new_success(version), BIRTH).expect("comparable versions") {
            SuccessEffect::Write { stored, .. } => Self { item: Some(stored), ..self },
            SuccessEffect::Warn { .. } | SuccessEffect::Ignore(_) => self,
        }
    }

    fn is_failing(&self) -> bool {
        matches!(&self.item, Some(Stored::Record(record)) if record.is_failing())
    }
}

/// Reports with distinct versions, in the order of their arrival.
fn any_reports() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::btree_map(1_i64..1_000, any::<bool>(), 1..8).prop_flat_map(|reports| {
        let reports: Vec<_> = reports.into_iter().map(|(version, failed)| Report { version, failed }).collect();
        let twice = [reports.clone(), reports].concat();
        Just(twice).prop_shuffle()
    })
}

proptest! {
    #![proptest_config(seeded(300))]

    /// Invariants 1, Conservation, and 5, Order: the newest report decides, whatever came before or after it, and repeats.
    #[test]
    fn any_order_of_reports_ends_with_the_newest(reports in any_reports()) {
        for policy in [interval(), recent()] {
            let table = reports.iter().fold(Table::default(), |table, report| table.take(&policy, *report));
            let newest = newest(&reports).expect("at least one report");
            prop_assert_eq!(table.item.as_ref().map(Stored::source_version), Some(SourceVersion::Number(newest.version)));
            prop_assert_eq!(table.is_failing(), newest.failed);
            if newest.failed {
                prop_assert_eq!(table.payload_of, Some(newest.version));
                let Some(Stored::Record(record)) = table.item else { panic!("a failing record") };
                prop_assert_eq!(record.first_failed, when(newest.version));
                prop_assert_eq!(record.attempts, Attempts::default());
            }
        }
    }

    /// Invariant 5, Order: a report that came before, or an older one, changes not even the item's version.
    #[test]
    fn a_report_that_is_not_newer_writes_nothing(reports in any_reports()) {
        let table = reports.iter().fold(Table::default(), |table, report| table.take(&interval(), *report));
        for report in reports {
            prop_assert_eq!(table.clone().take(&interval(), report), table.clone());
        }
    }
}

fn replaced(effect: FailureEffect) -> Record {
    let FailureEffect::Replace(record) = effect else { panic!("{effect:?} is no replacement") };
    *record
}

#[test]
fn a_first_failure_is_due_at_the_very_next_tick_with_its_payload() {
    let record = replaced(fail(&interval(), None, new_failure(7), BIRTH).expect("the first"));
    assert_eq!(record.state, State::Scheduled(Next::At(at("2026-03-01T00:20:00Z"))));
    assert_eq!((record.fence, record.source_version), (BIRTH, SourceVersion::Number(7)));
    assert_eq!((record.first_failed, record.last_failed), (when(7), when(7)));
    assert_eq!((record.payload, record.last_send), (PayloadPlace::Apart { bytes: 2_000 }, None));
    let swept = replaced(fail(&recent(), None, new_failure(7), BIRTH).expect("the first"));
    assert_eq!(swept.state, State::Scheduled(Next::Sweep));
}

#[test]
fn a_first_failure_of_an_excluded_type_is_held() {
    let record = replaced(fail(&interval_without("duplicate-value"), None, new_failure(1), BIRTH).expect("the first"));
    assert_eq!(record.state, State::Held(HoldReason::ExcludedType));
}

/// Invariants 4, Attempts, and 5, Order: the ring and the last send are kept for recovery, the count starts anew.
#[test]
fn a_newer_failure_starts_attempts_and_first_failure_anew_and_keeps_tries_and_last_send() {
    let send = LastSend { version: SourceVersion::Number(1), until: when(40) };
    let worn = timed_out().count(tried(batch(3, 1), TryOutcome::TimedOut)).remember_send(send);
    let record = replaced(fail(&interval(), Some(&stored(worn.clone())), new_failure(2), BIRTH).expect("newer"));
    assert_eq!(record.attempts, Attempts::default());
    assert_eq!((&record.tries, record.last_send), (&worn.tries, Some(send)));
    assert_ne!(record.tries, Tries::default());
    assert_eq!(record.first_failed, when(2));
    assert_eq!(record.fence, worn.fence.next());
    assert!(matches!(record.state, State::Scheduled(Next::At(_))));
}

/// Invariant 5, Order.
#[test]
fn a_late_older_failure_does_not_come_back_after_a_success() {
    for known in [mark(3), stored(timed_out().resolve(Resolution::Retried, when(9)))] {
        let known_version = known.source_version();
        let older = NewFailure { source_version: SourceVersion::Number(-1), ..new_failure(1) };
        assert_eq!(fail(&interval(), Some(&known), older, BIRTH), Ok(FailureEffect::Ignore(Ignored::Older)));
        let equal = NewFailure { source_version: known_version, ..new_failure(1) };
        assert_eq!(fail(&interval(), Some(&known), equal, BIRTH), Ok(FailureEffect::Ignore(Ignored::Succeeded)));
    }
}

#[test]
fn a_newer_failure_after_a_success_is_a_failing_record_again() {
    let record = replaced(fail(&interval(), Some(&mark(3)), new_failure(4), BIRTH).expect("newer"));
    assert!(record.is_failing());
    assert_eq!(record.fence, Fence(6));
}

/// The same version failing once more, later than everything that is known.
fn failing_again() -> NewFailure {
    NewFailure { failed: at("2026-03-05T10:05:00Z"), ..new_failure(1) }
}

/// A report that is delivered twice, or late, must not bring an older error back.
#[test]
fn an_equal_failure_that_is_not_later_than_the_known_one_changes_nothing() {
    let known = stored(scheduled());
    let Stored::Record(record) = &known else { panic!("a record") };
    let again = NewFailure { failed: record.last_failed, ..new_failure(1) };
    assert_eq!(fail(&interval(), Some(&known), again, BIRTH), Ok(FailureEffect::Ignore(Ignored::Repeated)));
}

#[test]
fn an_equal_failure_with_another_error_updates_the_error_and_disturbs_no_schedule() {
    let worn = timed_out().count(tried(batch(3, 1), TryOutcome::TimedOut));
    let effect = fail(&interval(), Some(&stored(worn.clone())), failing_again(), BIRTH).expect("equal");
    let FailureEffect::Refresh(record) = effect else { panic!("{effect:?} is no refresh") };
    assert_eq!((record.state, record.attempts, record.first_failed), (worn.state, worn.attempts, worn.first_failed));
    assert_eq!(record.failure, failure("duplicate-value"));
    assert_eq!(record.payload, worn.payload);
    assert_eq!(record.fence, worn.fence.next());
}

#[test]
fn an_equal_failure_moves_a_record_between_held_and_scheduled_as_its_type_says() {
    let effect =
        fail(&interval_without("duplicate-value"), Some(&stored(scheduled())), failing_again(), BIRTH).expect("equal");
    let FailureEffect::Refresh(record) = effect else { panic!("{effect:?} is no refresh") };
    assert_eq!(record.state, State::Held(HoldReason::ExcludedType));
    let held = stored(record_in(State::Held(HoldReason::ExcludedType)));
    let effect = fail(&interval(), Some(&held), failing_again(), BIRTH).expect("equal");
    let FailureEffect::Refresh(record) = effect else { panic!("{effect:?} is no refresh") };
    assert_eq!(record.state, State::Scheduled(Next::At(at("2026-03-05T10:20:00Z"))));
}

#[test]
fn an_equal_failure_brings_back_a_payload_that_was_missing() {
    let held = stored(record_in(State::Held(HoldReason::PayloadMissing)));
    let record = replaced(fail(&interval(), Some(&held), new_failure(1), BIRTH).expect("equal"));
    assert_eq!(record.payload, PayloadPlace::Apart { bytes: 2_000 });
    assert!(matches!(record.state, State::Scheduled(Next::At(_))));
}

/// What neither connector has, 5: a success of the same version or a newer one cancels the retry.
#[test]
fn a_success_of_the_same_or_a_newer_version_cancels_the_retry_in_every_state() {
    for state in [scheduled().state, timed_out().state, State::Held(HoldReason::ExcludedType)] {
        for version in [1, 2] {
            let effect = succeed(Some(&stored(record_in(state))), new_success(version), BIRTH).expect("comparable");
            let SuccessEffect::Write { stored: Stored::Record(record), overwritten_by } = effect else {
                panic!("a record")
            };
            assert_eq!(record.state, State::Resolved { how: Resolution::SucceededElsewhere, at: when(version) });
            assert_eq!(record.source_version, SourceVersion::Number(version));
            assert_eq!(record.fence, record_in(state).fence.next());
            assert_eq!(overwritten_by, None);
        }
    }
}

#[test]
fn an_older_success_cancels_nothing() {
    let effect = succeed(
        Some(&stored(scheduled())),
        NewSuccess { source_version: SourceVersion::Number(0), ..new_success(1) },
        BIRTH,
    );
    assert_eq!(effect, Ok(SuccessEffect::Ignore(Ignored::Older)));
}

/// Ruling: an error whose code says that nothing is left to do closes.
#[test]
fn a_failure_that_says_nothing_is_left_to_do_closes_the_record_known_or_not() {
    let closing = || NewFailure { closes: true, ..failing_again() };
    let gone = State::Resolved { how: Resolution::Gone, at: closing().failed };
    assert_eq!(replaced(fail(&interval(), None, closing(), BIRTH).expect("the first")).state, gone);
    for state in [scheduled().state, timed_out().state, State::Held(HoldReason::ExcludedType)] {
        let effect = fail(&interval(), Some(&stored(record_in(state))), closing(), BIRTH).expect("equal");
        let FailureEffect::Refresh(record) = effect else { panic!("{effect:?} is no refresh") };
        assert_eq!(record.state, gone, "{state:?}");
    }
}

#[test]
fn a_success_of_a_record_that_nobody_knows_leaves_its_mark() {
    let effect = succeed(None, new_success(4), BIRTH).expect("the first");
    let left = Stored::Success(SuccessMark {
        key: key(),
        fence: BIRTH,
        source_version: SourceVersion::Number(4),
        at: when(4),
    });
    assert_eq!(effect, SuccessEffect::Write { stored: left, overwritten_by: None });
}

#[test]
fn versions_of_two_kinds_are_refused_with_a_text_that_says_so() {
    let time = SourceVersion::Time(when(9));
    for known in [stored(scheduled()), mark(1)] {
        let failed = fail(&interval(), Some(&known), NewFailure { source_version: time, ..new_failure(2) }, BIRTH);
        let error = failed.expect_err("a number and a time");
        assert!(error.to_string().contains("integers"), "{error}");
        let succeeded = succeed(Some(&known), NewSuccess { source_version: time, ..new_success(2) }, BIRTH);
        assert_eq!(succeeded, Err(error));
    }
    assert_eq!(time.compare(SourceVersion::Number(1)), None);
    assert!(!time.is_newer_than(SourceVersion::Number(1)) && !SourceVersion::Number(1).is_newer_than(time));
}
