//! What the outside world did in the play, written down as it happened: the check compares the retries with it.
//!
//! Must not know: how the engine works.

use std::collections::BTreeMap;

use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;

/// A failure that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    /// When.
    pub(crate) at: Timestamp,
    /// The error's code as it was given.
    pub(crate) code: String,
    /// Whether no schedule may try its error type.
    pub(crate) excluded: bool,
    /// Whether its error says that nothing is left to do.
    pub(crate) gone: bool,
}

/// The facts of one play.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Each record's failures that were accepted, oldest first.
    pub(crate) failures: BTreeMap<RecordKey, Vec<Accepted>>,
    /// When the source synced a record by itself.
    pub(crate) successes: BTreeMap<RecordKey, Timestamp>,
    /// From when each cap was in force.
    pub(crate) caps: BTreeMap<ConnectionId, Vec<(Timestamp, ApiCalls)>>,
    /// The calls that the source reported, and when.
    pub(crate) reported: BTreeMap<ConnectionId, Vec<(Timestamp, ApiCalls)>>,
}

impl Facts {
    /// The cap of a connection at an instant.
    pub(crate) fn cap_at(&self, connection: &ConnectionId, instant: Timestamp) -> ApiCalls {
        let caps = self.caps.get(connection).map(Vec::as_slice).unwrap_or_default();
        caps.iter().rev().find(|(since, _)| *since <= instant).map_or(ApiCalls(0), |(_, cap)| *cap)
    }

    /// The largest cap that was ever in force.
    pub(crate) fn largest_cap(&self, connection: &ConnectionId) -> ApiCalls {
        self.caps.get(connection).into_iter().flatten().map(|(_, cap)| *cap).max().unwrap_or_default()
    }
}
