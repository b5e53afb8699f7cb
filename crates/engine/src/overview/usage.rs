//! What a connection used of its API budget, and when what waits will have been tried.
//!
//! Must not know: how calls are counted, or how far ahead is looked.

use std::collections::BTreeMap;

use rules::budget::{Bucket, Budget};
use rules::connection::Connection;
use rules::control::OrgUsage;
use rules::counts::ApiCalls;
use rules::forecast::{ASSUMPTIONS, Clears, Endless, Forecast, Waiting, forecast};
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde::Serialize;

use super::{BudgetNow, budget_now};
use crate::parts::Ports;
use crate::ports::{Clock, Connections, ErrorTypes, Facts, PortError, Standings};
use crate::run::RESERVED_AT_A_TIME;

/// The calls of one span of 20 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BucketUsage {
    /// Its first instant.
    pub start: Timestamp,
    /// Our own calls.
    pub own: ApiCalls,
    /// What sources reported.
    pub reported: ApiCalls,
}

/// When the records that wait will have been tried, as a person is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForecastNow {
    /// When a budget that is used up has a call left at a tick; none when it is not used up, or never will have one.
    pub resumes: Option<Timestamp>,
    /// The tick at which the last of the waiting records is tried; none when nothing waits, or nobody can tell.
    pub clears: Option<Timestamp>,
    /// Why nobody can tell; none when it can be told, or nothing waits.
    pub endless: Option<Endless>,
    /// The same in words.
    pub because: Option<&'static str>,
    /// The failing records that schedules try, about.
    pub waiting_records: u64,
    /// Those of them that are in the timeout queue, about: they wait for their night.
    pub timed_out_records: u64,
    /// The calls that it takes to try each once.
    pub calls_needed: ApiCalls,
    /// What is taken for granted.
    pub assumes: [&'static str; ASSUMPTIONS.len()],
}

/// What a connection used of its API budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageNow {
    /// The buckets that count, oldest first; those without a call are left out.
    pub buckets: Vec<BucketUsage>,
    /// Our own calls together.
    pub own: ApiCalls,
    /// The reported ones together.
    pub reported: ApiCalls,
    /// Calls of `own` that a run under way has reserved and not made yet, at most: what it does not make comes back.
    pub reserved_at_most: ApiCalls,
    /// The sums, the cap and the limit.
    #[serde(flatten)]
    pub budget: BudgetNow,
    /// The org's own figure, if it was ever seen.
    pub org: Option<OrgUsage>,
    /// When what waits will have been tried.
    pub forecast: ForecastNow,
    /// When all this was so.
    pub at: Timestamp,
}

impl UsageNow {
    /// Every bucket from the first that counts to the one that is under way, for a picture of 24 hours: those without a call,
    /// too.
    #[must_use]
    pub fn picture(&self) -> Vec<BucketUsage> {
        let this = Bucket::of(self.at);
        let first = self.buckets.first().map_or(this, |first| Bucket::of(first.start));
        let first = first.min(Bucket(this.0.saturating_sub(BUCKETS_A_DAY)));
        let counted: BTreeMap<Timestamp, BucketUsage> = self.buckets.iter().map(|one| (one.start, *one)).collect();
        let of = |bucket: u32| counted.get(&Bucket(bucket).start()).copied().unwrap_or_else(|| empty(Bucket(bucket)));
        (first.0..=this.0).map(of).collect()
    }
}

/// Buckets of 20 minutes in a day.
const BUCKETS_A_DAY: u32 = 72;

fn empty(bucket: Bucket) -> BucketUsage {
    BucketUsage { start: bucket.start(), own: ApiCalls(0), reported: ApiCalls(0) }
}

/// What a connection used, if there is one of that name.
///
/// # Errors
/// When the store fails.
pub async fn usage<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<UsageNow>, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(None);
    };
    usage_of(ports, &connection).await.map(Some)
}

/// The same of a connection whose settings are known.
///
/// # Errors
/// When the store fails.
pub async fn usage_of<P: Ports>(ports: &P, connection: &Connection) -> Result<UsageNow, PortError> {
    let facts = ports.store().facts(&connection.id).await?;
    let waiting = waiting(ports, connection).await?;
    Ok(usage_now(connection, &facts, waiting, ports.clock().now()))
}

/// The failing records that schedules try, as far as they are counted.
async fn waiting<P: Ports>(ports: &P, connection: &Connection) -> Result<Waiting, PortError> {
    let totals = ports.store().totals(&connection.id).await?;
    let scheduled = totals.records.iter().filter(|(of, _)| !connection.policy.excludes(of));
    Ok(Waiting { records: scheduled.map(|(_, records)| records).sum(), timed_out: totals.timed_out })
}

fn usage_now(connection: &Connection, facts: &Facts, waiting: Waiting, now: Timestamp) -> UsageNow {
    let timeout = connection.request_timeout();
    let Facts { control, usage } = facts;
    let reported = usage.total();
    let mut buckets: BTreeMap<Bucket, BucketUsage> = BTreeMap::new();
    let counts = |bucket: &Bucket, calls: ApiCalls| bucket.counts_until(timeout) > now && calls > ApiCalls(0);
    for (bucket, calls) in control.ledger.buckets().filter(|(bucket, calls)| counts(bucket, *calls)) {
        buckets.entry(bucket).or_insert_with(|| empty(bucket)).own += calls;
    }
    for (bucket, calls) in reported.buckets().filter(|(bucket, calls)| counts(bucket, *calls)) {
        buckets.entry(bucket).or_insert_with(|| empty(bucket)).reported += calls;
    }
    let budget = Budget::of(connection, control, &reported);
    let own = control.ledger.used(now, timeout);
    let is_running = control.lease.as_ref().is_some_and(|lease| lease.until > now);
    UsageNow {
        reserved_at_most: if is_running { own.min(RESERVED_AT_A_TIME) } else { ApiCalls(0) },
        buckets: buckets.into_values().collect(),
        own,
        reported: reported.used(now, timeout),
        budget: budget_now(connection, facts, now),
        org: control.org,
        forecast: in_words(forecast(connection, control, &budget, waiting, now), waiting),
        at: now,
    }
}

fn in_words(forecast: Forecast, waiting: Waiting) -> ForecastNow {
    let (clears, endless) = match forecast.clears {
        Clears::Nothing => (None, None),
        Clears::At(tick) => (Some(tick), None),
        Clears::Unknown(why) => (None, Some(why)),
    };
    ForecastNow {
        resumes: forecast.resumes,
        clears,
        endless,
        because: endless.map(Endless::words),
        waiting_records: waiting.records,
        timed_out_records: waiting.timed_out.min(waiting.records),
        calls_needed: forecast.calls_needed,
        assumes: ASSUMPTIONS,
    }
}
