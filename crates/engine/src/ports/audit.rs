//! The store's port for who did what.
//!
//! Must not know: which actions are audited, or how their doer was recognised.

use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortError;

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A connection was set up.
    ConnectionCreated,
    /// A connection's settings were changed.
    ConnectionChanged,
    /// A connection was paused.
    Paused,
    /// A connection was resumed.
    Resumed,
    /// A connection's settings were removed.
    ConnectionDeleted,
    /// A connection's API limit was changed.
    LimitChanged,
    /// A suspension was ended by hand.
    SuspensionCleared,
    /// Records were asked to be retried now.
    ResyncRequested,
    /// Such a request was taken back.
    ResyncCancelled,
    /// Failures were asked to be deleted.
    DeletionRequested,
    /// Such a request was taken back; what was deleted by then stays deleted.
    DeletionCancelled,
    /// Such a request was carried out.
    FailuresDeleted,
    /// All that was stored of a record was removed.
    RecordErased,
    /// Failures were taken in from a file.
    Imported,
    /// Failures were written to a file.
    Exported,
    /// A connection's login was tried.
    Tested,
}

/// One thing that a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Random: two entries of one instant are two. Written in hexadecimal digits, because it may be too large for a reader's
    /// numbers.
    #[serde(with = "rules::hexadecimal")]
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// Who, as far as it is known.
    pub who: String,
    /// What.
    pub action: AuditAction,
    /// In which connection, if in one.
    pub connection: Option<ConnectionId>,
    /// What it was done to; never a payload, and of a person's record no more than a fingerprint.
    pub subject: String,
    /// How many records it concerned.
    pub records: u64,
    /// Until when it is kept.
    pub expires: Timestamp,
}

/// The audit, each entry kept until it expires.
pub trait Audits: Send + Sync {
    /// Keeps an entry. The same entry again is the same one.
    ///
    /// # Errors
    /// When the store fails; it may then be kept or not.
    fn keep_audit(&self, entry: &AuditEntry) -> impl Future<Output = Result<(), PortError>> + Send;

    /// The latest entries of one connection, or of all connections and of none, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the store fails or one of them cannot be read.
    fn audits(
        &self,
        connection: Option<&ConnectionId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, PortError>> + Send;
}
