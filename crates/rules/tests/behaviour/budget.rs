//! The budget's ledger and its grants against an exact log of calls.
//! It must not know who calls.

use std::time::Duration;

use proptest::prelude::*;
use rules::budget::{Bucket, Budget, Ledger};
use rules::counts::ApiCalls;
use rules::time::Timestamp;

use crate::reference::budget::Log;
use crate::support::{any_instant, at, minutes, seeded};

const DAY: Duration = Duration::from_hours(24);
const SKEW: Duration = Duration::from_secs(10);

/// One reservation: so long after the one before it, so many calls, each made so late (in thousandths of what is allowed).
#[derive(Clone, Copy, Debug)]
struct Spend {
    wait: Duration,
    calls: u64,
    lateness: u64,
}

fn any_spends() -> impl Strategy<Value = Vec<Spend>> {
    let wait = prop_oneof![0_u64..60_000, 0_u64..5_400_000, Just(1_200_000), 0_u64..90_000_000]
        .prop_map(Duration::from_millis);
    let spend = (wait, 1_u64..60, 0_u64..=1_000).prop_map(|(wait, calls, lateness)| Spend { wait, calls, lateness });
    prop::collection::vec(spend, 1..120)
}

fn any_timeout() -> impl Strategy<Value = Duration> {
    (1_u64..=600).prop_map(Duration::from_secs)
}

/// A call that was reserved at `now` reaches Salesforce at once, or as late as its bucket's end and its time-out allow.
fn made(now: Timestamp, timeout: Duration, lateness: u64) -> Timestamp {
    let room = (Bucket::of(now).end() + timeout).since(now);
    now + Duration::from_millis(u64::try_from(room.as_millis()).expect("minutes") * lateness / 1_000)
}

proptest! {
    #![proptest_config(seeded(100))]

    /// Invariant 6, Budget: the window never under-counts, and over-counts at most one bucket and the time-out.
    #[test]
    fn the_ledger_counts_every_call_of_24_hours_and_hardly_more(
        start in any_instant(), spends in any_spends(), timeout in any_timeout(),
    ) {
        let (mut ledger, mut calls, mut reserved, mut now) = (Ledger::default(), Log::default(), Log::default(), start);
        for spend in spends {
            now = now + spend.wait;
            let used = ledger.used(now, timeout).0;
            prop_assert!(used >= calls.past_day(now), "{} < {} at {}", used, calls.past_day(now), now);
            let longest = DAY + minutes(20) + timeout + SKEW;
            prop_assert!(used <= reserved.between(now - longest, now));
            ledger = ledger.charge(Bucket::of(now), ApiCalls(spend.calls), now, timeout);
            calls.note(made(now, timeout, spend.lateness), spend.calls);
            reserved.note(now, spend.calls);
        }
    }

    /// Invariant 6, Budget: whoever asks for a grant first never has more than the cap in any 24 hours.
    #[test]
    fn no_24_hours_hold_more_granted_calls_than_the_cap(
        start in any_instant(), spends in any_spends(), timeout in any_timeout(), cap in 0_u64..1_500,
    ) {
        let (mut own, reported, mut calls, mut now) = (Ledger::default(), Ledger::default(), Log::default(), start);
        for spend in spends {
            now = now + spend.wait;
            let budget = Budget { own: &own, reported: &reported, cap: ApiCalls(cap), request_timeout: timeout };
            let granted = budget.grant(ApiCalls(spend.calls), now);
            prop_assert!(granted.0 <= spend.calls && budget.used(now).0 + granted.0 <= cap);
            own = own.charge(Bucket::of(now), granted, now, timeout);
            calls.note(made(now, timeout, spend.lateness), granted.0);
        }
        prop_assert!(calls.fullest_day() <= cap, "{} calls in 24 h with a cap of {}", calls.fullest_day(), cap);
    }

    /// Invariant 6, Budget: all that fits is granted, and what others report counts like our own.
    #[test]
    fn a_grant_is_exactly_what_own_and_reported_calls_leave(
        now in any_instant(), own in 0_u64..3_000, reported in 0_u64..3_000, cap in 0_u64..5_000, wanted in 0_u64..100,
    ) {
        let ledger = |calls| Ledger::from_buckets([(Bucket::of(now), ApiCalls(calls))]);
        let (own_ledger, reported_ledger) = (ledger(own), ledger(reported));
        let budget = Budget { own: &own_ledger, reported: &reported_ledger, cap: ApiCalls(cap), request_timeout: minutes(2) };
        let fits = (0..=wanted).rev().find(|n| own + reported + n <= cap).unwrap_or(0);
        prop_assert_eq!(budget.grant(ApiCalls(wanted), now), ApiCalls(fits));
    }
}

