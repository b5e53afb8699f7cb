//! The store's port that lists records: what is due, and what failed since when.
//!
//! Must not know: how an index is kept, or what the listed keys are read for.

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortError;

/// The two queues of the interval policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Tried every 20 minutes.
    Interval,
    /// Tried every night.
    TimedOut,
}

/// Over how many index keys the entries that a listing gives in a row are spread, as far as there are so many: what is listed
/// together is written together, and each key takes only so many writes a second.
pub const SIDE_BY_SIDE: u16 = 8;

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

/// Which part of a listing by age is looked at: failing records of one error type, by first failure.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The connection.
    pub connection: &'a ConnectionId,
    /// The error type.
    pub error_type: &'a ErrorType,
    /// The earliest first failure.
    pub from: Timestamp,
    /// The latest first failure.
    pub to: Timestamp,
    /// Over how many index keys the connection's records are spread.
    pub shards: u16,
}

/// An entry of the index by age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgedKey {
    /// The record.
    pub key: RecordKey,
    /// Its first failure.
    pub first_failed: Timestamp,
    /// Where to go on after it.
    pub place: PageToken,
}

/// A stretch of a listing by age, as one request answers it. It comes from an index that may lag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The entries; there may be none before the end.
    pub entries: Vec<AgedKey>,
    /// Where to go on; none at the end.
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

    /// The next stretch of what [`DueRecords::aged`] lists of one type, with one request to the index, at most `limit` entries.
    ///
    /// # Errors
    /// When the store fails or cannot read the token.
    fn look(
        &self,
        look: Look<'_>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> impl Future<Output = Result<Stretch, PortError>> + Send;
}
