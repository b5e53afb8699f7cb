//! The interval policy, played tick by tick through `verdict` and `apply` against the reference.
//! It must not compare attempts itself: the trace of tries shows what the policy did.

use proptest::prelude::*;
use rules::catalogue::Catalogue;
use rules::counts::TryKind;
use rules::policy::{IntervalPolicy, Policy};
use rules::record::{Next, Record, State};
use rules::schedule::{TICK, next_daily_after, next_tick_after};
use rules::time::{TimeOfDay, Timestamp};
use rules::verdict::{Answer, Attempt, Understood, apply, understand, verdict};

use crate::reference::interval::{Said, Settings, Trace, play};
use crate::support::{any_instant, at, attempt, batch, error_type, failure, field, minutes, record_in, seeded};

fn policy_of(settings: Settings) -> IntervalPolicy {
    let (hour, minute) = settings.nightly_at;
    IntervalPolicy {
        every_minutes: u32::try_from(settings.every_minutes).expect("a day at most"),
        tries: settings.tries,
        nightly_at: TimeOfDay::new(hour, minute).expect("a time of day"),
        excluded: [error_type("missing-argument")].into(),
    }
}

fn refused(code: &str) -> Answer {
    Answer::Refused { code: code.to_owned(), message: String::new() }
}

/// The answers that stand for what the reference heard; several for one, because all of them must come to the same.
fn answer(said: Said, turn: usize) -> Answer {
    let of = |answers: &[Answer]| answers[turn % answers.len()].clone();
    match said {
        Said::Counts => {
            of(&[refused("DUPLICATE_VALUE"), Answer::Unknown, refused("UNABLE_TO_LOCK_ROW"), refused("NO_SUCH")])
        }
        Said::NotProcessed => of(&[refused("STORAGE_LIMIT_EXCEEDED"), refused("REQUEST_LIMIT_EXCEEDED")]),
        Said::Done => of(&[Answer::Saved, refused("ENTITY_IS_DELETED")]),
        Said::Excluded => refused("MISSING_ARGUMENT"),
    }
}

fn try_once(policy: &Policy, record: Record, attempt: &Attempt, answer: &Answer) -> Record {
    match understand(Catalogue::builtin(), &field(), answer) {
        Understood::Not(_) => record,
        Understood::Counts(reading) => {
            let verdict = verdict(policy, &record, attempt, &reading);
            apply(record, attempt, reading, verdict)
        }
    }
}

fn first_state(policy: &IntervalPolicy, failed: Timestamp) -> Record {
    let record = record_in(State::Scheduled(Next::At(policy.first_try(failed))));
    Record { failure: failure("other"), first_failed: failed, last_failed: failed, ..record }
}

fn due(record: &Record, now: Timestamp, policy: &IntervalPolicy) -> Option<TryKind> {
    let nightly = next_daily_after(now - minutes(1), policy.nightly_at) == now;
    match record.state {
        State::Scheduled(Next::At(next)) if next <= now && now.floor(TICK) == now => Some(TryKind::Interval),
        State::TimedOut { next } if next <= now && nightly => Some(TryKind::Nightly),
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(_) | State::Resolved { .. } => None,
    }
}

/// Runs the two schedules over one record, with a forced try that fails after each of `forced` scheduled ones.
fn run(settings: Settings, failed: Timestamp, said: &[Said], forced: &[usize]) -> (Trace, Record) {
    let interval = policy_of(settings);
    let policy = Policy::Interval(interval.clone());
    let mut record = first_state(&interval, failed);
    let (mut trace, mut now, mut turn) = (Trace::new(), failed, 0);
    while turn < said.len() && matches!(record.state, State::Scheduled(_) | State::TimedOut { .. }) {
        let next = next_tick_after(now, TICK).min(next_daily_after(now, interval.nightly_at));
        assert!(next > now, "time stands still at {now}");
        now = next;
        let Some(kind) = due(&record, now, &interval) else { continue };
        trace.push((kind, now));
        let tried = Attempt { batch: batch(1, u32::try_from(turn).expect("few turns")), ..attempt(kind, now) };
        record = try_once(&policy, record, &tried, &answer(said[turn], turn));
        if forced.contains(&turn) && record.is_failing() {
            let by_hand = attempt(TryKind::Forced, now + minutes(7));
            record = try_once(&policy, record, &by_hand, &answer(Said::Counts, turn));
        }
        turn += 1;
    }
    (trace, record)
}

const DEFAULTS: Settings = Settings { every_minutes: 20, tries: 10, nightly_at: (0, 0) };

/// Minutes that a tick is a multiple of, or a tick and more.
fn any_minutes() -> impl Strategy<Value = u64> {
    prop_oneof![1 => prop::sample::select(vec![1, 2, 4, 5, 10]), 2 => Just(20), 5 => 20_u64..200]
}

