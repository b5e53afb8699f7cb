//! The overview: how connections stand, what they used of their budget, and what their records fail with.
//!
//! Must not know: how the answers are shown. It changes nothing.

mod errors;
mod listing;

pub use errors::{ErrorCount, errors};
pub use listing::{Filter, Line, LineState, Page, Place, list};

use std::collections::BTreeMap;

use rules::budget::{Bucket, Budget};
use rules::connection::Connection;
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::events::FAR_FUTURE;
use rules::ids::ConnectionId;
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use rules::usage::Usage;
use serde::Serialize;
use tracing::warn;

use crate::parts::Ports;
use crate::ports::{Clock, Connections, Controls, PortError, UsageReports};
use crate::run::closed_gates;

/// A suspension, as a person is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspensionNow {
    /// The cause's name.
    pub cause: &'static str,
    /// The cause in words.
    pub words: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// The next probe; none when only a person or a new secret can help.
    pub next_probe: Option<Timestamp>,
}

impl From<&Suspension> for SuspensionNow {
    fn from(suspension: &Suspension) -> Self {
        Self {
            cause: name(&suspension.cause),
            words: suspension.cause.words(),
            since: suspension.since,
            next_probe: suspension.next_probe,
        }
    }
}

fn name(cause: &Cause) -> &'static str {
    match cause {
        Cause::LoginRefused { .. } => "login_refused",
        Cause::SessionRefused => "session_refused",
        Cause::AccessRefused => "access_refused",
        Cause::OrgLimit => "org_limit",
        Cause::Storage => "storage",
        Cause::Down => "down",
        Cause::Unreachable => "unreachable",
    }
}

/// The API budget at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetNow {
    /// Calls that count, our own and the reported ones.
    pub used: ApiCalls,
    /// The most that may be used.
    pub cap: ApiCalls,
    /// The limit that was set; none when nobody set one.
    pub api_limit: Option<ApiCalls>,
    /// When calls come back, if all are used up and any ever do.
    pub resumes: Option<Timestamp>,
}

/// How one connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its settings.
    pub connection: Connection,
    /// Its suspension.
    pub suspension: Option<SuspensionNow>,
    /// Its budget.
    pub budget: BudgetNow,
    /// Resyncs that a person asked for and that are not done.
    pub open_requests: usize,
}

/// How all connections stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Those that can be read, in the order of their names.
    pub connections: Vec<Standing>,
    /// How many cannot be read; the log says why.
    pub unreadable: usize,
}

/// How all connections stand.
///
/// # Errors
/// When the store fails as a whole.
pub async fn overview<P: Ports>(ports: &P) -> Result<Overview, PortError> {
    let mut all = Overview::default();
    for read in ports.store().connections().await? {
        let standing = match read {
            Ok(connection) => stand(ports, connection).await,
            Err(problem) => Err(problem),
        };
        match standing {
            Ok(standing) => all.connections.push(standing),
            Err(problem @ PortError::Unreadable { .. }) => {
                warn!(%problem, "a connection cannot be read");
                all.unreadable += 1;
            }
            Err(problem @ PortError::Unavailable { .. }) => return Err(problem),
        }
    }
    all.connections.sort_by(|one, other| one.connection.id.cmp(&other.connection.id));
    Ok(all)
}

/// How one connection stands, if there is one of that name.
///
/// # Errors
/// When the store fails.
pub async fn standing<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<Standing>, PortError> {
    match ports.store().connection(id).await? {
        Some(connection) => stand(ports, connection).await.map(Some),
        None => Ok(None),
    }
}

async fn stand<P: Ports>(ports: &P, connection: Connection) -> Result<Standing, PortError> {
    let (control, usage) = facts(ports, &connection.id).await?;
    let budget = budget_now(&connection, &control, &usage, ports.clock().now());
    Ok(Standing {
        suspension: control.suspension.as_ref().map(SuspensionNow::from),
        open_requests: control.owed.forced.len(),
        budget,
        connection,
    })
}

async fn facts<P: Ports>(ports: &P, id: &ConnectionId) -> Result<(Control, Usage), PortError> {
    Ok((ports.store().control(id).await?, ports.store().usage(id).await?))
}

fn budget_now(connection: &Connection, control: &Control, usage: &Usage, now: Timestamp) -> BudgetNow {
    let reported = usage.total();
    let budget = Budget {
        own: &control.ledger,
        reported: &reported,
        cap: connection.budget.cap(),
        request_timeout: connection.request_timeout(),
    };
    let used = budget.used(now);
    let is_spent = used >= budget.cap;
    BudgetNow {
        used,
        cap: budget.cap,
        api_limit: connection.budget.api_limit,
        resumes: is_spent.then(|| budget.frees(ApiCalls(1), now)).flatten(),
    }
}

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

/// What a connection used of its API budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UsageNow {
    /// The buckets that count, oldest first; those without a call are left out.
    pub buckets: Vec<BucketUsage>,
    /// Our own calls together.
    pub own: ApiCalls,
    /// The reported ones together.
    pub reported: ApiCalls,
    /// The sums, the cap and the limit.
    #[serde(flatten)]
    pub budget: BudgetNow,
    /// The org's own figure, if it was ever seen.
    pub org: Option<OrgUsage>,
}

/// What a connection used, if there is one of that name.
///
/// # Errors
/// When the store fails.
pub async fn usage<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<UsageNow>, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(None);
    };
    let (control, usage) = facts(ports, id).await?;
    Ok(Some(usage_now(&connection, &control, &usage, ports.clock().now())))
}

fn usage_now(connection: &Connection, control: &Control, usage: &Usage, now: Timestamp) -> UsageNow {
    let timeout = connection.request_timeout();
    let reported = usage.total();
    let mut buckets: BTreeMap<Bucket, BucketUsage> = BTreeMap::new();
    let empty = |bucket: Bucket| BucketUsage { start: bucket.start(), own: ApiCalls(0), reported: ApiCalls(0) };
    let counts = |bucket: &Bucket, calls: ApiCalls| bucket.counts_until(timeout) > now && calls > ApiCalls(0);
    for (bucket, calls) in control.ledger.buckets().filter(|(bucket, calls)| counts(bucket, *calls)) {
        buckets.entry(bucket).or_insert_with(|| empty(bucket)).own += calls;
    }
    for (bucket, calls) in reported.buckets().filter(|(bucket, calls)| counts(bucket, *calls)) {
        buckets.entry(bucket).or_insert_with(|| empty(bucket)).reported += calls;
    }
    UsageNow {
        buckets: buckets.into_values().collect(),
        own: control.ledger.used(now, timeout),
        reported: reported.used(now, timeout),
        budget: budget_now(connection, control, usage, now),
        org: control.org,
    }
}

/// The latest first failure that a record can have at `now`: sources' clocks may be ahead.
pub(crate) fn latest(now: Timestamp) -> Timestamp {
    now + FAR_FUTURE
}

/// The gates of a whole connection that are closed, in words, each with what would open it sooner: what a resync waits for.
///
/// # Errors
/// When the store fails.
pub async fn waits_for<P: Ports>(ports: &P, connection: &Connection) -> Result<Vec<String>, PortError> {
    let (control, usage) = facts(ports, &connection.id).await?;
    let closed = closed_gates(connection, &control, &usage, ports.clock().now());
    Ok(closed.iter().map(|gate| format!("{gate}; {}", gate.sooner())).collect())
}
