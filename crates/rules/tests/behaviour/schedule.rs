//! Ticks and nights against a walk through the calendar.
//! It must not know policies.

use proptest::prelude::*;
use rules::schedule::{TICK, next_daily_after, next_tick_after};
use rules::time::{TimeOfDay, Timestamp};

use crate::reference::calendar::{first_minute_after, is_every, is_tick, utc_time_of_day};
use crate::support::{any_instant, at, minutes, seeded};

fn of_day(hour: u16, minute: u16) -> TimeOfDay {
    TimeOfDay::new(hour, minute).expect("a time of day")
}

proptest! {
    #![proptest_config(seeded(200))]

    /// Invariant 7, Schedule.
    #[test]
    fn the_next_tick_is_the_first_minute_00_20_or_40_that_comes_after(instant in any_instant()) {
        prop_assert_eq!(next_tick_after(instant, TICK), first_minute_after(instant, is_tick));
    }

    /// Invariant 7, Schedule.
    #[test]
    fn a_grid_finer_than_the_tick_is_met_at_its_next_minute(instant in any_instant(), index in 0_usize..6) {
        let every = [1, 2, 4, 5, 10, 20][index];
        let walked = first_minute_after(instant, |minute| is_every(minute, every));
        prop_assert_eq!(next_tick_after(instant, minutes(every.unsigned_abs())), walked);
    }

    /// Invariant 7, Schedule.
    #[test]
    fn the_next_daily_time_is_the_first_minute_with_that_time_of_day(
        instant in any_instant(), hour in 0_u16..24, minute in 0_u16..60,
    ) {
        let walked = first_minute_after(instant, |at| utc_time_of_day(at) == (hour, minute));
        prop_assert_eq!(next_daily_after(instant, of_day(hour, minute)), walked);
    }

    #[test]
    fn an_instant_survives_its_text_form(instant in any_instant()) {
        prop_assert_eq!(at(&instant.to_string()), instant);
    }

    #[test]
    fn a_time_of_day_survives_its_text_form(hour in 0_u16..24, minute in 0_u16..60) {
        let time = of_day(hour, minute);
        prop_assert_eq!(TimeOfDay::parse(&time.to_string()), Some(time));
    }
}

#[test]
fn a_failure_in_the_instant_of_a_tick_waits_for_the_one_after() {
    let next = |text| next_tick_after(at(text), TICK);
    assert_eq!(next("2026-03-01T10:19:59.999Z"), at("2026-03-01T10:20:00Z"));
    assert_eq!(next("2026-03-01T10:20:00Z"), at("2026-03-01T10:40:00Z"));
    assert_eq!(next("2026-03-01T10:20:00.001Z"), at("2026-03-01T10:40:00Z"));
}

/// Invariant 7, Schedule: midnight is UTC, summer and winter.
#[test]
fn the_end_of_british_summer_time_moves_no_midnight_and_no_sweep() {
    let nights = |text| next_daily_after(at(text), TimeOfDay::MIDNIGHT);
    assert_eq!(nights("2026-10-24T12:00:00Z"), at("2026-10-25T00:00:00Z"));
    assert_eq!(nights("2026-10-25T00:00:00Z"), at("2026-10-26T00:00:00Z"));
    assert_eq!(nights("2026-10-25T01:30:00+01:00"), at("2026-10-26T00:00:00Z"));
    assert_eq!(nights("2026-10-25T23:59:59.999Z"), at("2026-10-26T00:00:00Z"));
    assert_eq!(next_daily_after(at("2026-10-25T00:59:00Z"), of_day(1, 30)), at("2026-10-25T01:30:00Z"));
    assert_eq!(next_daily_after(at("2026-10-24T23:30:00Z"), of_day(23, 30)), at("2026-10-25T23:30:00Z"));
}

#[test]
fn the_night_of_the_clock_change_has_as_many_ticks_as_any_other() {
    let ticks_from = |text: &str| {
        let (start, end) = (at(text), at(text) + minutes(24 * 60));
        std::iter::successors(Some(start), |&tick| Some(next_tick_after(tick, TICK)))
            .take_while(|&tick| tick < end)
            .take(1_000)
            .count()
    };
    assert_eq!(ticks_from("2026-10-24T00:00:00Z"), 72);
    assert_eq!(ticks_from("2026-10-25T00:00:00Z"), 72);
}

#[test]
fn a_time_without_an_offset_and_a_word_are_no_times() {
    for text in ["2026-03-01T10:20:00", "2026-03-01", "yesterday", ""] {
        let error = Timestamp::parse(text).expect_err(text);
        assert!(error.to_string().contains("RFC 3339"), "{error}");
    }
}

#[test]
fn no_text_outside_the_day_is_a_time_of_day() {
    for text in ["24:00", "12:60", "12", "12:", ":30", "noon", "-1:00"] {
        assert_eq!(TimeOfDay::parse(text), None, "{text}");
    }
}

#[test]
fn the_time_since_a_later_instant_is_nothing() {
    assert_eq!(at("2026-03-01T10:00:00Z").since(at("2026-03-01T11:00:00Z")), minutes(0));
    assert_eq!(at("2026-03-01T11:00:00Z").since(at("2026-03-01T10:00:00Z")), minutes(60));
}
