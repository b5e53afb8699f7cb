//! The quarantine: keys of open journal entries, which nobody may send.
//!
//! Must not know: how entries come about.

use std::collections::HashMap;

use rules::ids::{ConnectionId, RecordKey};
use rules::journal::Entry;
use rules::time::Timestamp;

/// The quarantined keys of a connection, each with the end of its quarantine.
#[derive(Debug, Default)]
pub(crate) struct Quarantine(HashMap<RecordKey, Timestamp>);

impl Quarantine {
    /// The keys that these entries quarantine at `now`.
    pub(crate) fn of(connection: &ConnectionId, entries: &[Entry], now: Timestamp) -> Self {
        let mut quarantine = Self::default();
        for entry in entries.iter().filter(|entry| entry.quarantines(now)) {
            quarantine.add(connection, entry);
        }
        quarantine
    }

    /// Adds the keys of an entry.
    pub(crate) fn add(&mut self, connection: &ConnectionId, entry: &Entry) {
        for sent in &entry.sent {
            let key = RecordKey { connection: connection.clone(), object: entry.object.clone(), id: sent.id.clone() };
            let until = self.0.entry(key.folded()).or_insert(entry.quarantined_until);
            *until = entry.quarantined_until.max(*until);
        }
    }

    /// Whether an entry has the key, one that is still open past its time included.
    pub(crate) fn has(&self, key: &RecordKey) -> bool {
        self.0.contains_key(&key.folded())
    }

    /// Until when a key is quarantined, if it is at `now`.
    pub(crate) fn until(&self, key: &RecordKey, now: Timestamp) -> Option<Timestamp> {
        self.0.get(&key.folded()).copied().filter(|&until| until > now)
    }
}
