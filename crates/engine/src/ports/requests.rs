//! The store's port for what people ask to be retried now.
//!
//! Must not know: how a request is carried out.

use rules::control::Control;
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::{AuditEntry, PortError, Saved};

/// What became of a request that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptRequest {
    /// It is new.
    New,
    /// One of that id was kept before: this one. It is the same one when only the reply of the first attempt was lost.
    Known(Box<Request>),
    /// The control item is another one by now, and nothing is kept: this one.
    Overtaken(Box<Control>),
}

/// The requests for forced retries, each kept for 30 days after its end.
pub trait Requests: Send + Sync {
    /// Keeps a request together with the control item that owes it and the audit's entry that tells it, all or nothing, unless its connection has a request of that
    /// id, or the revision of the control item that is there is not `expected` any more; `0` is the revision of none.
    ///
    /// # Errors
    /// When the store fails; all may then be kept or nothing.
    fn keep_request(
        &self,
        request: &Request,
        owing: &Control,
        expected: u64,
        audit: &AuditEntry,
    ) -> impl Future<Output = Result<KeptRequest, PortError>> + Send;

    /// One request, with strong consistency.
    ///
    /// # Errors
    /// When the store fails or it cannot be read.
    fn request(
        &self,
        connection: &ConnectionId,
        id: &RequestId,
    ) -> impl Future<Output = Result<Option<Request>, PortError>> + Send;

    /// These requests of a connection in any order, with strong consistency; those that are not there are left out.
    ///
    /// # Errors
    /// When the store fails or one of them cannot be read.
    fn requests_named(
        &self,
        connection: &ConnectionId,
        ids: &[RequestId],
    ) -> impl Future<Output = Result<Vec<Request>, PortError>> + Send;

    /// The latest requests, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the store fails or one of them cannot be read.
    fn requests(
        &self,
        connection: &ConnectionId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Request>, PortError>> + Send;

    /// Writes `after` over a request that is still `before`; both have the same connection, id and instant. A conflict tells
    /// the request that is there now, or none when it is gone.
    ///
    /// # Errors
    /// When the store fails or the one that is there cannot be read; `after` may then be written or not.
    fn change_request(
        &self,
        before: &Request,
        after: &Request,
    ) -> impl Future<Output = Result<Saved<Option<Request>>, PortError>> + Send;
}
