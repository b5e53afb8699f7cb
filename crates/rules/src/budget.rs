//! The API budget: a window of 24 hours in buckets of 20 minutes, the cap, and reservations before spending.
//!
//! Must not know: who calls Salesforce, or how the ledger is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::control::Control;
use crate::counts::ApiCalls;
use crate::time::Timestamp;

/// The width of a bucket.
pub const BUCKET: Duration = Duration::from_mins(20);

const BUCKET_MILLIS: i64 = 20 * 60 * 1_000;

/// The window over which calls are counted.
pub const WINDOW: Duration = Duration::from_hours(24);

/// How far two clocks may be apart, both ways, with room for the reply: added to the time for which a bucket counts.
const SKEW: Duration = Duration::from_secs(10);

/// A span of 20 minutes, numbered from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(pub u32);

impl Bucket {
    /// The bucket that `instant` is in.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self(u32::try_from(instant.as_millis().div_euclid(BUCKET_MILLIS)).unwrap_or(0))
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(0) + BUCKET * self.0
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start() + BUCKET
    }

    /// Until when its calls count. A request that was reserved in its last moment may reach Salesforce as late as the
    /// request's time-out allows, so the window may over-count by one bucket and never under-counts.
    #[must_use]
    pub fn counts_until(self, request_timeout: Duration) -> Timestamp {
        self.end() + WINDOW + request_timeout + SKEW
    }
}

/// How the cap follows from the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetSettings {
    /// The API calls per 24 hours that the connector was given; none when nobody set a limit.
    pub api_limit: Option<ApiCalls>,
    /// The cap when no limit is set; 5,000 calls.
    pub cap_without_limit: ApiCalls,
    /// The share of the limit at which retries stop, in percent; 75.
    pub limit_share_percent: u8,
    /// The share of the org's own limit at which a run stops, in percent; 95.
    pub org_share_percent: u8,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { api_limit: None, cap_without_limit: ApiCalls(5_000), limit_share_percent: 75, org_share_percent: 95 }
    }
}

impl BudgetSettings {
    /// The most calls that may be used in 24 hours: `n` more are allowed only if used + `n` ≤ cap.
    #[must_use]
    pub fn cap(&self) -> ApiCalls {
        match self.api_limit {
            None => self.cap_without_limit,
            Some(limit) => share(limit, self.limit_share_percent),
        }
    }

    /// The org's usage at which a run stops, of the org's own `limit`.
    #[must_use]
    pub fn org_stop(&self, limit: ApiCalls) -> ApiCalls {
        share(limit, self.org_share_percent)
    }
}

fn share(whole: ApiCalls, percent: u8) -> ApiCalls {
    let part = u128::from(whole.0) * u128::from(percent) / 100;
    ApiCalls(u64::try_from(part).unwrap_or(u64::MAX))
}

/// Calls by bucket. At most 74 buckets count at a time: 72 of the window, the current one, and the one that a request's
/// time-out keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ledger(BTreeMap<Bucket, ApiCalls>);

impl Ledger {
    /// A ledger with these buckets.
    #[must_use]
    pub fn from_buckets(buckets: impl IntoIterator<Item = (Bucket, ApiCalls)>) -> Self {
        Self(buckets.into_iter().collect())
    }

    /// Its buckets, oldest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Bucket, ApiCalls)> {
        self.0.iter().map(|(&bucket, &calls)| (bucket, calls))
    }

    /// The calls that count at `now`.
    #[must_use]
    pub fn used(&self, now: Timestamp, request_timeout: Duration) -> ApiCalls {
        self.counting(now, request_timeout).map(|(_, calls)| calls).sum()
    }

    fn counting(&self, now: Timestamp, request_timeout: Duration) -> impl Iterator<Item = (Bucket, ApiCalls)> {
        self.buckets().filter(move |(bucket, _)| bucket.counts_until(request_timeout) > now)
    }

    /// The ledger with `calls` charged to `bucket`, and without what no longer counts at `now`.
    #[must_use]
    pub fn charge(mut self, bucket: Bucket, calls: ApiCalls, now: Timestamp, request_timeout: Duration) -> Self {
        self.0.retain(|old, _| old.counts_until(request_timeout) > now);
        *self.0.entry(bucket).or_default() += calls;
        self
    }

    /// The ledger with `calls` that were reserved in `bucket` and not made returned to it.
    #[must_use]
    pub fn give_back(mut self, bucket: Bucket, calls: ApiCalls) -> Self {
        if let Some(charged) = self.0.get_mut(&bucket) {
            *charged = charged.less(calls);
        }
        self
    }

    /// Sets a reported total if it is greater than the one known.
    #[must_use]
    pub fn report(mut self, bucket: Bucket, total: ApiCalls, now: Timestamp, request_timeout: Duration) -> Self {
        self.0.retain(|old, _| old.counts_until(request_timeout) > now);
        if bucket.counts_until(request_timeout) > now {
            let known = self.0.entry(bucket).or_default();
            *known = total.max(*known);
        }
        self
    }
}

/// The state of the budget at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget<'a> {
    /// Our own calls: retries, tokens, probes.
    pub own: &'a Ledger,
    /// What the user's own sync reports.
    pub reported: &'a Ledger,
    /// The cap in force.
    pub cap: ApiCalls,
    /// The longest that one request may take.
    pub request_timeout: Duration,
}

impl<'a> Budget<'a> {
    /// The budget of a connection as it stands: our own calls are in its control item, `reported` is what its sources made.
    #[must_use]
    pub fn of(connection: &Connection, control: &'a Control, reported: &'a Ledger) -> Self {
        Self {
            own: &control.ledger,
            reported,
            cap: connection.budget.cap(),
            request_timeout: connection.request_timeout(),
        }
    }
}

impl Budget<'_> {
    /// All calls that count at `now`.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> ApiCalls {
        self.own.used(now, self.request_timeout) + self.reported.used(now, self.request_timeout)
    }

    /// How many of `wanted` calls may be reserved at `now`.
    #[must_use]
    pub fn grant(&self, wanted: ApiCalls, now: Timestamp) -> ApiCalls {
        self.cap.less(self.used(now)).min(wanted)
    }

    /// When `needed` calls will be free if nobody makes another one; nothing if that is never, because the cap is lower.
    #[must_use]
    pub fn frees(&self, needed: ApiCalls, now: Timestamp) -> Option<Timestamp> {
        let mut used = self.used(now);
        let mut leaving: Vec<_> =
            [self.own, self.reported].iter().flat_map(|ledger| ledger.counting(now, self.request_timeout)).collect();
        leaving.sort_unstable();
        let fits = |used: ApiCalls| used + needed <= self.cap;
        if fits(used) {
            return Some(now);
        }
        leaving.into_iter().find_map(|(bucket, calls)| {
            used = used.less(calls);
            fits(used).then(|| bucket.counts_until(self.request_timeout))
        })
    }
}
