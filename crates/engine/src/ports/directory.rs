//! The store's port for the directory of error types: which types the records of a connection have, or had, and about how many
//! records of each there are.
//!
//! Must not know: who counts, or when it is counted anew.

use std::collections::BTreeMap;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ObjectName};
use rules::time::Timestamp;

use super::PortError;

/// One error type of the directory. Its numbers are approximate: they are kept by changes, of which a crash loses some, and
/// counted anew every night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeEntry {
    /// The type.
    pub error_type: ErrorType,
    /// The failing records, by object; an object without one is left out.
    pub records: BTreeMap<ObjectName, u64>,
    /// The earliest first failure, as far as it is known; none when there is no record. It may be that of a record that is
    /// resolved by now.
    pub oldest: Option<Timestamp>,
    /// How often the numbers were written: they have not changed since when this has not.
    pub revision: u64,
}

impl TypeEntry {
    /// A type without records.
    #[must_use]
    pub fn empty(error_type: ErrorType) -> Self {
        Self { error_type, records: BTreeMap::new(), oldest: None, revision: 0 }
    }

    /// The failing records of all objects.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.records.values().sum()
    }

    /// The failing records of one object, or of all.
    #[must_use]
    pub fn of(&self, object: Option<&ObjectName>) -> u64 {
        object.map_or_else(|| self.total(), |object| self.records.get(object).copied().unwrap_or(0))
    }
}

/// What changed in the number of records of one type since it was last told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountChange {
    /// The type.
    pub error_type: ErrorType,
    /// Records that came (more than none) or went (less than none), by object.
    pub records: BTreeMap<ObjectName, i64>,
    /// The earliest first failure of those that came.
    pub oldest: Option<Timestamp>,
    /// Records of it that came into the timeout queue (more than none) or left it (less than none).
    pub timed_out: i64,
}

impl CountChange {
    /// Whether the type's own numbers change: what only moves between the queues is told in the totals alone.
    #[must_use]
    pub fn is_of_the_type(&self) -> bool {
        !self.records.is_empty() || self.oldest.is_some()
    }
}

/// The numbers of all types of one connection, over all objects: what a list of many connections needs of each. They are kept by
/// changes, like those of the directory, and set anew every night.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The failing records by type; a type without one is left out.
    pub records: BTreeMap<ErrorType, u64>,
    /// Those of them that are in the timeout queue.
    pub timed_out: u64,
    /// How often they were written: they have not changed since when this has not.
    pub revision: u64,
}

impl Totals {
    /// Those that a directory adds up to, with so many in the timeout queue, in the place of those of `revision`.
    #[must_use]
    pub fn of(directory: &[TypeEntry], timed_out: u64, revision: u64) -> Self {
        let counted = directory.iter().filter(|entry| entry.total() > 0);
        let records = counted.map(|entry| (entry.error_type.clone(), entry.total())).collect();
        Self { records, timed_out, revision }
    }
}

/// What became of numbers that were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounted {
    /// They are written.
    Done,
    /// The numbers changed while they were counted; those that are there stay.
    Changed,
}

/// The directory of the error types that a connection's records have, or had.
pub trait ErrorTypes: Send + Sync {
    /// All types of a connection, with strong consistency, in the order of their names.
    ///
    /// # Errors
    /// When the store fails.
    fn error_types(&self, connection: &ConnectionId) -> impl Future<Output = Result<Vec<ErrorType>, PortError>> + Send {
        async { Ok(self.directory(connection).await?.into_iter().map(|entry| entry.error_type).collect()) }
    }

    /// The same types, each with its numbers.
    ///
    /// # Errors
    /// When the store fails.
    fn directory(&self, connection: &ConnectionId) -> impl Future<Output = Result<Vec<TypeEntry>, PortError>> + Send;

    /// Makes sure that a type is listed; it must be before the first record of it is written.
    ///
    /// # Errors
    /// When the store fails.
    fn list_error_type(
        &self,
        connection: &ConnectionId,
        error_type: &ErrorType,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// The totals of these connections in their order, with strong consistency, a hundred connections a request. Those that cannot
    /// be read are an error of their connection and hide no other.
    ///
    /// # Errors
    /// When the store fails.
    fn totals_of_each(
        &self,
        connections: &[ConnectionId],
    ) -> impl Future<Output = Result<Vec<Result<Totals, PortError>>, PortError>> + Send;

    /// The totals of one connection, likewise.
    ///
    /// # Errors
    /// When the store fails or cannot read them.
    fn totals(&self, connection: &ConnectionId) -> impl Future<Output = Result<Totals, PortError>> + Send {
        async {
            let totals = self.totals_of_each(std::slice::from_ref(connection)).await?.pop();
            totals.unwrap_or_else(|| Ok(Totals::default()))
        }
    }

    /// Adds changes to the numbers, and to the totals. A type whose records are all gone has no oldest one any more.
    ///
    /// # Errors
    /// When the store fails; some of them may then be added or not.
    fn add_counts(
        &self,
        connection: &ConnectionId,
        changes: &[CountChange],
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Sets the numbers of one type to what was counted, if they are still those of `counted.revision`, which was read before
    /// the counting began.
    ///
    /// # Errors
    /// When the store fails; they may then be set or not.
    fn set_counts(
        &self,
        connection: &ConnectionId,
        counted: &TypeEntry,
    ) -> impl Future<Output = Result<Recounted, PortError>> + Send;

    /// Sets the totals, if they are still those of `totals.revision`.
    ///
    /// # Errors
    /// When the store fails; they may then be set or not.
    fn set_totals(
        &self,
        connection: &ConnectionId,
        totals: &Totals,
    ) -> impl Future<Output = Result<Recounted, PortError>> + Send;
}
