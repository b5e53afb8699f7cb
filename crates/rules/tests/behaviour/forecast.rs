//! The forecast against a backlog that is worked off step by step, and its reasons for having none.
//! It must not know what a forecast is shown for.

use proptest::prelude::*;
use rules::budget::{Bucket, Budget, Ledger};
use rules::connection::Connection;
use rules::control::Control;
use rules::counts::ApiCalls;
use rules::forecast::{Clears, Endless, Forecast, Waiting, calls_for, forecast};
use rules::owed::{Owed, Sweep};
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use serde_json::{Value, json};

use crate::reference::forecast::Naive;
use crate::support::{at, minutes, seeded};

const NOW: &str = "2026-03-02T09:27:00Z";

fn connection(policy: &Value, limit: Option<u64>) -> Connection {
    let settings = json!({
        "id": "acme", "policy": policy, "budget": { "api_limit": limit },
        "target": {
            "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "resync/acme",
        },
    });
    Connection::read(&settings).expect("the settings are right")
}

fn interval(limit: u64) -> Connection {
    connection(&json!({ "kind": "interval" }), Some(limit))
}

fn ledger(buckets: &[(Bucket, u64)]) -> Ledger {
    Ledger::from_buckets(buckets.iter().map(|&(bucket, calls)| (bucket, ApiCalls(calls))))
}

fn of(connection: &Connection, control: &Control, reported: &Ledger, records: u64) -> Forecast {
    let waiting = Waiting { records, timed_out: 0 };
    forecast(connection, control, &Budget::of(connection, control, reported), waiting, at(NOW))
}

#[test]
fn without_a_backlog_there_is_nothing_to_clear() {
    let found = of(&interval(100), &Control::default(), &Ledger::default(), 0);
    assert_eq!(found, Forecast { resumes: None, clears: Clears::Nothing, calls_needed: ApiCalls(0) });
}

#[test]
fn a_backlog_that_the_budget_allows_clears_at_the_next_tick_and_not_before() {
    let found = of(&interval(100), &Control::default(), &Ledger::default(), 15_000);
    assert_eq!((found.calls_needed, found.clears), (ApiCalls(75), Clears::At(at("2026-03-02T09:40:00Z"))));
    assert_eq!(calls_for(15_001), ApiCalls(76));
}

#[test]
fn what_does_not_fit_waits_until_older_calls_leave_the_24_hours() {
    // 75 of 75 calls are used: 70 of them yesterday at 12:00, which count until 12:20 and a little longer.
    let control = Control {
        ledger: ledger(&[(Bucket::of(at("2026-03-01T12:00:00Z")), 70), (Bucket::of(at(NOW)), 5)]),
        ..Control::default()
    };
    let found = of(&interval(100), &control, &Ledger::default(), 71 * 200);
    assert_eq!(found.resumes, Some(at("2026-03-02T12:40:00Z")));
    // The 71st call waits for the five of today.
    assert_eq!(found.clears, Clears::At(at("2026-03-03T10:00:00Z")));
}

#[test]
fn sources_make_the_calls_of_the_past_day_again() {
    // The source makes 75 calls at 10:00 every day: what is left before that is all there is for a day.
    let reported = ledger(&[(Bucket::of(at("2026-03-01T10:00:00Z")), 75)]);
    let found = of(&interval(100), &Control::default(), &reported, 200);
    assert_eq!(found.resumes, None, "{found:?}");
    assert_eq!(found.clears, Clears::Unknown(Endless::NoRoom));
    let half = ledger(&[(Bucket::of(at("2026-03-01T10:00:00Z")), 70)]);
    assert_eq!(of(&interval(100), &Control::default(), &half, 200).clears, Clears::At(at("2026-03-02T09:40:00Z")));
}

#[test]
fn a_connection_that_stands_still_has_no_end_and_says_why() {
    let mut paused = interval(100);
    paused.paused = true;
    let suspension = Some(Suspension::begin(Cause::Down, at(NOW)));
    let suspended = Control { suspension, ..Control::default() };
    let none = Ledger::default();
    let clears = |connection: &Connection, control: &Control| of(connection, control, &none, 1).clears;
    assert_eq!(clears(&paused, &Control::default()), Clears::Unknown(Endless::Paused));
    assert_eq!(clears(&paused, &suspended), Clears::Unknown(Endless::Paused));
    assert_eq!(clears(&interval(100), &suspended), Clears::Unknown(Endless::Suspended));
    assert_eq!(clears(&interval(1), &Control::default()), Clears::Unknown(Endless::NoCap), "75 % of 1 is nothing");
    assert_eq!(of(&paused, &Control::default(), &none, 0).clears, Clears::Nothing);
}

#[test]
fn the_timeout_queue_waits_for_its_night_and_one_that_is_owed_for_the_next_tick() {
    let (connection, none) = (interval(100), Ledger::default());
    let clears = |control: &Control, timed_out| {
        let waiting = Waiting { records: 400, timed_out };
        let found = forecast(&connection, control, &Budget::of(&connection, control, &none), waiting, at(NOW));
        assert_eq!(found.calls_needed, ApiCalls(if timed_out == 1 { 3 } else { 2 }));
        found.clears
    };
    let resting = Control::default();
    assert_eq!(clears(&resting, 0), Clears::At(at("2026-03-02T09:40:00Z")));
    for timed_out in [1, 400] {
        assert_eq!(clears(&resting, timed_out), Clears::At(at("2026-03-03T00:00:00Z")), "{timed_out} in the queue");
    }
    let night = Sweep { start: at("2026-03-02T00:00:00Z"), cursor: None, again: false, not_before: None };
    let owing = Control { owed: Owed { timed_out: Some(night), ..Owed::default() }, ..Control::default() };
    assert_eq!(clears(&owing, 400), Clears::At(at("2026-03-02T09:40:00Z")));
}

