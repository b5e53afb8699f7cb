//! Counts: what the writes of records change in the numbers of the directory, gathered in memory and written together, so that
//! no record costs a write more. What is lost in a crash is put right when the directory is counted anew.
//!
//! Must not know: how the directory is stored.

use std::collections::BTreeMap;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ObjectName};
use rules::record::{Record, State, Stored};
use rules::time::Timestamp;
use tracing::error;

use crate::ports::{CountChange, ErrorTypes};

/// Changes that are not written yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(ConnectionId, ErrorType), Change>);

/// The changes of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Change {
    records: BTreeMap<ObjectName, i64>,
    oldest: Option<Timestamp>,
    timed_out: i64,
}

impl Counts {
    /// Notes that a record is now stored as `after`, and was as `before`; none when nothing is, or was, stored.
    pub fn stored(&mut self, before: Option<&Stored>, after: Option<&Stored>) {
        self.changed(before.and_then(record), after.and_then(record));
    }

    /// The same of a record, which may be resolved.
    pub fn changed(&mut self, before: Option<&Record>, after: Option<&Record>) {
        if let Some(gone) = before.filter(|record| record.is_failing()) {
            self.count(gone, -1);
        }
        if let Some(come) = after.filter(|record| record.is_failing()) {
            let is_new = before
                .is_none_or(|before| !before.is_failing() || before.failure.error_type != come.failure.error_type);
            let change = self.count(come, 1);
            if is_new {
                change.oldest = change.oldest.into_iter().chain([come.first_failed]).min();
            }
        }
    }

    fn count(&mut self, record: &Record, by: i64) -> &mut Change {
        let of = (record.key.connection.clone(), record.failure.error_type.clone());
        let change = self.0.entry(of).or_default();
        *change.records.entry(record.key.object.clone()).or_default() += by;
        if let State::TimedOut { .. } = record.state {
            change.timed_out += by;
        }
        change
    }

    /// Takes the changes out, by connection. As many records that went as came under one type are no change, unless one that
    /// came may be the oldest.
    pub fn take(&mut self) -> BTreeMap<ConnectionId, Vec<CountChange>> {
        let mut changes: BTreeMap<ConnectionId, Vec<CountChange>> = BTreeMap::new();
        for ((connection, error_type), Change { mut records, oldest, timed_out }) in std::mem::take(&mut self.0) {
            records.retain(|_, by| *by != 0);
            if !records.is_empty() || oldest.is_some() || timed_out != 0 {
                changes.entry(connection).or_default().push(CountChange { error_type, records, oldest, timed_out });
            }
        }
        changes
    }
}

/// Writes changes that were taken out. What the store refuses is lost, and said in the log: the records themselves are right,
/// and no more can be lost by it than by a crash.
pub async fn write(store: &impl ErrorTypes, changes: BTreeMap<ConnectionId, Vec<CountChange>>) {
    for (connection, changes) in changes {
        if let Err(problem) = store.add_counts(&connection, &changes).await {
            let types = changes.len();
            error!(%connection, types, %problem, "changes of the directory's counts are lost until it is counted anew");
        }
    }
}

fn record(stored: &Stored) -> Option<&Record> {
    match stored {
        Stored::Record(record) => Some(record),
        Stored::Success(_) => None,
    }
}
