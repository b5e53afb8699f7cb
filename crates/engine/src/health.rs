//! Health: whether all that a connection's retries rest on is there, and what to do about what is not. It sends Salesforce
//! nothing and changes nothing.
//!
//! Must not know: how the answer is shown, or how Salesforce itself is tried out.

use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::overdue::PATIENCE;
use crate::overview::latest;
use crate::parts::Ports;
use crate::ports::{
    Clock, Connections, DueRecords, Facts, Look, PortError, Queue, Reports, RunReport, Standings, SyncTarget, Targets,
    causes,
};
use crate::run::closed_gates;

/// Index keys that are looked at for records that should have been tried, each with a request. Records are spread over all of a
/// connection's keys alike, so that a backlog shows in any of them.
const MOST_KEYS: u16 = 4;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Fine,
    /// Retries wait, for a reason that is known.
    Waits,
    /// Something must be put right.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: `secret`, `indexes`, `ticks`, `gates`.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What to do; none when it is fine.
    pub mend: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, said: impl Into<String>) -> Self {
        Self { check, state: State::Fine, said: said.into(), mend: None }
    }

    fn wrong(check: &'static str, said: impl Into<String>, mend: &str) -> Self {
        Self { check, state: State::Wrong, said: said.into(), mend: Some(mend.to_owned()) }
    }
}

/// How a connection's retries stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// When this was so.
    pub at: Timestamp,
    /// All that was looked at.
    pub findings: Vec<Finding>,
}

/// Looks at what a connection's retries rest on, with at most ten requests to the store; nothing when there is no such connection.
///
/// # Errors
/// When the table itself does not answer, or the connection's items cannot be read.
pub async fn health<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<Health>, PortError> {
    let Some(connection) = ports.store().connection(id).await? else { return Ok(None) };
    let facts = ports.store().facts(id).await?;
    let now = ports.clock().now();
    let gates = closed_gates(&connection, &facts.control, &facts.usage, now);
    let mut findings = vec![secret(ports, &connection).await];
    match indexes(ports, &connection, now).await {
        Ok(is_late) => {
            findings.push(Finding::fine("indexes", "both indexes of the table answer"));
            let last = ports.store().reports(id, 1).await?.pop();
            findings.push(ticks(&facts, last.as_ref(), is_late && gates.is_empty()));
        }
        Err(problem) => findings.push(unanswered(&problem)),
    }
    findings.push(waiting(&gates));
    Ok(Some(Health { at: now, findings }))
}

/// Whether the credentials can be read. What they are good for only Salesforce knows.
async fn secret<P: Ports>(ports: &P, connection: &Connection) -> Finding {
    let read = async { ports.targets().of(connection)?.secret_version().await };
    let name = &connection.target.secret;
    match read.await {
        Ok(_) => Finding::fine("secret", format!("the secret {name} can be read")),
        Err(problem) => Finding::wrong(
            "secret",
            format!("the secret {name} cannot be read: {}", causes(&problem)),
            "check its name, that it holds what this flow needs, and that whoever runs the retries may read it",
        ),
    }
}

/// Asks both indexes; whether some record should have been tried a while ago and was not.
async fn indexes<P: Ports>(ports: &P, connection: &Connection, now: Timestamp) -> Result<bool, PortError> {
    let (id, store) = (&connection.id, ports.store());
    // Whether there is a record of it does not matter.
    let (error_type, from, to) = (&ErrorType::unknown(), Timestamp::from_millis(0), latest(now));
    store.look(Look { connection: id, error_type, from, to, shards: 1 }, None, 1).await?;
    let horizon = now - PATIENCE - Duration::from_millis(1);
    let page = store.due(id, Queue::Interval, horizon, connection.shards.min(MOST_KEYS), None, 1).await?;
    Ok(!page.keys.is_empty())
}

fn unanswered(problem: &PortError) -> Finding {
    let said = format!("an index of the table does not answer: {}", causes(problem));
    let mend = "check that the table has both indexes, ACTIVE, and that whoever asks may query them; `sam deploy` puts them right";
    Finding::wrong("indexes", said, mend)
}

/// What the last run tells of the schedules. Ticks without work leave no trace in the table.
fn ticks(facts: &Facts, last: Option<&RunReport>, is_late: bool) -> Finding {
    let ran = match last {
        Some(report) => format!("the last run began {}", report.started.minute()),
        None => "no run has made a call or changed a record, as far as reports are kept".to_owned(),
    };
    if is_late {
        let said =
            format!("records were due more than {} minutes ago and were not tried; {ran}", PATIENCE.as_secs() / 60);
        let mend = "check that the schedules are enabled and that the functions they start do not fail: their logs and RunDeadLetters \
                    say why; on one machine `resync local` has to run";
        return Finding::wrong("ticks", said, mend);
    }
    let owed = if facts.control.owed.is_empty() { "" } else { "; work is owed to the next one" };
    Finding::fine("ticks", format!("nothing is overdue; {ran}{owed}"))
}

/// The closed gates of the whole connection.
fn waiting(gates: &[Gate]) -> Finding {
    if gates.is_empty() {
        return Finding::fine("gates", "nothing keeps the connection from sending");
    }
    let said: Vec<String> = gates.iter().map(ToString::to_string).collect();
    let mends: Vec<&str> = gates.iter().map(Gate::sooner).collect();
    Finding { check: "gates", state: State::Waits, said: said.join("; "), mend: Some(mends.join("; ")) }
}
