//! The overview: how connections stand, what they used of their budget, and what their records fail with.
//!
//! Must not know: how the answers are shown. It changes nothing.

mod errors;
mod family;
mod filter;
mod line;
mod listing;
mod usage;

pub use errors::{ErrorCount, errors, errors_of, failing_of_each};
pub use family::{Waiting, waiting_for};
pub use filter::{Filter, IdStart, MessagePart};
pub use line::Line;
pub use listing::{Page, Place, list};
pub use usage::{BucketUsage, ForecastNow, UsageNow, usage, usage_of};

use std::borrow::Cow;

use rules::budget::Budget;
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::events::FAR_FUTURE;
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::policy::Policy;
use rules::schedule::{TICK, next_tick_after};
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use serde::Serialize;
use tracing::warn;

use crate::explain::delayed;
use crate::parts::Ports;
use crate::ports::{self as port, Clock, Connections, Facts, PortError, Standings};
use crate::run::closed_gates;

/// A suspension, as a person is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspensionNow {
    /// The cause's name.
    pub cause: &'static str,
    /// The cause in words.
    pub words: Cow<'static, str>,
    /// Since when.
    pub since: Timestamp,
    /// The next probe; none when only a person or the secret can help.
    pub next_probe: Option<Timestamp>,
    /// What ends it when no probe does.
    pub goes_on: Option<&'static str>,
}

impl From<&Suspension> for SuspensionNow {
    fn from(suspension: &Suspension) -> Self {
        Self {
            cause: name(&suspension.cause),
            words: suspension.cause.words(),
            since: suspension.since,
            next_probe: suspension.next_probe,
            goes_on: suspension.cause.goes_on(),
        }
    }
}

fn name(cause: &Cause) -> &'static str {
    match cause {
        Cause::LoginRefused { .. } => "login_refused",
        Cause::SecretUnreadable { .. } => "secret_unreadable",
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
    /// When its schedules try records next.
    pub next_run: NextRun,
}

/// When a connection's schedules try records next, as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextRun {
    /// Then.
    At(Timestamp),
    /// Nobody can tell: after this.
    When(&'static str),
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
    let (read, damaged): (Vec<_>, Vec<_>) = ports.store().connections().await?.into_iter().partition(Result::is_ok);
    let connections: Vec<Connection> = read.into_iter().filter_map(Result::ok).collect();
    let ids: Vec<ConnectionId> = connections.iter().map(|connection| connection.id.clone()).collect();
    let facts = ports.store().facts_of_each(&ids).await?;
    let now = ports.clock().now();
    let damaged = damaged.into_iter().filter_map(Result::err);
    let standings = connections.into_iter().zip(facts).map(|(one, facts)| Ok(stand(one, &facts?, now)));
    for standing in standings.chain(damaged.map(Err)) {
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
    Ok(standing_by(ports, id).await?.map(|(standing, _)| standing))
}

/// The same, and what it is known by.
///
/// # Errors
/// When the store fails.
pub async fn standing_by<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<(Standing, Facts)>, PortError> {
    let Some(port::Standing { connection, facts }) = ports.store().standing(id).await? else {
        return Ok(None);
    };
    Ok(Some((stand(connection, &facts, ports.clock().now()), facts)))
}

fn stand(connection: Connection, facts: &Facts, now: Timestamp) -> Standing {
    Standing {
        suspension: facts.control.suspension.as_ref().map(SuspensionNow::from),
        open_requests: facts.control.owed.forced.len(),
        budget: budget_now(&connection, facts, now),
        next_run: next_run(&connection, facts, now),
        connection,
    }
}

/// The next tick or sweep at which no gate of the whole connection is closed any more.
fn next_run(connection: &Connection, facts: &Facts, now: Timestamp) -> NextRun {
    let next = match &connection.policy {
        Policy::Recent(policy) if facts.control.owed.recent.is_none() => policy.next_sweep(now),
        Policy::Recent(_) | Policy::Interval(_) => Some(next_tick_after(now, TICK)),
    };
    let Some(next) = next else { return NextRun::When("when a sweep is set") };
    let closed = closed_gates(connection, &facts.control, &facts.usage, now);
    let opened = || closed.iter().find_map(Gate::opens_when).unwrap_or("when its gates open");
    delayed(next, &closed, now).map_or_else(|| NextRun::When(opened()), NextRun::At)
}

fn budget_now(connection: &Connection, facts: &Facts, now: Timestamp) -> BudgetNow {
    let reported = facts.usage.total();
    let budget = Budget::of(connection, &facts.control, &reported);
    let used = budget.used(now);
    let is_spent = used >= budget.cap;
    BudgetNow {
        used,
        cap: budget.cap,
        api_limit: connection.budget.api_limit,
        resumes: is_spent.then(|| budget.frees(ApiCalls(1), now)).flatten(),
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
    let Facts { control, usage } = ports.store().facts(&connection.id).await?;
    let closed = closed_gates(connection, &control, &usage, ports.clock().now());
    Ok(closed.iter().map(|gate| format!("{gate}; {}", gate.sooner())).collect())
}
