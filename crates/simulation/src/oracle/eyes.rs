//! Eyes: they see what is stored at any moment, in no time and without disturbing anything.
//!
//! Must not know: what is right.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aws_sdk_dynamodb::Client;
use engine::ports::{Connections, Controls, CountChange, ErrorTypes, Journal, PortError, Records, Requests};
use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{ConnectionId, RecordKey};
use rules::journal::Entry;
use rules::record::{Next, Record, State, Stored};
use rules::resync::Request;
use rules::version::SourceVersion;
use store::DynamoStore;

use crate::cloud::{Due, Part, TABLE};
use crate::process::ProcessClock;

/// Polls that an answer of the table in memory takes at most.
const POLLS: usize = 64;

/// Records that are looked at at a time.
const LOOK: usize = 1_000;

/// Requests of a connection that are looked at.
const REQUESTS: usize = 500;

/// The eyes. A clone sees the same.
#[derive(Clone, Debug)]
pub(crate) struct Eyes(pub(crate) DynamoStore<ProcessClock>, pub(crate) Client);

impl Eyes {
    /// What is stored of these records.
    pub(crate) fn stored(&self, keys: &[RecordKey]) -> BTreeMap<RecordKey, Stored> {
        let read = keys.chunks(LOOK).flat_map(|keys| at_once(self.0.read(keys)));
        read.map(|read| (read.stored.key().clone(), read.stored)).collect()
    }

    /// Creates the table, as the template defines it.
    pub(crate) fn create_table(&self) {
        poll(store::create_table(&self.1, TABLE)).expect("the table in memory takes the template's table");
    }

    /// Creates a connection.
    pub(crate) fn create_connection(&self, connection: &Connection) {
        assert!(at_once(self.0.create_connection(connection)), "every connection of a play is another");
    }

    /// Spreads a connection's records over so many shards from now on.
    pub(crate) fn raise_shards(&self, id: &ConnectionId, shards: u16) {
        at_once(self.0.raise_shards(id, shards));
    }

    /// Counts records of one type that were put into the table past every request, as ingest would have.
    pub(crate) fn count(&self, connection: &Connection, change: CountChange) {
        at_once(self.0.list_error_type(&connection.id, &change.error_type));
        at_once(self.0.add_counts(&connection.id, &[change]));
    }

    /// A connection's settings.
    pub(crate) fn connection(&self, id: &ConnectionId) -> Connection {
        at_once(self.0.connection(id)).expect("no connection of a play is deleted")
    }

    /// Its control item.
    pub(crate) fn control(&self, id: &ConnectionId) -> Control {
        at_once(self.0.control(id))
    }

    /// Its journal.
    pub(crate) fn journal(&self, id: &ConnectionId) -> Vec<Entry> {
        at_once(self.0.entries(id))
    }

    /// Its requests.
    pub(crate) fn requests(&self, id: &ConnectionId) -> Vec<Request> {
        at_once(self.0.requests(id, REQUESTS))
    }

    /// Says of each part of a call whether its record may be tried now.
    pub(crate) fn say_whether_due(&self, parts: &mut [Part]) {
        let keys: Vec<RecordKey> = parts.iter().map(|part| part.key.clone()).collect();
        let stored = self.stored(&keys);
        for part in parts {
            part.due = match stored.get(&part.key) {
                Some(Stored::Record(record)) if record.source_version == SourceVersion::Number(part.version) => {
                    due(record)
                }
                Some(Stored::Record(_) | Stored::Success(_)) | None => Due::Changed,
            };
        }
    }
}

fn due(record: &Record) -> Due {
    match record.state {
        State::Scheduled(Next::At(next)) | State::TimedOut { next } => Due::Since(next),
        State::Scheduled(Next::Sweep) => Due::Since(record.first_failed),
        State::Held(_) => Due::Never,
        State::Resolved { .. } => Due::Changed,
    }
}

/// What the table in memory answers, which it does at once.
fn at_once<T>(asked: impl Future<Output = Result<T, PortError>>) -> T {
    poll(asked).expect("the table in memory does not fail those who only look")
}

fn poll<T>(asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..POLLS {
        if let Poll::Ready(answer) = asked.as_mut().poll(&mut context) {
            return answer;
        }
    }
    unreachable!("the table in memory answers those who only look at once")
}
