//! What really happened outside the system: what sources did and reported, and what persons were promised.
//!
//! Must not know: the table.

use std::collections::BTreeMap;

use rules::ids::{ConnectionId, RecordKey};
use rules::resync::Request;
use rules::time::Timestamp;
use rules::version::SourceVersion;

/// What a source reports of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    Failed,
    Succeeded,
}

/// What a source did with one version of a record.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) key: RecordKey,
    pub(crate) version: i64,
    pub(crate) what: Reported,
    /// When the system first said that it has taken it in.
    pub(crate) recorded: Option<Timestamp>,
}

/// Calls that a source says that it made.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) connection: ConnectionId,
    /// An instant in the bucket that it speaks of.
    pub(crate) at: Timestamp,
    pub(crate) calls: u64,
    /// When the system first said that it has taken it in.
    pub(crate) recorded: Option<Timestamp>,
}

/// What a person was promised.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    /// The records that were meant when it was accepted, in the versions that were known then.
    pub(crate) meant: Vec<(RecordKey, SourceVersion)>,
}

/// The facts of a play.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) reports: Vec<Report>,
    pub(crate) used: Vec<Used>,
    pub(crate) asked: Vec<Asked>,
    /// Processes that died, and those that gave up because the cloud did not answer: what they left is somebody else's to end.
    pub(crate) broken_off: BTreeMap<ConnectionId, u32>,
    /// What the system said of its failures.
    pub(crate) said: Vec<String>,
}
