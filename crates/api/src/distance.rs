//! How far an instant is away, as people say it: `in 12 min`, `3 h ago`. Pages and commands say it alike.
//!
//! Must not know: what happens then.

use rules::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How far `at` is from `now`.
#[must_use]
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    let (ahead, behind) = (at.since(now).as_secs(), now.since(at).as_secs());
    match (length(ahead), length(behind)) {
        (None, None) => "now".to_owned(),
        (Some(ahead), _) => format!("in {ahead}"),
        (None, Some(behind)) => format!("{behind} ago"),
    }
}

/// So many seconds, rounded to their largest unit; none when that is under half a minute.
#[must_use]
pub fn length(seconds: u64) -> Option<String> {
    let (unit, name) = match seconds {
        0..30 => return None,
        30..5_400 => (MINUTE, "min"),
        5_400..172_800 => (HOUR, "h"),
        _ => (DAY, "days"),
    };
    Some(format!("{} {name}", (seconds + unit / 2) / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_told_in_the_unit_that_people_would_use_and_rounded() {
        let time = |text| Timestamp::parse(text).expect("a time");
        for (at, said) in [
            ("2026-03-02T09:30:29Z", "now"),
            ("2026-03-02T09:29:31Z", "now"),
            ("2026-03-02T09:40:29Z", "in 10 min"),
            ("2026-03-02T09:40:31Z", "in 11 min"),
            ("2026-03-02T08:00:01Z", "90 min ago"),
            ("2026-03-02T07:15:00Z", "2 h ago"),
            ("2026-03-01T20:30:00Z", "13 h ago"),
            ("2026-03-04T08:30:00Z", "in 47 h"),
            ("2026-02-23T09:30:00Z", "7 days ago"),
        ] {
            assert_eq!(distance(time(at), time("2026-03-02T09:30:00Z")), said, "{at}");
        }
    }
}
