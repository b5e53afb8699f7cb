//! The system that records are synced to. Every method that calls it is exactly one HTTP request, so that the engine can
//! reserve each before it is made.
//!
//! Must not know: error codes, HTTP; an adapter sorts every answer into these.

use std::sync::Arc;

use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::{FieldName, ObjectName, RecordId};
use rules::verdict::Answer;

use super::PortError;
use crate::payload::Payload;

/// One record to upsert.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// The value of the external-id field.
    pub id: RecordId,
    /// The other fields.
    pub payload: Payload,
}

/// One batch: one object, one external-id field, at most 200 records, no id twice.
#[derive(Clone, Debug)]
pub struct UpsertRequest {
    /// The object.
    pub object: ObjectName,
    /// The external-id field.
    pub field: FieldName,
    /// The records; the answers come in their order.
    pub records: Vec<Upsert>,
}

/// The org's own count of API calls, as an answer carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgFigure {
    /// Used in the past 24 hours, by everybody.
    pub used: ApiCalls,
    /// The org's limit.
    pub limit: ApiCalls,
}

/// An answer, with the org's figure if it carried one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<A> {
    /// The answer.
    pub answer: A,
    /// The org's figure.
    pub org: Option<OrgFigure>,
}

/// The request was certainly not processed: no record changes, no try counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotProcessed {
    /// The login was refused: a matter of configuration, never worth repeating.
    LoginRefused,
    /// The user may not use the API, or the org is locked.
    AccessRefused,
    /// The org's own limit of calls per day is reached.
    OrgLimit,
    /// Too many long requests at the same time, or asked to slow down: try again shortly.
    Busy,
    /// It says that it is unavailable.
    Down,
    /// No connection came about: name, refused connection, TLS, or an address that is not allowed.
    Unreachable,
}

/// The answer to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginAnswer {
    /// A token is there.
    SignedIn,
    /// None is.
    NotProcessed(NotProcessed),
    /// An answer that could not be understood, or none.
    Unknown,
}

/// The answer to a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It is up and takes our token.
    Up,
    /// The token is not valid any more.
    SessionExpired,
    /// Still not.
    NotProcessed(NotProcessed),
    /// An answer that could not be understood, or none.
    Unknown,
}

/// The answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpsertAnswer {
    /// Processed: one answer per record, in the request's order.
    Processed(Vec<Answer>),
    /// The token is not valid any more; nothing was processed.
    SessionExpired,
    /// Nothing was processed.
    NotProcessed(NotProcessed),
    /// Nobody knows whether it was, or will be, processed.
    Unknown,
    /// Refused as a whole because of something in it: poison. Nothing was processed.
    Rejected {
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
    /// Refused as a whole because of its object or external-id field, whatever is in it. Nothing was processed.
    ObjectRejected {
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
}

/// One connection's Salesforce.
pub trait SyncTarget: Send + Sync {
    /// The version of the credentials that the next login will use. Not a call to Salesforce.
    ///
    /// # Errors
    /// When the secret cannot be read.
    fn secret_version(&self) -> impl Future<Output = Result<String, PortError>> + Send;

    /// Whether a token is at hand that no answer has refused.
    fn is_signed_in(&self) -> bool;

    /// Asks for a token. One HTTP request.
    fn login(&self) -> impl Future<Output = Reply<LoginAnswer>> + Send;

    /// Asks something harmless that needs a token. One HTTP request.
    fn probe(&self) -> impl Future<Output = Reply<ProbeAnswer>> + Send;

    /// Upserts a batch. One HTTP request.
    fn upsert(&self, request: UpsertRequest) -> impl Future<Output = Reply<UpsertAnswer>> + Send;
}

/// Every connection's Salesforce.
pub trait Targets: Send + Sync {
    /// One connection's.
    type Target: SyncTarget;

    /// The client of `connection`, with its own host and credentials; it may be kept between runs.
    ///
    /// # Errors
    /// When none can be made from its settings.
    fn of(&self, connection: &Connection) -> Result<Arc<Self::Target>, PortError>;
}
