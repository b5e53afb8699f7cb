//! Times and counts for people: `2026-11-22 20:00 UTC (in 12 min)`.
//!
//! Must not know: what time it is.

use api::distance;
use rules::counts::Grouped;
use rules::time::Timestamp;
use serde_json::Value;

/// `at` to the minute, and how far from `now` that is.
pub(super) fn when(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", at.minute_seen_at(now), distance::distance(at, now))
}

/// The time that a field of an answer holds; `otherwise` when it holds none.
pub(crate) fn when_or(field: &Value, now: Timestamp, otherwise: &str) -> String {
    match time(field) {
        Some(at) => when(at, now),
        None => otherwise.to_owned(),
    }
}

/// The time that a field of an answer holds.
pub(super) fn time(field: &Value) -> Option<Timestamp> {
    field.as_str().and_then(|text| Timestamp::parse(text).ok())
}

/// How long something takes, about.
pub(super) fn length(seconds: u64) -> String {
    distance::length(seconds).map_or_else(|| "less than a minute".to_owned(), |length| format!("about {length}"))
}

/// A count with its digits in groups of three.
pub(super) fn count(number: u64) -> String {
    Grouped(number).to_string()
}

/// The count that a field of an answer holds; `-` when it holds none.
pub(super) fn counted(field: &Value) -> String {
    field.as_u64().map_or_else(|| "-".to_owned(), count)
}

/// `1 record`, `2 records`.
pub(super) fn many(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{count, many, when};
    use rules::time::Timestamp;

    fn said(at: &str) -> String {
        let time = |text| Timestamp::parse(text).expect("a time");
        when(time(at), time("2026-11-22T19:48:00Z"))
    }

    #[test]
    fn a_time_is_said_with_its_distance() {
        assert_eq!(said("2026-11-22T20:00:00Z"), "2026-11-22 20:00 UTC (in 12 min)");
        assert_eq!(said("2026-11-22T19:48:10Z"), "2026-11-22 19:49 UTC (now)");
        assert_eq!(said("2026-11-22T19:47:50Z"), "2026-11-22 19:47 UTC (now)");
        assert_eq!(said("2026-11-22T16:48:00Z"), "2026-11-22 16:48 UTC (3 h ago)");
        assert_eq!(said("2026-11-29T19:48:00.500Z"), "2026-11-29 19:49 UTC (in 7 days)");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 2].map(|number| many(number, "record")), ["0 records", "1 record", "2 records"]);
    }
}