prop_compose! {
    fn any_settings()(every_minutes in any_minutes(), tries in 1_u32..15, hour in 0_u16..24, minute in 0_u16..60) -> Settings {
        Settings { every_minutes, tries, nightly_at: (hour, minute) }
    }
}

fn any_said() -> impl Strategy<Value = Said> {
    prop_oneof![
        12 => Just(Said::Counts),
        4 => Just(Said::NotProcessed),
        1 => Just(Said::Done),
        1 => Just(Said::Excluded),
    ]
}

proptest! {
    #![proptest_config(seeded(50))]

    /// Invariant 7, Schedule, and 4, Attempts: a failed try is due at the very next tick, ten times, then every midnight.
    #[test]
    fn ten_ticks_in_a_row_then_every_midnight_for_any_first_failure(failed in any_instant()) {
        let (trace, record) = run(DEFAULTS, failed, &[Said::Counts; 13], &[]);
        let first = next_tick_after(failed, TICK);
        let ticks = (0_u32..10).map(|turn| (TryKind::Interval, first + TICK * turn));
        let night = next_daily_after(first + TICK * 9, TimeOfDay::MIDNIGHT);
        let nights = (0_u64..3).map(|turn| (TryKind::Nightly, night + minutes(24 * 60 * turn)));
        prop_assert_eq!(trace, ticks.chain(nights).collect::<Trace>());
        prop_assert_eq!((record.attempts.interval, record.attempts.nightly), (10, 3));
    }

    /// Invariant 7, Schedule.
    #[test]
    fn any_settings_and_answers_give_the_tries_that_the_reference_gives(
        settings in any_settings(),
        failed in any_instant(),
        said in prop::collection::vec(any_said(), 1..20),
    ) {
        let (trace, _) = run(settings, failed, &said, &[]);
        prop_assert_eq!(trace, play(settings, failed, &said));
    }

    /// Invariant 4, Attempts: what a person forces is counted apart and moves nothing.
    #[test]
    fn forced_tries_that_fail_move_no_other_try(
        settings in any_settings(),
        failed in any_instant(),
        forced in prop::collection::vec(0_usize..14, 1..8),
    ) {
        let (trace, record) = run(settings, failed, &[Said::Counts; 14], &forced);
        prop_assert_eq!(&trace, &play(settings, failed, &[Said::Counts; 14]));
        let scheduled = usize::try_from(record.attempts.interval + record.attempts.nightly).expect("few tries");
        prop_assert_eq!(scheduled, trace.len());
        prop_assert!(record.attempts.forced > 0);
    }

    /// Invariants 4, Attempts, and 8, Answers that mean "not processed".
    #[test]
    fn answers_that_mean_not_processed_spend_none_of_the_ten(
        failed in any_instant(),
        said in prop::collection::vec(prop_oneof![Just(Said::Counts), Just(Said::NotProcessed)], 1..30),
    ) {
        let (trace, record) = run(DEFAULTS, failed, &said, &[]);
        let counted = said.iter().zip(&trace).filter(|(said, _)| **said == Said::Counts).count();
        prop_assert_eq!(usize::try_from(record.attempts.total()).expect("few tries"), counted);
        prop_assert!(record.attempts.interval <= 10);
    }
}

/// Invariant 7, Schedule: the night in which British summer time ends is no longer and no shorter.
#[test]
fn the_end_of_british_summer_time_changes_no_try() {
    let (trace, _) = run(DEFAULTS, at("2026-10-24T20:50:00Z"), &[Said::Counts; 12], &[]);
    assert_eq!(trace[0], (TryKind::Interval, at("2026-10-24T21:00:00Z")));
    assert_eq!(trace[9], (TryKind::Interval, at("2026-10-25T00:00:00Z")));
    assert_eq!(trace[10], (TryKind::Nightly, at("2026-10-26T00:00:00Z")));
    assert_eq!(trace[11], (TryKind::Nightly, at("2026-10-27T00:00:00Z")));
}

#[test]
fn a_record_that_times_out_at_the_midnight_tick_waits_for_the_next_midnight() {
    let (trace, record) = run(DEFAULTS, at("2026-03-01T20:55:00Z"), &[Said::Counts; 10], &[]);
    assert_eq!(trace.last(), Some(&(TryKind::Interval, at("2026-03-02T00:00:00Z"))));
    assert_eq!(record.state, State::TimedOut { next: at("2026-03-03T00:00:00Z") });
}

/// The settings of the sibling pages: tries every 30 minutes come at every second tick, because a tick is 20 minutes.
#[test]
fn thirty_minutes_are_rounded_up_to_two_ticks() {
    let settings = Settings { every_minutes: 30, ..DEFAULTS };
    let (trace, _) = run(settings, at("2026-03-01T10:07:00Z"), &[Said::Counts; 3], &[]);
    let ticks: Vec<_> = trace.iter().map(|(_, tick)| *tick).collect();
    assert_eq!(ticks, [at("2026-03-01T10:20:00Z"), at("2026-03-01T11:00:00Z"), at("2026-03-01T11:40:00Z")]);
}
