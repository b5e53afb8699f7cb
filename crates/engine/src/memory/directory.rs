//! The directory of error types, with its counts.
//!
//! Must not know: who counts.

use std::collections::BTreeMap;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ObjectName};
use rules::time::Timestamp;

use super::state::State;
use super::{MemoryStore, Operation};
use crate::ports::{CountChange, ErrorTypes, PortError, Recounted, Totals, TypeEntry};

/// What is kept of one type. A number may be below zero, when changes were lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    records: BTreeMap<ObjectName, i64>,
    oldest: Option<Timestamp>,
    revision: u64,
}

impl Numbers {
    fn is_empty(&self) -> bool {
        self.records.values().all(|&records| records <= 0)
    }

    fn add(&mut self, change: &CountChange) {
        for (object, by) in &change.records {
            *self.records.entry(object.clone()).or_default() += by;
        }
        self.oldest = if self.is_empty() { None } else { self.oldest.into_iter().chain(change.oldest).min() };
        self.revision += 1;
    }

    fn entry(&self, error_type: &ErrorType) -> TypeEntry {
        let counted = |(object, &records): (&ObjectName, &i64)| {
            u64::try_from(records).ok().filter(|&records| records > 0).map(|records| (object.clone(), records))
        };
        TypeEntry {
            error_type: error_type.clone(),
            records: self.records.iter().filter_map(counted).collect(),
            oldest: self.oldest,
            revision: self.revision,
        }
    }
}

/// The sums of all types. A sum may be below zero, when changes were lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    records: BTreeMap<ErrorType, i64>,
    timed_out: i64,
    revision: u64,
}

impl Sums {
    fn add(&mut self, changes: &[CountChange]) {
        for change in changes {
            *self.records.entry(change.error_type.clone()).or_default() += change.records.values().sum::<i64>();
            self.timed_out += change.timed_out;
        }
        self.revision += 1;
    }

    fn totals(&self) -> Totals {
        let counted =
            |(of, &sum): (&ErrorType, &i64)| Some((of.clone(), u64::try_from(sum).ok().filter(|&sum| sum > 0)?));
        Totals {
            records: self.records.iter().filter_map(counted).collect(),
            timed_out: u64::try_from(self.timed_out).unwrap_or(0),
            revision: self.revision,
        }
    }
}

impl State {
    pub(super) fn add_counts(&mut self, connection: &ConnectionId, changes: &[CountChange]) {
        let types = self.error_types.entry(connection.clone()).or_default();
        for change in changes.iter().filter(|change| change.is_of_the_type()) {
            types.entry(change.error_type.clone()).or_default().add(change);
        }
        self.sums.entry(connection.clone()).or_default().add(changes);
    }
}

impl ErrorTypes for MemoryStore {
    async fn directory(&self, connection: &ConnectionId) -> Result<Vec<TypeEntry>, PortError> {
        self.carry_out(Operation::Directory, |state| {
            let types = state.error_types.get(connection).into_iter().flatten();
            types.map(|(error_type, numbers)| numbers.entry(error_type)).collect()
        })
    }

    async fn list_error_type(&self, connection: &ConnectionId, error_type: &ErrorType) -> Result<(), PortError> {
        self.carry_out(Operation::ListErrorType, |state| {
            state.error_types.entry(connection.clone()).or_default().entry(error_type.clone()).or_default();
        })
    }

    async fn add_counts(&self, connection: &ConnectionId, changes: &[CountChange]) -> Result<(), PortError> {
        self.carry_out(Operation::AddCounts, |state| {
            state.add_counts(connection, changes);
        })
    }

    async fn set_counts(&self, connection: &ConnectionId, counted: &TypeEntry) -> Result<Recounted, PortError> {
        self.carry_out(Operation::SetCounts, |state| {
            let types = state.error_types.entry(connection.clone()).or_default();
            let numbers = types.entry(counted.error_type.clone()).or_default();
            if numbers.revision != counted.revision {
                return Recounted::Changed;
            }
            let records =
                |(object, &records): (&ObjectName, &u64)| (object.clone(), i64::try_from(records).unwrap_or(i64::MAX));
            *numbers = Numbers {
                records: counted.records.iter().map(records).collect(),
                oldest: counted.oldest,
                revision: counted.revision + 1,
            };
            Recounted::Done
        })
    }

    async fn totals_of_each(&self, connections: &[ConnectionId]) -> Result<Vec<Result<Totals, PortError>>, PortError> {
        self.carry_out(Operation::Totals, |state| {
            let totals = |connection| state.sums.get(connection).map(Sums::totals).unwrap_or_default();
            connections.iter().map(|connection| Ok(totals(connection))).collect()
        })
    }

    async fn set_totals(&self, connection: &ConnectionId, totals: &Totals) -> Result<Recounted, PortError> {
        self.carry_out(Operation::SetTotals, |state| {
            let sums = state.sums.entry(connection.clone()).or_default();
            if sums.revision != totals.revision {
                return Recounted::Changed;
            }
            let signed = |sum: u64| i64::try_from(sum).unwrap_or(i64::MAX);
            *sums = Sums {
                records: totals.records.iter().map(|(of, &sum)| (of.clone(), signed(sum))).collect(),
                timed_out: signed(totals.timed_out),
                revision: totals.revision + 1,
            };
            Recounted::Done
        })
    }
}
