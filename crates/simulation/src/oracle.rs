//! The oracle: what must be true of a play, told from what really happened: the orgs' own logs, what sources did, what persons were
//! promised, and what is stored and was published in the end.
//!
//! Must not know: how the production code decides; it shares no rule with it but the meaning of stored values.

mod attempts;
mod budget;
mod conservation;
mod events;
mod exclusion;
mod eyes;
mod facts;
mod order;
mod progress;
mod promises;
mod schedule;
mod secrecy;
mod watch;

pub(crate) use eyes::Eyes;
pub(crate) use facts::{Asked, Facts, Report, Reported, Used};
pub(crate) use secrecy::canary;
pub(crate) use watch::{Violation, Watch};

use std::collections::BTreeMap;

use rules::connection::Connection;
use rules::control::Control;
use rules::events::Outbound;
use rules::ids::RecordKey;
use rules::record::Record;
use rules::record::Stored;
use rules::time::Timestamp;

use crate::cloud::{Call, Orgs};

/// All that the checks look at, for one connection.
pub(crate) struct Evidence<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) control: &'a Control,
    pub(crate) stored: &'a BTreeMap<RecordKey, Stored>,
    pub(crate) facts: &'a Facts,
    pub(crate) posted: &'a [Outbound],
    pub(crate) orgs: &'a Orgs,
    pub(crate) eyes: &'a Eyes,
    pub(crate) watch: &'a Watch,
    /// Since when nothing has broken.
    pub(crate) calm: Timestamp,
    pub(crate) now: Timestamp,
}

impl Evidence<'_> {
    /// The connection's records that failed, whatever became of them.
    fn records(&self) -> impl Iterator<Item = &Record> {
        self.stored.values().filter_map(|stored| match stored {
            Stored::Record(record) => Some(&**record),
            Stored::Success(_) => None,
        })
    }

    /// Every call to the connection's org, in the order of their arrivals.
    fn calls(&self) -> Vec<Call> {
        self.orgs.of(&self.connection.id, |org| org.calls.clone())
    }

    fn reports(&self) -> impl Iterator<Item = &Report> {
        self.facts.reports.iter().filter(|report| report.key.connection == self.connection.id)
    }

    /// Something that shows at the end.
    fn violated(&self, invariant: &'static str, key: Option<&RecordKey>, text: String) {
        self.violated_at(self.now, invariant, key, text);
    }

    /// Something that happened at `at`.
    fn violated_at(&self, at: Timestamp, invariant: &'static str, key: Option<&RecordKey>, text: String) {
        let connection = self.connection.id.clone();
        self.watch.violated(Violation { invariant, at, connection, key: key.cloned(), text });
    }
}

/// Checks everything that can be told at the end.
pub(crate) fn check(evidence: &Evidence<'_>) {
    conservation::check(evidence);
    exclusion::check(evidence);
    attempts::check(evidence);
    order::check(evidence);
    budget::check(evidence);
    schedule::check(evidence);
    promises::check(evidence);
    events::check(evidence);
    progress::check(evidence);
    secrecy::check(evidence);
}