#[test]
fn sweeps_begin_at_their_times_and_one_that_is_owed_at_the_next_tick() {
    let sweeps = connection(&json!({ "kind": "recent" }), None);
    let none = Ledger::default();
    assert_eq!(of(&sweeps, &Control::default(), &none, 1).clears, Clears::At(at("2026-03-02T11:30:00Z")));
    let sweep = Sweep { start: at("2026-03-01T23:30:00Z"), cursor: None, again: false, not_before: None };
    let owing = Control { owed: Owed { recent: Some(sweep), ..Owed::default() }, ..Control::default() };
    assert_eq!(of(&sweeps, &owing, &none, 1).clears, Clears::At(at("2026-03-02T09:40:00Z")));
}

#[test]
fn a_backlog_of_more_than_30_days_has_no_end_that_can_be_told() {
    let found = of(&interval(100), &Control::default(), &Ledger::default(), 75 * 31 * 200);
    assert_eq!(found.clears, Clears::Unknown(Endless::TooLong));
}

/// Calls of the past 73 times 20 minutes and the current one: most of them none.
fn any_calls() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![3 => Just(0_u64), 1 => 0_u64..40], 74)
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn a_forecast_is_what_a_naive_simulation_comes_to(
        own in any_calls(), sources in any_calls(), limit in 1_u64..2_000, scheduled in 0_u64..100_000,
        timed_out in prop_oneof![Just(0_u64), 1_u64..20_000], after in 0_u64..1_200, timeout in 1_u64..=600,
    ) {
        let begin = Bucket::of(at("2026-03-01T09:00:00Z"));
        let now = Bucket(begin.0 + 73).start() + std::time::Duration::from_secs(after);
        let by_bucket = |calls: &[u64]| {
            let of = |(number, &calls): (usize, &u64)| (Bucket(begin.0 + u32::try_from(number).expect("few")), calls);
            ledger(&calls.iter().enumerate().map(of).collect::<Vec<_>>())
        };
        let mut connection = interval(limit);
        connection.request_timeout_seconds = u16::try_from(timeout).expect("few");
        let control = Control { ledger: by_bucket(&own), ..Control::default() };
        let reported = by_bucket(&sources);
        let waiting = Waiting { records: scheduled + timed_out, timed_out };
        let found = forecast(&connection, &control, &Budget::of(&connection, &control, &reported), waiting, now);

        let needed = scheduled.div_ceil(200) + timed_out.div_ceil(200);
        let naive = Naive { cap: limit * 75 / 100, counts_longer: timeout + 10, sources, own };
        // Midnight comes 15 hours after the first 20 minutes and a day.
        let (tick, night) = (74 * 1_200, (15 * 3 + 72) * 1_200);
        let expected = naive.clears(&[(tick, scheduled.div_ceil(200)), (night, timed_out.div_ceil(200))], 30);
        let told = match found.clears {
            Clears::At(tick) => Some(tick),
            Clears::Nothing | Clears::Unknown(_) => None,
        };
        let expected: Option<Timestamp> =
            expected.map(|second| begin.start() + std::time::Duration::from_secs(second));
        prop_assert_eq!(told, expected, "{:?}", found);
        prop_assert_eq!(found.calls_needed, ApiCalls(needed));
    }

    #[test]
    fn more_records_never_clear_sooner_and_a_higher_limit_never_later(
        own in any_calls(), sources in any_calls(), limit in 1_u64..1_000, waiting in 1_u64..50_000, more in 1_u64..1_000,
    ) {
        let begin = Bucket::of(at(NOW)).0 - 73;
        let by_bucket = |calls: &[u64]| {
            let of = |(number, &calls): (usize, &u64)| (Bucket(begin + u32::try_from(number).expect("few")), calls);
            ledger(&calls.iter().enumerate().map(of).collect::<Vec<_>>())
        };
        let control = Control { ledger: by_bucket(&own), ..Control::default() };
        let reported = by_bucket(&sources);
        let end = |limit, waiting| match of(&interval(limit), &control, &reported, waiting).clears {
            Clears::At(tick) => tick,
            Clears::Nothing | Clears::Unknown(_) => at(NOW) + minutes(60 * 24 * 365),
        };
        prop_assert!(end(limit, waiting) <= end(limit, waiting + more));
        prop_assert!(end(limit + more, waiting) <= end(limit, waiting));
    }
}

#[test]
fn every_reason_for_no_end_has_words_of_its_own() {
    let all =
        [Endless::Paused, Endless::Suspended, Endless::NoSchedule, Endless::NoCap, Endless::NoRoom, Endless::TooLong];
    let words: std::collections::BTreeSet<&str> = all.iter().map(|reason| reason.words()).collect();
    assert_eq!((words.len(), words.iter().all(|words| words.contains(' '))), (all.len(), true));
}
