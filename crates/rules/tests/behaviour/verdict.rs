//! One answer, one record: what it changes.
//! It must not play schedules; `interval` does.

use std::time::Duration;

use rules::catalogue::Catalogue;
use rules::counts::{Attempts, TryKind};
use rules::record::{Failure, HoldReason, LastSend, Next, Record, Resolution, State};
use rules::tries::TryOutcome;
use rules::verdict::{Answer, NotCounted, Reading, Understood, Verdict, apply, understand, verdict};
use rules::version::SourceVersion;

use crate::support::{
    at, attempt, error_type, failure, field, interval, interval_without, minutes, record_in, scheduled, timed_out,
};

const KINDS: [TryKind; 4] = [TryKind::Interval, TryKind::Nightly, TryKind::Recent, TryKind::Forced];

fn understood(code: &str) -> Understood {
    let answer = Answer::Refused { code: code.to_owned(), message: "it says so".to_owned() };
    understand(Catalogue::builtin(), &field(), &answer)
}

fn refused(error: &str) -> Reading {
    Reading::Refused(failure(error))
}

/// Invariant 8, Answers that mean "not processed".
#[test]
fn a_full_storage_and_a_refused_call_are_not_counted() {
    for (code, why) in [
        ("STORAGE_LIMIT_EXCEEDED", NotCounted::Storage),
        ("REQUEST_LIMIT_EXCEEDED", NotCounted::Throttled),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", NotCounted::Collateral),
    ] {
        assert_eq!(understood(code), Understood::Not(why), "{code}");
    }
}

/// Ruling: policy A retries every class of error.
#[test]
fn a_row_lock_a_duplicate_a_permission_and_an_unknown_code_all_count() {
    for code in ["UNABLE_TO_LOCK_ROW", "DUPLICATE_VALUE", "INSUFFICIENT_ACCESS_OR_READONLY", "NEVER_HEARD_OF_IT", ""] {
        assert!(matches!(understood(code), Understood::Counts(Reading::Refused(_))), "{code}");
    }
}

#[test]
fn an_answer_that_says_already_deleted_closes_the_record() {
    for code in ["ENTITY_IS_DELETED", "DACO-03"] {
        let Understood::Counts(gone @ Reading::Gone(_)) = understood(code) else { panic!("{code} is not gone") };
        let verdict =
            verdict(&interval(), &scheduled(), &attempt(TryKind::Interval, at("2026-03-01T10:20:00Z")), &gone);
        assert_eq!(verdict, Verdict::Resolve(Resolution::Gone));
    }
}

#[test]
fn no_answer_is_an_unknown_outcome_that_counts() {
    let reading = understand(Catalogue::builtin(), &field(), &Answer::Unknown);
    assert_eq!(reading, Understood::Counts(Reading::Unknown));
    let try_at = attempt(TryKind::Interval, at("2026-03-01T10:20:00Z"));
    let verdict = verdict(&interval(), &scheduled(), &try_at, &Reading::Unknown);
    let record = apply(scheduled(), &try_at, Reading::Unknown, verdict);
    assert_eq!(record.attempts.interval, 1);
    assert_eq!(record.state, State::Scheduled(Next::At(at("2026-03-01T10:40:00Z"))));
    assert_eq!(record.failure, scheduled().failure);
    assert_eq!(record.tries.last().map(|tried| tried.outcome), Some(TryOutcome::Unknown));
}

#[test]
fn a_saved_record_is_resolved_whoever_asked() {
    for kind in KINDS {
        for record in [scheduled(), timed_out(), record_in(State::Held(HoldReason::ExcludedType))] {
            let try_at = attempt(kind, at("2026-03-01T10:20:00Z"));
            let verdict = verdict(&interval(), &record, &try_at, &Reading::Saved);
            let record = apply(record, &try_at, Reading::Saved, verdict);
            assert_eq!(record.state, State::Resolved { how: Resolution::Retried, at: try_at.at });
            assert_eq!(record.attempts, Attempts::default().counting(kind));
        }
    }
}

/// Invariant 7, Schedule: the next try follows from the tick, wherever in the run the record failed.
#[test]
fn the_next_try_is_a_tick_after_the_tick_however_late_the_answer_came() {
    let tick = at("2026-03-01T10:20:00Z");
    for seconds in [0, 3, 500, 1_199, 1_201, 5_000] {
        let late =
            rules::verdict::Attempt { at: tick + Duration::from_secs(seconds), ..attempt(TryKind::Interval, tick) };
        let said = verdict(&interval(), &scheduled(), &late, &refused("duplicate-value"));
        assert_eq!(said, Verdict::RetryAt(at("2026-03-01T10:40:00Z")), "{seconds} s");
    }
}

#[test]
fn an_excluded_type_is_held_and_no_try_is_lost() {
    let policy = interval_without("duplicate-value");
    let try_at = attempt(TryKind::Interval, at("2026-03-01T10:20:00Z"));
    let verdict = verdict(&policy, &scheduled(), &try_at, &refused("duplicate-value"));
    assert_eq!(verdict, Verdict::Hold(HoldReason::ExcludedType));
    let record = apply(scheduled(), &try_at, refused("duplicate-value"), verdict);
    assert_eq!(record.state, State::Held(HoldReason::ExcludedType));
    assert_eq!(record.attempts.interval, 1);
    assert_eq!(record.tries.last().map(|tried| tried.outcome), Some(TryOutcome::Held));
}

