//! The moments at which the schedules strike.
//!
//! Must not know: what is done then.

use std::time::Duration;

use engine::fan_out::Schedule;
use rules::time::Timestamp;

/// Every schedule strikes at some of these instants only.
const GRID: Duration = Duration::from_mins(10);

const DAY: u64 = 24 * 60;

/// A moment, and the schedules that strike then.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) tick: Timestamp,
    pub(super) schedules: Vec<Schedule>,
}

/// The next moment after `last`, when so many that are ticks of the 20-minute schedule only are left out.
pub(super) fn next(last: Timestamp, mut left_out: u64) -> Moment {
    let mut tick = last.floor(GRID);
    loop {
        tick = tick + GRID;
        let schedules = at(tick);
        match schedules.as_slice() {
            [] => {}
            [Schedule::Due] if left_out > 0 => left_out -= 1,
            _ => return Moment { tick, schedules },
        }
    }
}

fn at(tick: Timestamp) -> Vec<Schedule> {
    let minute = u64::try_from(tick.as_millis() / 60_000).unwrap() % DAY;
    let strikes = |schedule: &Schedule| match schedule {
        Schedule::Due => minute.is_multiple_of(20),
        Schedule::TimedOut => minute == 0,
        Schedule::Recent => minute == 11 * 60 + 30 || minute == 23 * 60 + 30,
    };
    [Schedule::Due, Schedule::TimedOut, Schedule::Recent].into_iter().filter(strikes).collect()
}

#[test]
fn no_night_and_no_sweep_is_left_out_however_many_ticks_are() {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let of = |last: &str, left_out| {
        let Moment { tick, schedules } = next(at(last), left_out);
        (tick, schedules)
    };
    assert_eq!(of("2026-03-02T09:20:02Z", 0), (at("2026-03-02T09:40:00Z"), vec![Schedule::Due]));
    assert_eq!(of("2026-03-02T09:20:02Z", 2), (at("2026-03-02T10:20:00Z"), vec![Schedule::Due]));
    assert_eq!(of("2026-03-02T09:20:02Z", 99), (at("2026-03-02T11:30:00Z"), vec![Schedule::Recent]));
    assert_eq!(of("2026-03-02T23:40:00Z", 1), (at("2026-03-03T00:00:00Z"), vec![Schedule::Due, Schedule::TimedOut]));
}
