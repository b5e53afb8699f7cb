//! Instants and numbers as people read them: in UTC, with how long ago or from now it is.
//!
//! Must not know: what happens then.

use std::time::Duration;

use maud::{Markup, html};
use rules::counts::Grouped;
use rules::time::Timestamp;

use crate::distance::distance;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An instant, and how far it is from `now`.
pub(super) fn when(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        span.when {
            time datetime=(at) { (clock_time(at, now)) }
            span.comma { "," } " " span.relative { (distance(at, now)) }
        }
    }
}

/// An instant, or a dash that is read out as `none`.
pub(super) fn when_or(at: Option<Timestamp>, now: Timestamp, none: &str) -> Markup {
    if let Some(at) = at {
        when(at, now)
    } else {
        html! { span.muted { (none) } }
    }
}

/// Such as `13:20 UTC` today, `3 Mar, 13:20 UTC` this year.
pub(super) fn clock_time(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (at.minute_seen_at(now).start().to_string(), now.to_string());
    let (Some((date, time)), Some((this_date, _))) = (text.split_once('T'), today.split_once('T')) else {
        return text;
    };
    let minute = time.get(..5).unwrap_or(time);
    if date == this_date { format!("{minute} UTC") } else { format!("{}, {minute} UTC", day(date, this_date)) }
}

/// The date of `at`, such as `3 Mar`.
pub(super) fn day(date: &str, this_date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return date.to_owned();
    };
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let (Some(month), day) = (month, day.trim_start_matches('0')) else { return date.to_owned() };
    let is_this_year = this_date.starts_with(&format!("{year}-"));
    if is_this_year { format!("{day} {month}") } else { format!("{day} {month} {year}") }
}

/// Such as `12 min`, `3 h`, `2 days`.
pub(super) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => {
            let (hours, minutes) = (seconds / HOUR, seconds % HOUR / MINUTE);
            if hours < 6 && minutes > 0 { format!("{hours} h {minutes} min") } else { format!("{hours} h") }
        }
        _ if seconds < 2 * DAY => "1 day".to_owned(),
        _ => format!("{} days", seconds / DAY),
    }
}

/// Such as `12,345`.
pub(super) fn number(number: u64) -> String {
    Grouped(number).to_string()
}

/// Such as `1 record`, `12,345 records`.
pub(super) fn count(number_of: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(number_of), if number_of == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn an_instant_is_told_in_utc_with_no_more_of_its_date_than_is_needed() {
        let now = time("2026-03-02T09:30:00Z");
        for (at, said) in [
            ("2026-03-02T09:40:00Z", "09:40 UTC"),
            ("2026-03-02T09:40:00.123Z", "09:41 UTC"),
            ("2026-03-02T09:20:59Z", "09:20 UTC"),
            ("2026-03-02T23:59:01Z", "3 Mar, 00:00 UTC"),
            ("2026-03-03T00:00:00Z", "3 Mar, 00:00 UTC"),
            ("2025-12-31T23:59:59Z", "31 Dec 2025, 23:59 UTC"),
        ] {
            assert_eq!(clock_time(time(at), now), said);
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (given, said) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(given), said);
        }
        assert_eq!(
            (count(1, "record", "records"), count(0, "record", "records")),
            ("1 record".into(), "0 records".into())
        );
    }
}