#[test]
fn a_held_record_that_a_person_forces_and_that_fails_otherwise_is_scheduled_again() {
    let held = record_in(State::Held(HoldReason::ExcludedType));
    let policy = interval_without("missing-argument");
    let try_at = attempt(TryKind::Forced, at("2026-03-01T10:20:00Z"));
    let said = verdict(&policy, &held, &try_at, &refused("duplicate-value"));
    assert_eq!(said, Verdict::RetryAt(at("2026-03-01T10:40:00Z")));
    assert_eq!(verdict(&policy, &held, &try_at, &refused("missing-argument")), Verdict::Hold(HoldReason::ExcludedType));
}

#[test]
fn a_forced_try_that_fails_stays_where_it_was_and_is_counted_apart() {
    for record in [scheduled(), timed_out()] {
        let try_at = attempt(TryKind::Forced, at("2026-03-01T15:33:00Z"));
        let said = verdict(&interval(), &record, &try_at, &refused("duplicate-value"));
        assert_eq!(said, Verdict::Stay(record.state));
        let after = apply(record.clone(), &try_at, refused("duplicate-value"), said);
        assert_eq!(after.state, record.state);
        assert_eq!(after.attempts, Attempts { forced: 1, ..Attempts::default() });
        assert_eq!(after.failure, failure("duplicate-value"));
    }
}

#[test]
fn more_tries_in_the_settings_never_call_a_record_back_from_the_timeout_queue() {
    let queued = Record { attempts: Attempts { interval: 3, ..Attempts::default() }, ..timed_out() };
    let try_at = attempt(TryKind::Nightly, at("2026-03-02T00:00:00Z"));
    let said = verdict(&interval(), &queued, &try_at, &refused("duplicate-value"));
    assert_eq!(said, Verdict::TimeOut { next: at("2026-03-03T00:00:00Z") });
}

#[test]
fn fewer_tries_in_the_settings_send_a_record_to_the_queue_at_its_next_failure() {
    let tired = Record { attempts: Attempts { interval: 40, ..Attempts::default() }, ..scheduled() };
    let try_at = attempt(TryKind::Interval, at("2026-03-01T10:20:00Z"));
    let said = verdict(&interval(), &tired, &try_at, &refused("duplicate-value"));
    assert_eq!(said, Verdict::TimeOut { next: at("2026-03-02T00:00:00Z") });
}

#[test]
fn the_item_s_version_is_not_moved_by_a_try_and_is_moved_by_advance() {
    let try_at = attempt(TryKind::Interval, at("2026-03-01T10:20:00Z"));
    let record = apply(scheduled(), &try_at, Reading::Saved, Verdict::Resolve(Resolution::Retried));
    assert_eq!(record.fence, scheduled().fence);
    assert_ne!(record.clone().advance().fence, record.fence);
}

/// Invariant 5, Order: what Salesforce may have committed is remembered until something newer is sent.
#[test]
fn a_save_and_an_unknown_outcome_are_remembered_as_sends_and_a_refusal_forgets_neither() {
    let try_at = attempt(TryKind::Forced, at("2026-03-01T10:20:00Z"));
    let unknown = apply(scheduled(), &try_at, Reading::Unknown, Verdict::Stay(scheduled().state));
    let send = LastSend { version: SourceVersion::Number(1), until: try_at.commits_until };
    assert_eq!(unknown.last_send, Some(send));
    let saved = apply(scheduled(), &try_at, Reading::Saved, Verdict::Resolve(Resolution::Retried));
    assert_eq!(saved.last_send, Some(LastSend { until: try_at.at, ..send }));
    let later = attempt(TryKind::Forced, at("2026-03-01T11:20:00Z"));
    for reading in [refused("duplicate-value"), Reading::Gone(failure("entity-is-deleted"))] {
        let after = apply(unknown.clone(), &later, reading, Verdict::Stay(scheduled().state));
        assert_eq!(after.last_send, Some(send));
    }
}

/// Invariant 14, Secrecy, in its small part here: a message is cut, and never inside a character.
#[test]
fn a_huge_message_and_code_are_cut_between_two_characters() {
    let failure = Failure::new(error_type("other"), &"Ü".repeat(200), &"€".repeat(1_000));
    assert_eq!((failure.code.len(), failure.code.chars().count()), (80, 40));
    assert_eq!((failure.message.len(), failure.message.chars().count()), (255, 85));
}

#[test]
fn a_try_is_never_remembered_as_earlier_than_the_tick_that_asked_for_it() {
    let tick = at("2026-03-01T11:30:00Z");
    let behind = rules::verdict::Attempt { at: tick - minutes(1), ..attempt(TryKind::Recent, tick) };
    let record = apply(scheduled(), &behind, Reading::Unknown, Verdict::Sweep);
    assert_eq!(record.tries.last().map(|tried| tried.at), Some(tick));
}
