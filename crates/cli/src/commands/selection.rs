//! Which failing records are meant: some by name, or all that fit a description.
//!
//! Must not know: what is done with them; whether a description makes sense is for the routes to say.

use serde_json::{Map, Value, json};

use super::key::Key;
use super::misspelt::misspelt;
use super::moment::{Moment, instants};
use crate::client::Client;
use crate::exit::Failure;

/// The options that say which.
#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// The records, all of one connection, 100 at most: connection/object/external-id
    #[arg(value_name = "RECORD", conflicts_with_all = ["all", "error_type", "object", "state", "failed_from", "failed_to"])]
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
    #[arg(long, alias = "since", value_name = "WHEN", requires = "connection")]
    failed_from: Option<Moment>,
    /// All that first failed by then: a time, or a span back from now
    #[arg(long, alias = "older-than", value_name = "WHEN", requires = "connection")]
    failed_to: Option<Moment>,
    /// Of this connection
    #[arg(long, value_name = "CONNECTION", conflicts_with = "records")]
    connection: Option<String>,
}

/// The ids of the arguments that select, one of which is needed.
pub(super) const SELECTING: [&str; 7] = ["records", "all", "error_type", "object", "state", "failed_from", "failed_to"];

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

    /// The records that are named.
    pub(super) fn named(&self) -> &[Key] {
        &self.records
    }

    /// Why a description that means no record may mean none: a name in it that nobody knows.
    pub(super) async fn misspelt(&self, client: &Client, connection: &str) -> Result<Option<Failure>, Failure> {
        misspelt(client, connection, self.error_type.as_deref(), self.object.as_deref()).await
    }

    /// What is meant, as the routes take it.
    pub(super) async fn wanted(&self, client: &Client) -> Result<Map<String, Value>, Failure> {
        let [from, to] = instants(client, [self.failed_from, self.failed_to]).await?;
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
        let times = [("failed_from", from), ("failed_to", to)];
        wanted.extend(times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), json!(time?)))));
        Ok(wanted)
    }
}
