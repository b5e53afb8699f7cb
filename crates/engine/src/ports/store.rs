//! The store's ports for what there is one of for each connection: settings, control item, journal, usage. Every write
//!  that others may race is conditional, and losing is a value.
//!
//! Must not know: tables, indexes, capacity.

use rules::connection::Connection;
use rules::control::Control;
use rules::ids::ConnectionId;
use rules::journal::{Entry, Stamp};
use rules::usage::Usage;

use super::PortError;
use super::actions::ActionKeys;
use super::audit::{AuditEntry, Audits};
use super::directory::ErrorTypes;
use super::due::DueRecords;
use super::erasures::Erasures;
use super::facts::Standings;
use super::records::Records;
use super::reports::Reports;
use super::requests::Requests;

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

    /// The same as it was a moment ago, at half the cost: for whoever only looks whether a run is worth starting.
    ///
    /// # Errors
    /// As [`Controls::control`].
    fn glance(&self, connection: &ConnectionId) -> impl Future<Output = Result<Control, PortError>> + Send {
        self.control(connection)
    }

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

/// Put on the settings of a connection that is to be deleted. Random: each deletion knows its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeletionMark(pub u64);

/// A connection's settings for one who takes records in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// The settings.
    pub connection: Connection,
    /// Whether they bear a mark.
    pub is_being_deleted: bool,
}

/// What became of settings that were to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// They are gone, and the audit says so.
    Done,
    /// They do not bear this mark any more, and stay.
    Kept,
    /// Somebody else removed them.
    Gone,
}

/// The connections' settings.
pub trait Connections: Send + Sync {
    /// All connections; one whose settings cannot be read does not hide the others.
    ///
    /// # Errors
    /// When the store fails.
    fn connections(&self) -> impl Future<Output = Result<Vec<Result<Connection, PortError>>, PortError>> + Send;

    /// The same as they were a moment ago, at half the cost: for whoever looks again within minutes.
    ///
    /// # Errors
    /// As [`Connections::connections`].
    fn connections_lately(&self) -> impl Future<Output = Result<Vec<Result<Connection, PortError>>, PortError>> + Send {
        self.connections()
    }

    /// One connection, if there is one of that name.
    ///
    /// # Errors
    /// When the store fails or its settings cannot be read.
    fn connection(&self, id: &ConnectionId) -> impl Future<Output = Result<Option<Connection>, PortError>> + Send;

    /// The same, with strong consistency, and with whether it is about to be deleted.
    ///
    /// # Errors
    /// When the store fails or its settings cannot be read.
    fn intake(&self, id: &ConnectionId) -> impl Future<Output = Result<Option<Intake>, PortError>> + Send;

    /// Writes a connection's settings, new or not. A mark goes.
    ///
    /// # Errors
    /// When the store fails.
    fn save_connection(&self, connection: &Connection) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Writes the settings of a connection that is new; false if one of that name exists, and is not this very one.
    ///
    /// # Errors
    /// When the store fails; they may then be written or not.
    fn create_connection(&self, connection: &Connection) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Writes `after` if the settings are still `before`. Neither side's shards matter: those that are stored stay, unless
    /// `after` has more. A mark goes. A conflict tells the settings that are there now, or none when the connection is gone.
    ///
    /// # Errors
    /// When the store fails, or the settings that are there cannot be read; `after` may then be written or not.
    fn change_connection(
        &self,
        before: &Connection,
        after: &Connection,
    ) -> impl Future<Output = Result<Saved<Option<Connection>>, PortError>> + Send;

    /// Puts a mark on a connection's settings, in place of any other; false when there are none.
    ///
    /// # Errors
    /// When the store fails; they may then bear it or not.
    fn begin_deletion(
        &self,
        id: &ConnectionId,
        mark: DeletionMark,
    ) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Takes any mark off a connection's settings; false when there are none.
    ///
    /// # Errors
    /// When the store fails; they may then bear one or not.
    fn keep_connection(&self, id: &ConnectionId) -> impl Future<Output = Result<bool, PortError>> + Send;

    /// Removes a connection's settings, if they bear this mark, and keeps the audit's entry that tells it, both or neither. Its
    /// control item stays, so that epochs only grow; so do its records, its journal and what it keeps for a while.
    ///
    /// # Errors
    /// When the store fails; they may then be gone, and the entry kept, or neither.
    fn delete_connection(
        &self,
        id: &ConnectionId,
        mark: DeletionMark,
        audit: &AuditEntry,
    ) -> impl Future<Output = Result<Removed, PortError>> + Send;

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

/// All that the engine needs of a store.
pub trait Store:
    Records
    + DueRecords
    + Controls
    + Journal
    + Connections
    + UsageReports
    + Standings
    + ErrorTypes
    + Reports
    + Requests
    + Audits
    + ActionKeys
    + Erasures
{
}

impl<T> Store for T where
    T: Records
        + DueRecords
        + Controls
        + Journal
        + Connections
        + UsageReports
        + Standings
        + ErrorTypes
        + Reports
        + Requests
        + Audits
        + ActionKeys
        + Erasures
{
}
