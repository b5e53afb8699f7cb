//! The store's ports. Every write is conditional, and losing a race is a value.
//!
//! Must not know: tables, indexes, capacity.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{ConnectionId, Epoch, Fence, RecordKey, RunId};
use rules::journal::{Entry, Stamp};
use rules::owed::Selection;
use rules::record::{Record, Stored};
use rules::time::Timestamp;
use rules::usage::Usage;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::payload::Payload;

/// What is stored of a record, and its payload if that is in the same item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The record.
    pub stored: Stored,
    /// The inline payload.
    pub payload: Option<Payload>,
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
    /// another source version than the record's, is left out.
    ///
    /// # Errors
    /// When the store fails.
    fn payloads(
        &self,
        records: &[&Record],
    ) -> impl Future<Output = Result<Vec<(RecordKey, Payload)>, PortError>> + Send;

    /// Writes outcomes, each by itself conditional on its version, spread over `shards`; the results come in the same order.
    /// The payload item of a record that is resolved goes.
    ///
    /// # Errors
    /// When the store fails as a whole; each outcome may then be written or not.
    fn write_outcomes(
        &self,
        writes: &[OutcomeWrite],
        shards: u16,
    ) -> impl Future<Output = Result<Vec<Written>, PortError>> + Send;

    /// Puts one record.
    ///
    /// # Errors
    /// When the store fails; the record may then be written or not.
    fn put(&self, put: &Put, shards: u16) -> impl Future<Output = Result<Written, PortError>> + Send;
}

/// The two queues of the interval policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Tried every 20 minutes.
    Interval,
    /// Tried every night.
    TimedOut,
}

/// Where a listing goes on; only the store that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageToken(pub String);

/// One page of keys. They come from an index that may lag: some may be gone, changed, or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<RecordKey>,
    /// Where to go on; none at the end. A page may be empty before the end.
    pub next: Option<PageToken>,
}

/// The keys of records that a schedule is to try.
pub trait DueRecords: Send + Sync {
    /// Keys of `queue` whose next attempt is not after `horizon`, over all `shards`, at most `limit`.
    ///
    /// # Errors
    /// When the store fails or cannot read the token.
    fn due(
        &self,
        connection: &ConnectionId,
        queue: Queue,
        horizon: Timestamp,
        shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> impl Future<Output = Result<KeyPage, PortError>> + Send;

    /// Keys of failing records of these error types whose first failure is from `from` to `to`, both included, over all
    /// `shards`, at most `limit`. `types` is in the same order for every page of one listing.
    ///
    /// # Errors
    /// When the store fails or cannot read the token.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one dimension of the listing, and none has a natural partner"
    )]
    fn aged(
        &self,
        connection: &ConnectionId,
        types: &[ErrorType],
        from: Timestamp,
        to: Timestamp,
        shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> impl Future<Output = Result<KeyPage, PortError>> + Send;
}

/// What became of a write that is conditional on a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved<T> {
    /// It is written; also when only the reply of an earlier attempt of the same write was lost.
    Done,
    /// Somebody else wrote meanwhile; this is what is there now.
    Conflict(T),
}

/// The control items.
pub trait Controls: Send + Sync {
    /// Reads a connection's control item with strong consistency; the empty one if there is none.
    ///
    /// # Errors
    /// When the store fails or the item was written by a newer version of the program.
    fn control(&self, connection: &ConnectionId) -> impl Future<Output = Result<Control, PortError>> + Send;

    /// Writes it if its revision is still `expected`. `control.revision` is new.
    ///
    /// # Errors
    /// When the store fails; it may then be written or not.
    fn save_control(
        &self,
        connection: &ConnectionId,
        control: &Control,
        expected: u64,
    ) -> impl Future<Output = Result<Saved<Control>, PortError>> + Send;
}

/// What became of a write of a journal slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotWritten {
    /// It is written.
    Done,
    /// The slot does not hold what was expected: another epoch took it.
    Conflict,
}

/// The journal's slots.
pub trait Journal: Send + Sync {
    /// All slots that were ever written, with strong consistency.
    ///
    /// # Errors
    /// When the store fails or a slot was written by a newer version of the program.
    fn entries(&self, connection: &ConnectionId) -> impl Future<Output = Result<Vec<Entry>, PortError>> + Send;

