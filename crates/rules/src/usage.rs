//! What a user's own sync reports of its API calls.
//!
//! Must not know: our own calls; those are in the control item's ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget::{Bucket, Ledger};
use crate::counts::ApiCalls;
use crate::ids::SourceName;
use crate::time::Timestamp;

/// The most sources that one connection may have.
pub const MOST_SOURCES: usize = 20;

/// One report: the calls that a source made so far in one bucket. Cumulative, so that a repeated or late report does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageReport {
    /// Who made the calls.
    pub source: SourceName,
    /// In which 20 minutes.
    pub bucket: Bucket,
    /// How many so far in that bucket.
    pub total: ApiCalls,
}

/// The reports of one connection, by source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The version of the item; moves on with every write.
    pub revision: u64,
    /// Calls by source and bucket.
    pub sources: BTreeMap<SourceName, Ledger>,
}

/// A connection has more sources than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_SOURCES} sources report API calls for this connection; report them under fewer names")]
pub struct TooManySources;

impl Usage {
    /// These with `report` taken in.
    ///
    /// # Errors
    /// When it would be one source too many.
    pub fn take(
        mut self,
        report: &UsageReport,
        now: Timestamp,
        request_timeout: Duration,
    ) -> Result<Self, TooManySources> {
        self.sources.retain(|_, ledger| ledger.used(now, request_timeout) > ApiCalls(0));
        if self.sources.len() >= MOST_SOURCES && !self.sources.contains_key(&report.source) {
            return Err(TooManySources);
        }
        let ledger = self.sources.remove(&report.source).unwrap_or_default();
        self.sources.insert(report.source.clone(), ledger.report(report.bucket, report.total, now, request_timeout));
        Ok(self)
    }

    /// All sources' calls together, by bucket.
    #[must_use]
    pub fn total(&self) -> Ledger {
        let mut sum: BTreeMap<Bucket, ApiCalls> = BTreeMap::new();
        for (bucket, calls) in self.sources.values().flat_map(Ledger::buckets) {
            *sum.entry(bucket).or_default() += calls;
        }
        Ledger::from_buckets(sum)
    }
}
