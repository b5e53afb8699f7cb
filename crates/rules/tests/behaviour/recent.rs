//! The recent policy: two sweeps a day over the past seven days.
//! It must not know how a sweep is paged.

use proptest::prelude::*;
use rules::counts::TryKind;
use rules::gates::{is_expired, next_try};
use rules::policy::{Policy, RecentPolicy};
use rules::record::{HoldReason, Next, Record, Resolution, State};
use rules::verdict::{Reading, Verdict, apply, verdict};

use crate::reference::calendar::{first_minute_after, utc_time_of_day};
use crate::support::{any_instant, at, attempt, error_type, failure, minutes, recent, record_in, seeded};

const WEEK: u64 = 7 * 24 * 60;

fn swept() -> Record {
    record_in(State::Scheduled(Next::Sweep))
}

fn after(record: Record, tick: &str, error: &str) -> Record {
    let attempt = attempt(TryKind::Recent, at(tick));
    let reading = Reading::Refused(failure(error));
    let verdict = verdict(&recent(), &record, &attempt, &reading);
    apply(record, &attempt, reading, verdict)
}

proptest! {
    #![proptest_config(seeded(100))]

    /// Invariant 7, Schedule.
    #[test]
    fn the_next_sweep_is_the_first_half_past_eleven_of_either_half_of_the_day(now in any_instant()) {
        let walked = first_minute_after(now, |minute| matches!(utc_time_of_day(minute), (11 | 23, 30)));
        prop_assert_eq!(RecentPolicy::default().next_sweep(now), Some(walked));
    }

    #[test]
    fn a_record_is_swept_exactly_while_its_first_failure_is_at_most_seven_days_ago(
        failed in any_instant(), ago in 0_u64..2 * WEEK,
    ) {
        let record = Record { first_failed: failed, ..swept() };
        let now = failed + minutes(ago);
        prop_assert_eq!(is_expired(&recent(), &record, now), ago > WEEK);
        prop_assert_eq!(RecentPolicy::default().horizon(now) <= failed, ago <= WEEK);
    }

    #[test]
    fn a_record_is_promised_a_sweep_exactly_if_one_comes_inside_its_window(
        failed in any_instant(), ago in 0_u64..2 * WEEK,
    ) {
        let record = Record { first_failed: failed, ..swept() };
        let now = failed + minutes(ago);
        let sweep = first_minute_after(now, |minute| matches!(utc_time_of_day(minute), (11 | 23, 30)));
        let inside = sweep <= failed + minutes(WEEK);
        prop_assert_eq!(next_try(&recent(), &record, now), inside.then_some(sweep));
    }
}

#[test]
fn a_failed_sweep_keeps_the_record_and_updates_its_last_failure_only() {
    let record = after(swept(), "2026-03-01T11:30:00Z", "duplicate-value");
    assert_eq!(record.state, State::Scheduled(Next::Sweep));
    assert_eq!(record.first_failed, swept().first_failed);
    assert_eq!(record.last_failed, at("2026-03-01T11:30:03Z"));
    assert_eq!(record.failure, failure("duplicate-value"));
    assert_eq!((record.attempts.recent, record.attempts.total()), (1, 1));
}

#[test]
fn no_number_of_failures_sends_a_record_of_the_recent_policy_to_the_timeout_queue() {
    let record = (0..30).fold(swept(), |record, _| after(record, "2026-03-01T23:30:00Z", "duplicate-value"));
    assert_eq!(record.state, State::Scheduled(Next::Sweep));
    assert_eq!(record.attempts.recent, 30);
}

#[test]
fn a_missing_crm_id_of_the_parent_account_is_never_swept_again() {
    let record = after(swept(), "2026-03-01T11:30:00Z", "daco-02");
    assert_eq!(record.state, State::Held(HoldReason::ExcludedType));
    assert_eq!(next_try(&recent(), &record, at("2026-03-01T12:00:00Z")), None);
}

#[test]
fn the_interval_policy_excludes_no_type_and_the_recent_one_only_the_missing_crm_id() {
    assert!(recent().excludes(&error_type("daco-02")));
    assert!(!recent().excludes(&error_type("daco-05")));
    assert!(!crate::support::interval().excludes(&error_type("daco-02")));
}

#[test]
fn a_person_reaches_an_expired_record_whose_failed_try_leaves_it_expired() {
    let now = at("2026-04-01T09:00:00Z");
    let attempt = attempt(TryKind::Forced, now);
    let reading = Reading::Refused(failure("duplicate-value"));
    let verdict = verdict(&recent(), &swept(), &attempt, &reading);
    assert_eq!(verdict, Verdict::Stay(State::Scheduled(Next::Sweep)));
    assert!(is_expired(&recent(), &apply(swept(), &attempt, reading, verdict), now));
}

#[test]
fn only_what_waits_for_a_sweep_can_expire() {
    let late = at("2027-01-01T00:00:00Z");
    let resolved = State::Resolved { how: Resolution::Retried, at: late };
    for state in [State::Held(HoldReason::ExcludedType), resolved] {
        assert!(!is_expired(&recent(), &record_in(state), late), "{state:?}");
    }
    assert!(!is_expired(&crate::support::interval(), &crate::support::scheduled(), late));
}

#[test]
fn the_window_and_the_sweeps_are_settings() {
    let policy = RecentPolicy { window_days: 3, sweeps_at: Vec::new(), ..RecentPolicy::default() };
    assert_eq!(policy.horizon(at("2026-03-10T00:00:00Z")), at("2026-03-07T00:00:00Z"));
    assert_eq!(policy.next_sweep(at("2026-03-10T00:00:00Z")), None);
    assert_eq!(Policy::Recent(policy).name(), "recent");
    assert_eq!(RecentPolicy::default().batch, 50_000);
}
