//! Erasures: all conditions first, then all writes.
//!
//! Must not know: who wants a record erased.

use super::state::State;
use super::{MemoryStore, Operation};
use crate::ports::{Erasing, Erasure, Erasures, PortError};

impl Erasures for MemoryStore {
    async fn erase(&self, erasure: &Erasure) -> Result<Erasing, PortError> {
        self.carry_out(Operation::Erase, |state| {
            if !state.is_as_read(erasure) {
                return Erasing::Conflict;
            }
            state.carry_out(erasure);
            Erasing::Done
        })
    }
}

impl State {
    fn is_as_read(&self, erasure: &Erasure) -> bool {
        let Erasure { connection, record, requests, entries, expected, .. } = erasure;
        let record = record.as_ref().is_none_or(|record| {
            self.items.get(record.key()).is_some_and(|item| item.stored.fence() == record.fence())
        });
        let is_there = |slot, stamp| self.journals.get(connection)?.get(slot).map(|entry| entry.stamp == stamp);
        record
            && requests
                .iter()
                .all(|(before, _)| self.requests.get(&(connection.clone(), before.id.clone())) == Some(before))
            && entries.iter().all(|(entry, stamp)| is_there(&entry.slot, *stamp).unwrap_or(false))
            && self.controls.get(connection).map_or(0, |control| control.revision) == *expected
    }

    fn carry_out(&mut self, erasure: &Erasure) {
        let Erasure { connection, record, counts, requests, entries, audit, control, expected: _ } = erasure.clone();
        if let Some(record) = record {
            self.remove(record.key());
        }
        if let Some(change) = counts {
            self.add_counts(&connection, &[change]);
        }
        self.requests.extend(requests.into_iter().map(|(_, after)| ((connection.clone(), after.id.clone()), after)));
        let slots = self.journals.entry(connection.clone()).or_default();
        slots.extend(entries.into_iter().map(|(entry, _)| (entry.slot, entry)));
        self.audit.extend(audit.map(|entry| ((entry.at, entry.id), entry)));
        self.controls.insert(connection, control);
    }
}
