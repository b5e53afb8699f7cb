//! A moment as a person names it: an instant, or a span back from now.
//!
//! Must not know: what happened then.

use std::str::FromStr;
use std::time::Duration;

use rules::time::Timestamp;

use super::when::time;
use crate::client::Client;
use crate::exit::Failure;

/// A longer span means this one: nothing failed longer ago.
const LONGEST: Duration = Duration::from_hours(1_000 * 7 * 24);

/// An instant, or a span back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    /// The instant that is meant.
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(span) => now - span,
        }
    }
}

/// The instants that these name. Spans are reckoned back from the system's own time, which stands still in a kept demo.
pub(super) async fn instants<const N: usize>(
    client: &Client,
    named: [Option<Moment>; N],
) -> Result<[Option<Timestamp>; N], Failure> {
    let needs_now = named.iter().flatten().any(|moment| matches!(moment, Moment::Ago(_)));
    let now = if needs_now {
        let system = client.get("/v1/system").await?;
        time(&system["now"])
            .ok_or_else(|| Failure::Other(anyhow::anyhow!("the system does not say what time it is")))?
    } else {
        // No span is reckoned back from it.
        Timestamp::from_millis(0)
    };
    Ok(named.map(|moment| moment.map(|moment| moment.from(now))))
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "write a time such as 2026-03-01T09:30:00Z, or a span such as 30m, 12h, 3d or 2w";
        if let Ok(instant) = Timestamp::parse(text) {
            return Ok(Self::At(instant));
        }
        let unit = match text.as_bytes().last() {
            Some(b'm') => 60,
            Some(b'h') => 60 * 60,
            Some(b'd') => 24 * 60 * 60,
            Some(b'w') => 7 * 24 * 60 * 60,
            Some(_) | None => return Err(wrong),
        };
        let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong)?;
        Ok(Self::Ago(Duration::from_secs(number.saturating_mul(unit)).min(LONGEST)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rules::time::Timestamp;

    use super::{LONGEST, Moment};

    #[test]
    fn when_is_a_time_or_a_span_back_from_now() {
        let time = |text| Timestamp::parse(text).expect("a time");
        let now = time("2026-11-25T12:00:00Z");
        for (said, meant) in [
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
            ("30m", "2026-11-25T11:30:00Z"),
            ("12h", "2026-11-25T00:00:00Z"),
            ("3d", "2026-11-22T12:00:00Z"),
            ("2w", "2026-11-11T12:00:00Z"),
        ] {
            assert_eq!(said.parse::<Moment>().map(|moment| moment.from(now)), Ok(time(meant)), "{said}");
        }
        for wrong in ["", "d", "3", "3 days", "-3d", "3.5h", "+3d ", "ü"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
        assert_eq!("2000m".parse(), Ok(Moment::Ago(Duration::from_mins(2_000))), "no span is cut short");
        for longest in ["1000w", "1001w", "18446744073709551615w"] {
            assert_eq!(longest.parse(), Ok(Moment::Ago(LONGEST)), "{longest}");
        }
    }
}
