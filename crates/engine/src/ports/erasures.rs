//! The store's port for erasures: all that goes with one record goes at once, or nothing does.
//!
//! Must not know: where a record's key may stand, or who wants it erased.

use rules::control::Control;
use rules::ids::ConnectionId;
use rules::journal::{Entry, Stamp};
use rules::record::Stored;
use rules::resync::Request;

use super::{AuditEntry, CountChange, PortError};

/// All that one write takes out of the store, and what it leaves instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The connection.
    pub connection: ConnectionId,
    /// The record as it was read: its item goes, its payload, and the pointer from its parent. Nothing marks that it was there.
    pub record: Option<Stored>,
    /// What that changes in the numbers of its type.
    pub counts: Option<CountChange>,
    /// The requests that name it, each as it was read and as it shall be; both have the same id and instant.
    pub requests: Vec<(Request, Request)>,
    /// The journal's entries that name it, each as it shall be, and the stamp of the one that was read.
    pub entries: Vec<(Entry, Stamp)>,
    /// What the audit is to tell, if this write is the one that tells it.
    pub audit: Option<AuditEntry>,
    /// The control item as it shall be; its revision is new.
    pub control: Control,
    /// The revision of the one that is there.
    pub expected: u64,
}

impl Erasure {
    /// The most requests of one write, each of which names 100 records at most: a write has 4 MB.
    pub const MOST_REQUESTS: usize = 10;

    /// The most journal entries of one write, each of which has 200 ids at most.
    pub const MOST_ENTRIES: usize = 10;
}

/// What became of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasing {
    /// All of it is done.
    Done,
    /// Something is not as it was read any more: nothing is done. It is also answered where the reply of the same write was lost;
    /// the control item's revision tells that.
    Conflict,
}

/// Erasures.
pub trait Erasures: Send + Sync {
    /// Carries all of it out, if the record, the requests, the entries and the control item are as they were read.
    ///
    /// # Errors
    /// When the store fails; all of it may then be done or nothing.
    fn erase(&self, erasure: &Erasure) -> impl Future<Output = Result<Erasing, PortError>> + Send;
}
