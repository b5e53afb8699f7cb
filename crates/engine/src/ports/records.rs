//! The store's ports for records and their payloads. Every write is conditional, and losing a race is a value.
//!
//! Must not know: tables, indexes, capacity.

use std::time::Duration;

use rules::connection::Connection;
use rules::ids::{Fence, RecordKey};
use rules::record::{Record, Stored};

use super::PortError;
use super::due::{KeyPage, PageToken};
use crate::payload::Payload;

/// What is stored of a record, and its payload if that is in the same item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The record.
    pub stored: Stored,
    /// The inline payload.
    pub payload: Option<Payload>,
}

/// How the records of a connection are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Over how many index keys they are spread.
    pub shards: u16,
    /// How long what is resolved, or was only ever a success, stays after the fact: it guards against failures that arrive
    /// late.
    pub resolved_for: Duration,
}

impl Keeping {
    /// As the connection's settings say.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        Self { shards: connection.shards, resolved_for: connection.retention.resolved_for() }
    }
}

/// What became of a conditional write of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is written.
    Done,
    /// The item is not in the expected version; this is what it is, or nothing if it is gone.
    Conflict(Option<Box<Stored>>),
    /// The store kept refusing for lack of capacity: not written, try later.
    Throttled,
}

/// An outcome to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeWrite {
    /// The record as it was read; the write is conditional on its version.
    pub before: Record,
    /// The record as it shall be.
    pub after: Record,
}

/// What happens to the payload when a record is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadChange {
    /// It is replaced, at the place that the record names.
    Set(Payload),
    /// It stays.
    Keep,
    /// It goes.
    Drop,
}

/// A record to put, with its payload in the same all-or-nothing write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// What shall be stored.
    pub stored: Stored,
    /// The payload.
    pub payload: PayloadChange,
    /// The version that must be there; none if no item may be.
    pub expected: Option<Fence>,
}

/// Payloads by their records' keys; one that cannot be read is an error of its own.
pub type EachPayload = Vec<(RecordKey, Result<Payload, PortError>)>;

/// Records and payloads.
pub trait Records: Send + Sync {
    /// Reads records with strong consistency, in any order; those that are not there are left out. Any number of keys. An item
    /// that cannot be read, because a newer version of the program wrote it, is an error of its own and hides no other.
    ///
    /// # Errors
    /// When the store fails.
    fn read_each(
        &self,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Result<Read, PortError>>, PortError>> + Send;

    /// The same, for a caller who needs all of them.
    ///
    /// # Errors
    /// When the store fails, or one of the items cannot be read.
    fn read(&self, keys: &[RecordKey]) -> impl Future<Output = Result<Vec<Read>, PortError>> + Send {
        async move { self.read_each(keys).await?.into_iter().collect() }
    }

    /// Reads the payloads that are in items of their own, with strong consistency; one that is not there, or belongs to
    /// another source version than the record's, is left out. One that cannot be read is an error of its own.
    ///
    /// # Errors
    /// When the store fails.
    fn payloads_each(&self, records: &[&Record]) -> impl Future<Output = Result<EachPayload, PortError>> + Send;

    /// The same, of records of which each must be readable.
    ///
    /// # Errors
    /// When the store fails, or one of the payloads cannot be read.
    fn payloads(
        &self,
        records: &[&Record],
    ) -> impl Future<Output = Result<Vec<(RecordKey, Payload)>, PortError>> + Send {
        async move {
            let each = self.payloads_each(records).await?.into_iter();
            each.map(|(key, payload)| Ok((key, payload?))).collect()
        }
    }

    /// Keys of records that wait for `parent`, at most `limit`. They come from pointers, which are hints: a key may be of a record
    /// that is resolved, or has another parent by now, or is gone.
    ///
    /// # Errors
    /// When the store fails or cannot read the token.
    fn children(
        &self,
        parent: &RecordKey,
        after: Option<&PageToken>,
        limit: usize,
    ) -> impl Future<Output = Result<KeyPage, PortError>> + Send;

    /// Writes outcomes, each by itself conditional on its version; the results come in the same order. The payload item of a
    /// record that is resolved goes.
    ///
    /// # Errors
    /// When the store fails as a whole; each outcome may then be written or not.
    fn write_outcomes(
        &self,
        writes: &[OutcomeWrite],
        keeping: &Keeping,
    ) -> impl Future<Output = Result<Vec<Written>, PortError>> + Send;

    /// Puts one record.
    ///
    /// # Errors
    /// When the store fails; the record may then be written or not.
    fn put(&self, put: &Put, keeping: &Keeping) -> impl Future<Output = Result<Written, PortError>> + Send;
}
