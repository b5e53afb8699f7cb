//! Which failing records are meant: some by name, or all that fit a description.
//!
//! Must not know: what is done with them; whether a description makes sense is for the routes to say.

use std::str::FromStr;
use std::time::Duration;

use rules::time::Timestamp;
use serde_json::{Map, Value, json};

use super::key::Key;
use super::when::time;
use crate::client::Client;
use crate::exit::Failure;

/// The options that say which.
#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// The records, all of one connection, 100 at most: connection/object/external-id
    #[arg(value_name = "RECORD", conflicts_with_all = ["all", "error_type", "object", "state", "since", "older_than"])]
    records: Vec<Key>,
    /// All that fail
    #[arg(long, requires = "connection")]
    all: bool,
    /// All that fail with this type of error
    #[arg(long = "type", value_name = "TYPE", requires = "connection")]
    error_type: Option<String>,
    /// All of this object
    #[arg(long, value_name = "OBJECT", requires = "connection")]
    object: Option<String>,
    /// All that stand so
    #[arg(long, value_name = "STATE", requires = "connection", value_parser = ["scheduled", "timed_out", "held", "expired"])]
    state: Option<String>,
    /// All that first failed since then: a time, or a span back from now, such as 12h or 3d
    #[arg(long, value_name = "WHEN", requires = "connection")]
    since: Option<When>,
    /// All that first failed before then: a time, or a span back from now
    #[arg(long, value_name = "WHEN", requires = "connection")]
    older_than: Option<When>,
    /// Of this connection
    #[arg(long, value_name = "CONNECTION", conflicts_with = "records")]
    connection: Option<String>,
}

/// The ids of the arguments that select, one of which is needed.
pub(super) const SELECTING: [&str; 7] = ["records", "all", "error_type", "object", "state", "since", "older_than"];

impl Selection {
    /// The one connection that is meant.
    pub(super) fn connection(&self) -> Result<&str, Failure> {
        match (self.records.split_first(), &self.connection) {
            (Some((first, others)), _) => match others.iter().find(|other| other.connection != first.connection) {
                None => Ok(&first.connection),
                Some(other) => Err(Failure::Wrong(format!(
                    "{first} and {other} are of two connections; ask for each connection's by themselves"
                ))),
            },
            (None, Some(connection)) => Ok(connection),
            (None, None) => Err(Failure::Wrong("which connection? name it by --connection".to_owned())),
        }
    }

    /// Whether the records are named.
    pub(super) fn is_named(&self) -> bool {
        !self.records.is_empty()
    }

    /// What is meant, as the routes take it. Spans are reckoned back from the system's own time.
    pub(super) async fn wanted(&self, client: &Client) -> Result<Map<String, Value>, Failure> {
        let needs_now = [self.since, self.older_than].into_iter().flatten().any(|when| matches!(when, When::Ago(_)));
        let now = if needs_now { time(&client.get("/v1/system").await?["now"]) } else { None };
        let now = now.unwrap_or(Timestamp::from_millis(0));
        let mut wanted = Map::new();
        if self.is_named() {
            wanted.insert("records".to_owned(), json!(self.records.iter().map(Key::within).collect::<Vec<_>>()));
        }
        if self.all {
            wanted.insert("all".to_owned(), json!(true));
        }
        let texts = [("type", &self.error_type), ("object", &self.object), ("state", &self.state)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text.as_ref()?))));
        wanted.extend(texts);
        let times = [("failed_from", self.since), ("failed_to", self.older_than)];
        wanted.extend(times.into_iter().filter_map(|(name, when)| Some((name.to_owned(), json!(when?.from(now))))));
        Ok(wanted)
    }
}

/// An instant, or a span back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    At(Timestamp),
    Ago(Duration),
}

impl When {
    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(span) => now - span,
        }
    }
}

impl FromStr for When {
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
        // Longer ago than anything failed.
        Ok(Self::Ago(Duration::from_secs(number.min(1_000) * unit)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rules::time::Timestamp;

    use super::When;

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
            assert_eq!(said.parse::<When>().map(|when| when.from(now)), Ok(time(meant)), "{said}");
        }
        for wrong in ["", "d", "3", "3 days", "-3d", "3.5h", "+3d ", "ü"] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
        assert_eq!("1000w".parse(), Ok(When::Ago(Duration::from_hours(1_000 * 7 * 24))));
    }
}
