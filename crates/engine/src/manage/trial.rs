//! A trial of a connection: one login and one harmless request, both reserved in the budget before they are made.
//!
//! Must not know: runs. A paused or suspended connection may be tried out: that is how a person finds out whether it works.

use std::borrow::Cow;

use rules::budget::{Bucket, Budget};
use rules::connection::Connection;
use rules::control::{Control, OrgUsage};
use rules::counts::ApiCalls;
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::suspension::Cause;
use rules::time::Timestamp;
use serde::Serialize;
use tracing::warn;

use super::audit::{Deed, note};
use crate::control::{Changed, change};
use crate::parts::Ports;
use crate::ports::{
    AuditAction, Clock, Connections, LoginAnswer, NotProcessed, OrgFigure, PortError, ProbeAnswer, Reply, SyncTarget,
    Targets, UsageReports,
};

/// A login and a probe.
const BOTH: ApiCalls = ApiCalls(2);

/// What a trial found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialAnswer {
    /// Salesforce takes our token.
    Up,
    /// The credentials could not be read, so that nothing was sent.
    SecretUnreadable,
    /// The login was refused.
    LoginRefused,
    /// A fresh token was refused.
    SessionRefused,
    /// The user may not use the API, or the org is locked.
    AccessRefused,
    /// The org's own limit is reached.
    OrgLimit,
    /// Asked to slow down.
    Busy,
    /// It says that it is unavailable.
    Down,
    /// No connection came about.
    Unreachable,
    /// No answer, or one that could not be understood.
    NotUnderstood,
}

impl TrialAnswer {
    /// The answer in words, for a person.
    #[must_use]
    pub fn words(self) -> Cow<'static, str> {
        let words = match self {
            Self::Up => "Salesforce took the login and answered",
            Self::SecretUnreadable => "the credentials cannot be read: check the secret's name and what it holds",
            Self::LoginRefused => return Cause::LoginRefused { secret: String::new() }.words(),
            Self::SessionRefused => return Cause::SessionRefused.words(),
            Self::AccessRefused => return Cause::AccessRefused.words(),
            Self::OrgLimit => return Cause::OrgLimit.words(),
            Self::Busy => "Salesforce asks to slow down: try again shortly",
            Self::Down => return Cause::Down.words(),
            Self::Unreachable => "Salesforce could not be reached: check login_url, the network and allowed_hosts",
            Self::NotUnderstood => "no answer came, or one that could not be understood: check login_url",
        };
        Cow::Borrowed(words)
    }

    fn of(why: NotProcessed) -> Self {
        match why {
            NotProcessed::LoginRefused => Self::LoginRefused,
            NotProcessed::AccessRefused => Self::AccessRefused,
            NotProcessed::OrgLimit => Self::OrgLimit,
            NotProcessed::Busy => Self::Busy,
            NotProcessed::Down => Self::Down,
            NotProcessed::Unreachable => Self::Unreachable,
        }
    }
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It was made.
    Made {
        /// What it found.
        answer: TrialAnswer,
        /// The requests that it took.
        api_calls: ApiCalls,
        /// The org's own figure, if an answer carried it.
        org: Option<OrgFigure>,
    },
    /// The budget has no two calls left: this is its gate.
    Spent(Gate),
    /// There is no such connection.
    UnknownConnection,
}

/// Tries a connection out.
///
/// # Errors
/// When the store fails, or no client can be made from the settings.
pub async fn try_out<P: Ports>(ports: &P, id: &ConnectionId, who: &str) -> Result<Trial, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(Trial::UnknownConnection);
    };
    note(ports, Some(&connection), Deed::of(who, AuditAction::Tested, String::new())).await?;
    let target = ports.targets().of(&connection)?;
    if let Err(problem) = target.secret_version().await {
        warn!(connection = %id, %problem, "the credentials cannot be read");
        return Ok(Trial::Made { answer: TrialAnswer::SecretUnreadable, api_calls: ApiCalls(0), org: None });
    }
    let mut purse = match reserve(ports, &connection, BOTH).await? {
        Ok(bucket) => Purse { bucket, left: BOTH, made: ApiCalls(0), org: None },
        Err(gate) => return Ok(Trial::Spent(gate)),
    };
    let answer = call(ports, &connection, target.as_ref(), &mut purse).await;
    settle(ports, &connection, &purse).await?;
    Ok(Trial::Made { answer: answer?, api_calls: purse.made, org: purse.org.map(|(figure, _)| figure) })
}

