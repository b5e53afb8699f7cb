//! One org: its rows, how each record fares there, and the log of every call, which is what really happened.
//!
//! Must not know: the production code.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use rules::verdict::Answer;

use super::weather::Weather;
use crate::executor::ProcessId;
use crate::oracle::canary;

/// What a call was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    Login,
    Probe,
    Upsert,
}

/// One record of a call.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) key: RecordKey,
    /// The version of the payload that was sent.
    pub(crate) version: i64,
    /// When it is saved, if it is.
    pub(crate) saved: Option<Timestamp>,
    /// What it is answered; none when it was not processed.
    pub(crate) answer: Option<Answer>,
    /// Whether the store said, when it arrived, that it may be tried.
    pub(crate) due: Due,
}

/// What the store said of a record when it arrived at Salesforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A schedule may try it from this instant on.
    Since(Timestamp),
    /// No schedule tries it.
    Never,
    /// Its payload was replaced or its failure ended meanwhile.
    Changed,
}

/// One call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) kind: CallKind,
    pub(crate) process: ProcessId,
    pub(crate) sent: Timestamp,
    pub(crate) arrived: Timestamp,
    /// When the org is done with it.
    pub(crate) done: Timestamp,
    /// Until when nobody can know that it is not processed yet, unless it is answered.
    pub(crate) in_doubt_until: Timestamp,
    /// When its answer was heard.
    pub(crate) heard: Option<Timestamp>,
    /// Whether it was refused as a whole because of something in it.
    pub(crate) refused: bool,
    /// The largest cap that its run may go by.
    pub(crate) cap: ApiCalls,
    /// The calls that the connection's ledger charged, when it arrived, to the bucket that it was sent in and to later ones.
    pub(crate) charged: ApiCalls,
    pub(crate) parts: Vec<Part>,
}

/// What a record is in the org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) version: i64,
    pub(crate) written: Timestamp,
}

/// How a record fares.
#[derive(Clone, Debug)]
pub(crate) enum Temper {
    /// It is refused so many times with this code, then saved.
    Refused { times: u32, code: &'static str },
    /// It makes Salesforce refuse the whole batch.
    Poison,
}

/// How long an org works at a call, unless it is slow: the least and the most.
const QUICK: (Duration, Duration) = (Duration::from_millis(80), Duration::from_millis(1_500));

/// An org.
#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) connection: ConnectionId,
    pub(crate) weather: Weather,
    /// The secret that is in force.
    pub(crate) secret: u64,
    /// How long it works at a call, the least and the most.
    pub(crate) works: (Duration, Duration),
    pub(crate) tempers: BTreeMap<RecordKey, Temper>,
    pub(crate) calls: Vec<Call>,
    /// What was sent and never arrived, and nobody was told so.
    pub(crate) vanished: Vec<RecordKey>,
    rows: BTreeMap<RecordKey, Row>,
    pending: BTreeMap<(Timestamp, u64), (RecordKey, i64)>,
    drawn: u64,
}

impl Org {
    /// An empty org.
    pub(crate) fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            weather: Weather::default(),
            secret: 1,
            works: QUICK,
            tempers: BTreeMap::new(),
            calls: Vec::new(),
            vanished: Vec::new(),
            rows: BTreeMap::new(),
            pending: BTreeMap::new(),
            drawn: 0,
        }
    }

    /// How many calls arrived after `instant`.
    pub(crate) fn calls_after(&self, instant: Timestamp) -> usize {
        self.calls.len() - self.calls.partition_point(|call| call.arrived <= instant)
    }

    /// The records of which nobody knows at `now` whether they are saved yet.
    pub(crate) fn in_doubt(&self, now: Timestamp) -> Vec<RecordKey> {
        let open = self.calls.iter().rev().filter(|call| call.heard.is_none() && call.in_doubt_until > now);
        open.flat_map(|call| &call.parts).map(|part| part.key.clone()).collect()
    }

    /// A record will be saved at `instant`.
    pub(crate) fn saves(&mut self, instant: Timestamp, key: RecordKey, version: i64) {
        self.drawn += 1;
        self.pending.insert((instant, self.drawn), (key, version));
    }

    /// Everything up to `now` is saved.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let later = self.pending.split_off(&(now, u64::MAX));
        for ((written, _), (key, version)) in std::mem::replace(&mut self.pending, later) {
            self.rows.insert(key, Row { version, written });
        }
    }

    /// What a record is by now.
    pub(crate) fn row(&self, key: &RecordKey) -> Option<&Row> {
        self.rows.get(key)
    }

    /// What the record is answered when it is processed, and whether it is saved by that.
    pub(crate) fn fares(&mut self, key: &RecordKey) -> Answer {
        let refused = |code: &str| Answer::Refused { code: code.to_owned(), message: quoting(code, key) };
        match self.tempers.get_mut(key) {
            Some(Temper::Refused { times, code }) if *times > 0 => {
                *times -= 1;
                refused(code)
            }
            Some(Temper::Poison) => refused("JSON_PARSER_ERROR"),
            Some(Temper::Refused { .. }) | None => Answer::Saved,
        }
    }

    /// Whether the record makes a whole batch fail.
    pub(crate) fn poisons(&self, key: &RecordKey) -> bool {
        matches!(self.tempers.get(key), Some(Temper::Poison))
    }
}

/// The message that goes with a code.
pub(crate) fn message_of(code: &str) -> &'static str {
    match code {
        "UNABLE_TO_LOCK_ROW" => "unable to obtain exclusive access to this record",
        "REQUIRED_FIELD_MISSING" => "Required fields are missing: [LastName]",
        "ENTITY_IS_DELETED" => "entity is deleted",
        "STORAGE_LIMIT_EXCEEDED" => "storage limit exceeded",
        _ => "it does not work",
    }
}

/// The message that goes with a code, when it quotes what the record says: Salesforce does so with what it takes amiss.
pub(crate) fn quoting(code: &str, key: &RecordKey) -> String {
    format!("{}: '{}'", message_of(code), canary(key))
}

/// The orgs of all connections. A clone is the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orgs(Arc<Mutex<BTreeMap<ConnectionId, Org>>>);

impl Orgs {
    /// One more org.
    pub(crate) fn add(&self, org: Org) {
        self.all(|orgs| orgs.insert(org.connection.clone(), org));
    }

    /// The org of a connection; the play's connections all have one.
    pub(crate) fn of<T>(&self, connection: &ConnectionId, work: impl FnOnce(&mut Org) -> T) -> T {
        self.all(|orgs| work(orgs.get_mut(connection).expect("every connection of a play has an org")))
    }

    /// All of them.
    pub(crate) fn all<T>(&self, work: impl FnOnce(&mut BTreeMap<ConnectionId, Org>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