/// Calls in the buckets before `now`, by how many buckets ago.
fn ledger_before(now: Timestamp, calls: &[(u32, u64)]) -> Ledger {
    let mut ledger = Ledger::default();
    for &(ago, calls) in calls {
        let then = now - minutes(20) * ago;
        ledger = ledger.charge(Bucket::of(then), ApiCalls(calls), now, minutes(2));
    }
    ledger
}

proptest! {
    #![proptest_config(seeded(60))]

    /// Invariant 6, Budget, as the forecast shows it. All instants are whole tens of seconds, so that steps of ten miss none.
    #[test]
    fn calls_come_back_at_the_first_instant_at_which_they_would_be_granted(
        tens in 160_000_000_i64..200_000_000,
        own in prop::collection::vec((0_u32..74, 0_u64..300), 0..6),
        reported in prop::collection::vec((0_u32..74, 0_u64..300), 0..6),
        cap in 0_u64..900,
        needed in 1_u64..300,
    ) {
        let now = Timestamp::from_millis(tens * 10_000);
        let (own, reported) = (ledger_before(now, &own), ledger_before(now, &reported));
        let budget = Budget { own: &own, reported: &reported, cap: ApiCalls(cap), request_timeout: minutes(2) };
        let stepped = (0..9_400)
            .map(|step| now + Duration::from_secs(10) * step)
            .find(|&then| budget.grant(ApiCalls(needed), then) == ApiCalls(needed));
        prop_assert_eq!(budget.frees(ApiCalls(needed), now), stepped);
    }

    /// Invariant 6, Budget: a returned call may be granted again, in its own bucket and never below nothing.
    #[test]
    fn what_is_given_back_was_never_charged(
        now in any_instant(), charged in 0_u64..100, returned in 0_u64..100, other in 0_u64..100,
    ) {
        let (bucket, before) = (Bucket::of(now), Bucket::of(now - minutes(20)));
        let ledger = Ledger::from_buckets([(before, ApiCalls(other)), (bucket, ApiCalls(charged))]);
        let left = charged.saturating_sub(returned);
        let expected = Ledger::from_buckets([(before, ApiCalls(other)), (bucket, ApiCalls(left))]);
        prop_assert_eq!(ledger.give_back(bucket, ApiCalls(returned)), expected);
    }
}

/// Invariant 6, Budget, at its narrowest: the first day's calls are as late as they may be, the second day's at once.
#[test]
fn a_greedy_caller_stays_under_the_cap_when_yesterday_s_calls_were_late() {
    let (cap, timeout, start) = (500, minutes(2), at("2026-03-01T00:00:00Z"));
    let (mut own, reported, mut calls) = (Ledger::default(), Ledger::default(), Log::default());
    for minute in 0..3 * 24 * 60 {
        let now = start + minutes(minute);
        let budget = Budget { own: &own, reported: &reported, cap: ApiCalls(cap), request_timeout: timeout };
        let granted = budget.grant(ApiCalls(7), now);
        own = own.charge(Bucket::of(now), granted, now, timeout);
        let lateness = if minute < 24 * 60 { 1_000 } else { 0 };
        calls.note(made(now, timeout, lateness), granted.0);
    }
    assert_eq!(calls.fullest_day(), cap);
}

#[test]
fn giving_back_to_a_bucket_that_is_not_kept_any_more_changes_nothing() {
    let ledger = Ledger::from_buckets([(Bucket(7), ApiCalls(3))]);
    assert_eq!(ledger.clone().give_back(Bucket(6), ApiCalls(2)), ledger);
}

