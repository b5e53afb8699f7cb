//! Ticks and nights by walking the calendar minute by minute, with a calendar library for the time of day.
//! It must not know the schedule's own arithmetic: nothing here divides an instant.

use jiff::tz::TimeZone;
use rules::time::Timestamp;

const MINUTE: i64 = 60_000;
const START: i64 = 1_577_836_800_000;

/// The hour and minute of an instant in UTC.
pub(crate) fn utc_time_of_day(instant: Timestamp) -> (u16, u16) {
    let time = jiff::Timestamp::from_millisecond(instant.as_millis()).expect("an instant of this century");
    let civil = time.to_zoned(TimeZone::UTC).time();
    let number = |part: i8| u16::try_from(part).expect("no part of a time of day is negative");
    (number(civil.hour()), number(civil.minute()))
}

/// The first whole minute strictly after `instant` for which `wanted` holds.
pub(crate) fn first_minute_after(instant: Timestamp, wanted: impl Fn(Timestamp) -> bool) -> Timestamp {
    let mut minute = whole_minute_after(instant);
    while !wanted(minute) {
        minute = Timestamp::from_millis(minute.as_millis() + MINUTE);
    }
    minute
}

fn whole_minute_after(instant: Timestamp) -> Timestamp {
    let mut millis = instant.as_millis() + 1;
    while millis % MINUTE != 0 {
        millis += 1;
    }
    Timestamp::from_millis(millis)
}

/// Whether this whole minute is one of every `count`th, counted from 2020 on, which 20 minutes and their divisors hit.
pub(crate) fn is_every(minute: Timestamp, count: i64) -> bool {
    (minute.as_millis() - START) / MINUTE % count == 0
}

/// Whether the 20-minute schedule fires at this whole minute: at :00, :20 and :40.
pub(crate) fn is_tick(minute: Timestamp) -> bool {
    ticks_at(utc_time_of_day(minute))
}

/// Whether the 20-minute schedule fires at this time of day.
pub(crate) fn ticks_at((_, minute): (u16, u16)) -> bool {
    matches!(minute, 0 | 20 | 40)
}
