//! The independent check: compares what the simulated orgs logged with what the table and the bus say, against the
//! invariants that docs/ARCHITECTURE.md numbers.
//!
//! Must not know: how the engine works. It uses none of its code but the types of records, policies and events.

mod attempts;
mod budget;
mod events;
mod records;
mod schedule;
mod sends;
mod states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rules::events::Outbound;
use rules::ids::{ConnectionId, RecordKey};
use rules::policy::Policy;
use rules::record::{Record, Stored};
use rules::time::Timestamp;
use salesforce_sim::LogEntry;

pub(crate) use budget::{calls, peak};
use sends::{Send, Sends};

use super::facts::{Accepted, Facts};
use super::summary::Violation;

/// What is checked.
pub(crate) struct Evidence<'a> {
    /// What the outside world did.
    pub(crate) facts: &'a Facts,
    /// Each connection's policy.
    pub(crate) policies: BTreeMap<ConnectionId, Policy>,
    /// What the table holds of each record.
    pub(crate) stored: BTreeMap<RecordKey, Stored>,
    /// What each connection's org logged.
    pub(crate) logs: BTreeMap<ConnectionId, Vec<LogEntry>>,
    /// Everything that was published.
    pub(crate) published: Vec<Outbound>,
}

/// All that is known of one record.
struct Case<'a> {
    key: &'a RecordKey,
    record: &'a Record,
    policy: &'a Policy,
    /// Every failure that was accepted, oldest first.
    failures: &'a [Accepted],
    /// The last of them: the current version's.
    latest: &'a Accepted,
    /// When its source synced it by itself.
    succeeded: Option<Timestamp>,
    /// Every send, oldest first.
    sent: &'a [Send],
}

impl<'a> Case<'a> {
    /// The sends of the current version.
    fn current(&self) -> impl Iterator<Item = &'a Send> + use<'a> {
        let since = self.latest.at;
        self.sent.iter().filter(move |send| send.at >= since)
    }
}

/// Checks invariants 1, 2, 4, 5, 6, 7, 8 and 10; gives every break.
pub(crate) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut sends = Sends::new();
    for (connection, log) in &evidence.logs {
        budget::check(evidence.facts, connection, log, &mut violations);
        sends::collect(connection, log, &mut sends, &mut violations);
    }
    records::check(evidence, &sends, &mut violations);
    violations
}

/// Notes a break.
fn broken(violations: &mut Vec<Violation>, invariant: u8, seen: String) {
    violations.push(Violation { invariant, seen });
}