    /// Writes a slot if its content is still the one stamped `expected`, or if it was never written and that is none.
    ///
    /// # Errors
    /// When the store fails; it may then be written or not.
    fn write_entry(
        &self,
        connection: &ConnectionId,
        entry: &Entry,
        expected: Option<Stamp>,
    ) -> impl Future<Output = Result<SlotWritten, PortError>> + Send;
}

/// The connections' settings.
pub trait Connections: Send + Sync {
    /// All connections; one whose settings cannot be read does not hide the others.
    ///
    /// # Errors
    /// When the store fails.
    fn connections(&self) -> impl Future<Output = Result<Vec<Result<Connection, PortError>>, PortError>> + Send;

    /// One connection, if there is one of that name.
    ///
    /// # Errors
    /// When the store fails or its settings cannot be read.
    fn connection(&self, id: &ConnectionId) -> impl Future<Output = Result<Option<Connection>, PortError>> + Send;

    /// Writes a connection's settings, new or not.
    ///
    /// # Errors
    /// When the store fails.
    fn save_connection(&self, connection: &Connection) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Raises the number of shards; never lowers it, and leaves the other settings alone.
    ///
    /// # Errors
    /// When the store fails.
    fn raise_shards(&self, id: &ConnectionId, shards: u16) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What sources report of their API calls.
pub trait UsageReports: Send + Sync {
    /// A connection's reports, with strong consistency; none if there are none.
    ///
    /// # Errors
    /// When the store fails.
    fn usage(&self, connection: &ConnectionId) -> impl Future<Output = Result<Usage, PortError>> + Send;

    /// Writes them if their revision is still `expected`. `usage.revision` is new.
    ///
    /// # Errors
    /// When the store fails; they may then be written or not.
    fn save_usage(
        &self,
        connection: &ConnectionId,
        usage: &Usage,
        expected: u64,
    ) -> impl Future<Output = Result<Saved<Usage>, PortError>> + Send;
}

/// The directory of the error types that a connection's records have, or had.
pub trait ErrorTypes: Send + Sync {
    /// All types of a connection, with strong consistency, in the order of their names.
    ///
    /// # Errors
    /// When the store fails.
    fn error_types(&self, connection: &ConnectionId) -> impl Future<Output = Result<Vec<ErrorType>, PortError>> + Send;

    /// Makes sure that a type is listed; it must be before the first record of it is written.
    ///
    /// # Errors
    /// When the store fails.
    fn list_error_type(
        &self,
        connection: &ConnectionId,
        error_type: &ErrorType,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// Nothing was left to do.
    Done,
    /// A person paused the connection.
    Paused,
    /// The connection is suspended.
    Suspended,
    /// The API budget is used up.
    Budget,
    /// The org's own limit is nearly reached.
    OrgLimit,
    /// The invocation's deadline came near.
    Deadline,
    /// The batch of records that one invocation takes is done.
    BatchDone,
    /// Another run took the lease.
    Deposed,
    /// The store throttled lastingly.
    Throttled,
    /// Salesforce kept asking to slow down.
    Busy,
}

/// What one run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// Its epoch.
    pub epoch: Epoch,
    /// What it was asked to do.
    pub selection: Selection,
    /// When it took the lease.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it stopped.
    pub stopped: StopReason,
    /// HTTP requests to Salesforce.
    pub api_calls: u64,
    /// Tries that were counted.
    pub tried: u64,
    /// Records resolved.
    pub resolved: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Tries whose outcome is unknown.
    pub unknown: u64,
    /// Records passed over, because they were not due, changed, or quarantined.
    pub skipped: u64,
}

/// The runs' reports, kept for 30 days.
pub trait Reports: Send + Sync {
    /// Keeps a report.
    ///
    /// # Errors
    /// When the store fails.
    fn keep_report(
        &self,
        connection: &ConnectionId,
        report: &RunReport,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// The latest reports, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the store fails.
    fn reports(
        &self,
        connection: &ConnectionId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RunReport>, PortError>> + Send;
}

/// All that the engine needs of a store.
pub trait Store: Records + DueRecords + Controls + Journal + Connections + UsageReports + ErrorTypes + Reports {}

impl<T: Records + DueRecords + Controls + Journal + Connections + UsageReports + ErrorTypes + Reports> Store for T {}