#[test]
fn three_days_of_calls_in_every_bucket_fill_74_buckets_and_no_more() {
    for timeout in [1, 120, 600] {
        let timeout = Duration::from_secs(timeout);
        let (mut ledger, mut most, start) = (Ledger::default(), 0, at("2026-03-01T00:00:00Z"));
        for step in 0..3 * 24 * 60 {
            let now = start + minutes(1) * step;
            ledger = ledger.charge(Bucket::of(now), ApiCalls(1), now, timeout);
            most = most.max(ledger.buckets().count());
        }
        assert_eq!(most, 74, "with a time-out of {timeout:?}");
    }
}

#[test]
fn a_bucket_counts_to_its_end_and_a_day_and_the_time_out_and_ten_seconds() {
    let bucket = Bucket::of(at("2026-03-01T10:20:00Z"));
    assert_eq!((bucket.start(), bucket.end()), (at("2026-03-01T10:20:00Z"), at("2026-03-01T10:40:00Z")));
    assert_eq!(Bucket::of(at("2026-03-01T10:39:59.999Z")), bucket);
    assert_eq!(Bucket::of(bucket.end()), Bucket(bucket.0 + 1));
    let ledger = Ledger::from_buckets([(bucket, ApiCalls(9))]);
    assert_eq!(bucket.counts_until(minutes(2)), at("2026-03-02T10:42:10Z"));
    assert_eq!(ledger.used(at("2026-03-02T10:42:09.999Z"), minutes(2)), ApiCalls(9));
    assert_eq!(ledger.used(at("2026-03-02T10:42:10Z"), minutes(2)), ApiCalls(0));
}

#[test]
fn what_is_more_than_the_cap_never_comes_free() {
    let (now, empty) = (at("2026-03-01T10:20:00Z"), Ledger::default());
    let budget = Budget { own: &empty, reported: &empty, cap: ApiCalls(5), request_timeout: minutes(2) };
    assert_eq!(budget.frees(ApiCalls(6), now), None);
    assert_eq!(budget.frees(ApiCalls(5), now), Some(now));
}

/// Resync resumes at once when the limit is raised: nothing but the cap decides.
#[test]
fn a_higher_cap_grants_at_once_what_a_lower_one_refused() {
    let now = at("2026-03-01T10:20:00Z");
    let (own, empty) = (Ledger::from_buckets([(Bucket::of(now), ApiCalls(100))]), Ledger::default());
    let with = |cap| Budget { own: &own, reported: &empty, cap: ApiCalls(cap), request_timeout: minutes(2) };
    assert_eq!(with(100).grant(ApiCalls(10), now), ApiCalls(0));
    assert_eq!(with(40).grant(ApiCalls(10), now), ApiCalls(0));
    assert_eq!(with(104).grant(ApiCalls(10), now), ApiCalls(4));
    assert_eq!(with(200).grant(ApiCalls(10), now), ApiCalls(10));
}

/// At the instant at which a bucket counts no more it is not kept either, whoever writes.
#[test]
fn a_bucket_that_counts_no_more_is_dropped_at_that_instant_and_one_that_is_reported_then_is_not_kept() {
    let old = Bucket::of(at("2026-03-01T10:20:00Z"));
    let over = old.counts_until(minutes(2));
    let kept = |ledger: Ledger| ledger.buckets().map(|(bucket, _)| bucket).collect::<Vec<_>>();
    let (ledger, now) = (Ledger::from_buckets([(old, ApiCalls(9))]), Bucket::of(over));
    let before = over - Duration::from_millis(1);
    assert_eq!(kept(ledger.clone().charge(now, ApiCalls(1), before, minutes(2))), [old, now]);
    assert_eq!(kept(ledger.clone().charge(now, ApiCalls(1), over, minutes(2))), [now]);
    assert_eq!(kept(ledger.report(now, ApiCalls(1), over, minutes(2))), [now]);
    assert_eq!(kept(Ledger::default().report(old, ApiCalls(1), before, minutes(2))), [old]);
    assert_eq!(kept(Ledger::default().report(old, ApiCalls(1), over, minutes(2))), []);
}
