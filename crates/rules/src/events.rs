//! Events: what comes in from a source, checked, and what goes out, with its deterministic id.
//!
//! Must not know: queues, buses, or how a failure changes a record (`ingest`).

use serde::{Deserialize, Serialize};

use crate::catalogue::ErrorType;
use crate::counts::TryKind;
use crate::ids::{BatchId, ConnectionId, ObjectName, RecordId};
use crate::owed::Selection;
use crate::suspension::Cause;
use crate::time::Timestamp;
use crate::tries::TryOutcome;
use crate::version::SourceVersion;

mod budget_spent;
mod reading;
mod timed_out;

pub use budget_spent::{BudgetSpent, Spent};
pub use timed_out::{RecordsTimedOut, TimedOutType};

pub use reading::{
    Envelope, FAR_FUTURE, Inbound, LARGEST_EVENT, LARGEST_PAYLOAD, OLDEST, ReportedFailure, ReportedSuccess,
    ReportedUsage, read,
};

/// An event that the engine publishes. At least once: a consumer drops what it has seen by the id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outbound {
    /// The outcomes of one batch.
    RecordsRetried(RecordsRetried),
    /// Records went into the timeout queue: the digest of one run, for people.
    RecordsTimedOut(RecordsTimedOut),
    /// A run spent its connection's API budget, for people.
    BudgetSpent(BudgetSpent),
    /// An older payload of ours may have followed the source's own, newer write: the source should send again.
    PossibleOverwrite(PossibleOverwrite),
    /// A hint that starts a run.
    RunRequested(RunRequested),
    /// A connection was suspended.
    ConnectionSuspended(ConnectionSuspended),
    /// A connection goes on.
    ConnectionResumed(ConnectionResumed),
}

/// The outcomes of one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordsRetried {
    /// The same whenever it is published again.
    pub id: String,
    /// The connection.
    pub connection: ConnectionId,
    /// The batch.
    pub batch: BatchId,
    /// The records' object.
    pub object: ObjectName,
    /// Who asked for the try.
    pub kind: TryKind,
    /// One per record whose outcome is written.
    pub results: Vec<RetryResult>,
}

/// What one record's try came to. No message: it might quote the payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryResult {
    /// The record's external id.
    pub id: RecordId,
    /// What the try came to.
    pub outcome: TryOutcome,
    /// The type of the error, when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<ErrorType>,
}

/// An older payload of ours may have followed the source's own, newer write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PossibleOverwrite {
    /// The same whenever it is published again.
    pub id: String,
    /// The connection.
    pub connection: ConnectionId,
    /// The record's object.
    pub object: ObjectName,
    /// The record's external id.
    pub external_id: RecordId,
    /// The version that we sent.
    pub sent: SourceVersion,
    /// The newer version that its source had written.
    pub newer: SourceVersion,
}

/// A hint that starts a run of one connection. What is to be done stands in the control item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequested {
    /// The connection.
    pub connection: ConnectionId,
    /// What to try.
    pub selection: Selection,
}

/// A connection was suspended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSuspended {
    /// The connection.
    pub connection: ConnectionId,
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// When the next probe may be sent; absent when only a person or a new secret can help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_probe: Option<Timestamp>,
}

/// A connection goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionResumed {
    /// The connection.
    pub connection: ConnectionId,
    /// When the probe succeeded, or a person cleared the suspension.
    pub at: Timestamp,
}

impl Outbound {
    /// The bus's name for this kind of event.
    #[must_use]
    pub fn detail_type(&self) -> &'static str {
        match self {
            Self::RecordsRetried(_) => "Records Retried",
            Self::RecordsTimedOut(_) => "Records Timed Out",
            Self::BudgetSpent(_) => "Budget Spent",
            Self::PossibleOverwrite(_) => "Possible Overwrite",
            Self::RunRequested(_) => "Run Requested",
            Self::ConnectionSuspended(_) => "Connection Suspended",
            Self::ConnectionResumed(_) => "Connection Resumed",
        }
    }

    /// The connection that it concerns.
    #[must_use]
    pub fn connection(&self) -> &ConnectionId {
        match self {
            Self::RecordsRetried(event) => &event.connection,
            Self::RecordsTimedOut(event) => &event.connection,
            Self::BudgetSpent(event) => &event.connection,
            Self::PossibleOverwrite(event) => &event.connection,
            Self::RunRequested(event) => &event.connection,
            Self::ConnectionSuspended(event) => &event.connection,
            Self::ConnectionResumed(event) => &event.connection,
        }
    }
}

impl RecordsRetried {
    /// The event of a batch; its id follows from the batch alone.
    #[must_use]
    pub fn of(
        connection: ConnectionId,
        object: ObjectName,
        batch: BatchId,
        kind: TryKind,
        results: Vec<RetryResult>,
    ) -> Self {
        Self { id: format!("{connection}/{batch}"), connection, batch, object, kind, results }
    }
}

impl PossibleOverwrite {
    /// The event of a record whose newer version succeeded; its id follows from the record and that version.
    #[must_use]
    pub fn of(
        connection: ConnectionId,
        object: ObjectName,
        external_id: RecordId,
        sent: SourceVersion,
        newer: SourceVersion,
    ) -> Self {
        Self {
            id: format!("{connection}/{object}/{external_id}/{newer}"),
            connection,
            object,
            external_id,
            sent,
            newer,
        }
    }
}
