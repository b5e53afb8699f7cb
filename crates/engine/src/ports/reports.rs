//! The store's port for what runs did.
//!
//! Must not know: how a run works.

use std::time::Duration;

use rules::ids::{ConnectionId, Epoch, RunId};
use rules::owed::Selection;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortError;

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
    /// The process was asked to end.
    Halted,
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
    /// Failures that were deleted because a person asked for it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deleted: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The runs' reports, each kept for a while.
pub trait Reports: Send + Sync {
    /// Keeps a report for `keep_for` after the run's end.
    ///
    /// # Errors
    /// When the store fails.
    fn keep_report(
        &self,
        connection: &ConnectionId,
        report: &RunReport,
        keep_for: Duration,
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