/// What is reserved, and what was learnt by spending it.
struct Purse {
    bucket: Bucket,
    left: ApiCalls,
    made: ApiCalls,
    org: Option<(OrgFigure, Timestamp)>,
}

impl Purse {
    fn spend<A, P: Ports>(&mut self, ports: &P, reply: Reply<A>) -> A {
        self.org = reply.org.map(|figure| (figure, ports.clock().now())).or(self.org);
        reply.answer
    }

    fn take(&mut self) {
        self.left = self.left.less(ApiCalls(1));
        self.made += ApiCalls(1);
    }
}

async fn call<P: Ports>(
    ports: &P,
    connection: &Connection,
    target: &impl SyncTarget,
    purse: &mut Purse,
) -> Result<TrialAnswer, PortError> {
    purse.take();
    let reply = target.login().await;
    match purse.spend(ports, reply) {
        LoginAnswer::SignedIn => {}
        LoginAnswer::NotProcessed(why) => return Ok(TrialAnswer::of(why)),
        LoginAnswer::Unknown => return Ok(TrialAnswer::NotUnderstood),
    }
    // A reservation is good for its own bucket: a login that took its time has outlived the other half.
    if Bucket::of(ports.clock().now()) != purse.bucket {
        settle(ports, connection, purse).await?;
        purse.left = ApiCalls(0);
        match reserve(ports, connection, ApiCalls(1)).await? {
            Ok(bucket) => (purse.bucket, purse.left) = (bucket, ApiCalls(1)),
            Err(_) => return Ok(TrialAnswer::Busy),
        }
    }
    purse.take();
    let reply = target.probe().await;
    Ok(match purse.spend(ports, reply) {
        ProbeAnswer::Up => TrialAnswer::Up,
        ProbeAnswer::SessionExpired => TrialAnswer::SessionRefused,
        ProbeAnswer::NotProcessed(why) => TrialAnswer::of(why),
        ProbeAnswer::Unknown => TrialAnswer::NotUnderstood,
    })
}

/// Reserves `calls`, whoever holds the lease; the budget's gate when there are not so many.
async fn reserve<P: Ports>(
    ports: &P,
    connection: &Connection,
    calls: ApiCalls,
) -> Result<Result<Bucket, Gate>, PortError> {
    let (cap, request_timeout) = (connection.budget.cap(), connection.request_timeout());
    let reported = ports.store().usage(&connection.id).await?.total();
    let mut bucket = Bucket::of(ports.clock().now());
    let reserved = change(ports, &connection.id, |control: Control| {
        let now = ports.clock().now();
        let budget = Budget { own: &control.ledger, reported: &reported, cap, request_timeout };
        if budget.grant(calls, now) < calls {
            let resumes = budget.frees(calls, now);
            return Err(Gate::Budget { used: budget.used(now), cap, resumes });
        }
        bucket = Bucket::of(now);
        let ledger = control.ledger.clone().charge(bucket, calls, now, request_timeout);
        Ok(Control { ledger, ..control })
    });
    Ok(match reserved.await? {
        Changed::Done { .. } => Ok(bucket),
        Changed::Refused(gate) => Err(gate),
    })
}

/// Gives back what was not spent, and notes the org's figure.
async fn settle<P: Ports>(ports: &P, connection: &Connection, purse: &Purse) -> Result<(), PortError> {
    let figure = purse.org.map(|(figure, at)| OrgUsage { used: figure.used, limit: figure.limit, at });
    change(ports, &connection.id, |control: Control| {
        let settled = Control {
            ledger: control.ledger.clone().give_back(purse.bucket, purse.left),
            org: figure.or(control.org),
            ..control.clone()
        };
        if settled == control { Err(()) } else { Ok(settled) }
    })
    .await?;
    Ok(())
}
