//! The items that are written on condition of a revision or a stamp: control, usage, journal slots.
//!
//! Must not know: what is in them.

use rules::control::Control;
use rules::ids::ConnectionId;
use rules::journal::{Entry, Stamp};
use rules::usage::Usage;

use super::{MemoryStore, Operation};
use crate::ports::{Controls, Facts, Journal, PortError, Saved, SlotWritten, Standing, Standings, UsageReports};

impl Controls for MemoryStore {
    async fn control(&self, connection: &ConnectionId) -> Result<Control, PortError> {
        self.carry_out(Operation::Control, |state| state.controls.get(connection).cloned().unwrap_or_default())
    }

    async fn save_control(
        &self,
        connection: &ConnectionId,
        control: &Control,
        expected: u64,
    ) -> Result<Saved<Control>, PortError> {
        self.carry_out(Operation::SaveControl, |state| {
            let current = state.controls.entry(connection.clone()).or_default();
            save(current, control, expected, |control| control.revision)
        })
    }
}

impl UsageReports for MemoryStore {
    async fn usage(&self, connection: &ConnectionId) -> Result<Usage, PortError> {
        self.carry_out(Operation::Usage, |state| state.usage.get(connection).cloned().unwrap_or_default())
    }

    async fn save_usage(
        &self,
        connection: &ConnectionId,
        usage: &Usage,
        expected: u64,
    ) -> Result<Saved<Usage>, PortError> {
        self.carry_out(Operation::SaveUsage, |state| {
            let current = state.usage.entry(connection.clone()).or_default();
            save(current, usage, expected, |usage| usage.revision)
        })
    }
}

impl Standings for MemoryStore {
    async fn facts_of_each(&self, connections: &[ConnectionId]) -> Result<Vec<Result<Facts, PortError>>, PortError> {
        self.carry_out(Operation::Facts, |state| {
            let facts = |connection| Facts {
                control: state.controls.get(connection).cloned().unwrap_or_default(),
                usage: state.usage.get(connection).cloned().unwrap_or_default(),
            };
            connections.iter().map(|connection| Ok(facts(connection))).collect()
        })
    }

    async fn standing(&self, connection: &ConnectionId) -> Result<Option<Standing>, PortError> {
        self.carry_out(Operation::Standing, |state| {
            let facts = Facts {
                control: state.controls.get(connection).cloned().unwrap_or_default(),
                usage: state.usage.get(connection).cloned().unwrap_or_default(),
            };
            state.connections.get(connection).cloned().map(|connection| Standing { connection, facts })
        })
    }
}

impl Journal for MemoryStore {
    async fn entries(&self, connection: &ConnectionId) -> Result<Vec<Entry>, PortError> {
        self.carry_out(Operation::Entries, |state| {
            state.journals.get(connection).into_iter().flat_map(|slots| slots.values().cloned()).collect()
        })
    }

    async fn write_entry(
        &self,
        connection: &ConnectionId,
        entry: &Entry,
        expected: Option<Stamp>,
    ) -> Result<SlotWritten, PortError> {
        self.carry_out(Operation::WriteEntry, |state| {
            let slots = state.journals.entry(connection.clone()).or_default();
            let current = slots.get(&entry.slot).map(|entry| entry.stamp);
            if current == Some(entry.stamp) {
                return SlotWritten::Done;
            }
            if current != expected {
                return SlotWritten::Conflict;
            }
            slots.insert(entry.slot, entry.clone());
            SlotWritten::Done
        })
    }
}

/// A revision that is there already is the same write, whose reply was lost.
fn save<T: Clone>(current: &mut T, new: &T, expected: u64, revision: impl Fn(&T) -> u64) -> Saved<T> {
    let found = revision(current);
    if found == expected {
        *current = new.clone();
    } else if found != revision(new) {
        return Saved::Conflict(current.clone());
    }
    Saved::Done
}
