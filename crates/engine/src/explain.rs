//! Explain: why a record is not retrying, with every gate, its numbers, the next try, and what would unblock it sooner.
//!
//! Must not know: how the answer is shown.

mod next;
mod sweeps;

pub(crate) use next::{delayed, opens};

use next::Expected;
use rules::budget::Budget;
use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::control::Control;
use rules::gates::{Gate, is_expired, of_connection, of_record};
use rules::ids::{ParentKey, RecordKey, RequestId};
use rules::owed::Forced;
use rules::policy::Policy;
use rules::record::{Record, Stored};
use rules::resync::{Action, Ask, Choice, Request, RequestState, Wanted};
use rules::time::Timestamp;
use rules::usage::Usage;
use serde::Serialize;
use sweeps::Sweeps;

use crate::parts::Ports;
use crate::ports::{Clock, Facts, Journal, PortError, Records, Requests, Standing, Standings};
use crate::run::Quarantine;

/// A gate as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateNow {
    /// The gate and its numbers.
    #[serde(flatten)]
    pub gate: Gate,
    /// Whether it lets the record through now.
    pub open: bool,
    /// The same in words.
    pub text: String,
    /// What would open it sooner; nothing when it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sooner: Option<&'static str>,
}

/// Why a record is, or is not, retrying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// When this was so.
    pub at: Timestamp,
    /// The record as it is stored.
    pub record: Record,
    /// Whether it is past the recent policy's window.
    pub expired: bool,
    /// What an administrator can do about its error.
    pub advice: String,
    /// Every gate, the record's own first.
    pub gates: Vec<GateNow>,
    /// Open requests of persons that will try it, whatever its own gates say.
    pub requests: Vec<RequestId>,
    /// When it will be tried next at the latest, as far as anybody can tell; none when nobody will try it as things stand.
    pub next_try: Option<Timestamp>,
    /// What that takes for granted while the budget is spent.
    pub assumes: Option<&'static str>,
    /// The record that it waits for, when that fails too.
    pub failing_parent: Option<FailingParent>,
}

/// What the next try takes for granted while the budget is spent.
const ASSUMES: &str =
    "sources make no more calls until then; the forecast of the usage has them make those of the past 24 hours again";

/// A parent that fails too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailingParent {
    /// The parent.
    #[serde(flatten)]
    pub key: ParentKey,
    /// What it fails with.
    pub error_type: ErrorType,
    /// The same in words.
    pub text: String,
    /// What helps both.
    pub sooner: &'static str,
}

/// The answer to "why is this record not retrying?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is no such connection.
    UnknownConnection,
    /// No failure of this record is known.
    UnknownRecord,
    /// Only a success of this record is known.
    OnlySucceeded(Timestamp),
    /// This is how it stands.
    Explained(Box<Explanation>),
}

/// Explains one record.
///
/// # Errors
/// When the store fails.
pub async fn explain<P: Ports>(ports: &P, key: &RecordKey) -> Result<Answer, PortError> {
    let Some(Standing { connection, facts }) = ports.store().standing(&key.connection).await? else {
        return Ok(Answer::UnknownConnection);
    };
    explain_by(ports, &connection, &facts, key).await
}

/// The same of a record whose connection is known, and how that stands.
///
/// # Errors
/// When the store fails.
pub async fn explain_by<P: Ports>(
    ports: &P,
    connection: &Connection,
    facts: &Facts,
    key: &RecordKey,
) -> Result<Answer, PortError> {
    let store = ports.store();
    let stored = store.read(std::slice::from_ref(key)).await?.into_iter().next().map(|read| read.stored);
    let record = match stored {
        None => return Ok(Answer::UnknownRecord),
        Some(Stored::Success(mark)) => return Ok(Answer::OnlySucceeded(mark.at)),
        Some(Stored::Record(record)) => *record,
    };
    let Facts { control, usage } = facts;
    let failing_parent = failing_parent(ports, &record).await?;
    let entries = store.entries(&key.connection).await?;
    let requests = requests(ports, connection, control, &record).await?;
    let now = ports.clock().now();
    let quarantined = Quarantine::of(&key.connection, &entries, now).until(key, now);
    let about = About { record, quarantined, requests, failing_parent };
    let (mut explanation, expected) = assemble(connection, control, usage, about, now);
    explanation.next_try = soonest(connection, expected, &mut Sweeps::of(ports, connection, now)).await?;
    let is_spent = |now: &GateNow| matches!(now.gate, Gate::Budget { .. }) && !now.open;
    explanation.assumes = explanation.next_try.and(explanation.gates.iter().any(is_spent).then_some(ASSUMES));
    Ok(Answer::Explained(Box::new(explanation)))
}

/// What concerns the one record.
struct About {
    record: Record,
    quarantined: Option<Timestamp>,
    requests: Vec<RequestId>,
    failing_parent: Option<FailingParent>,
}

/// The record that this one waits for, if that fails.
async fn failing_parent<P: Ports>(ports: &P, record: &Record) -> Result<Option<FailingParent>, PortError> {
    let Some(key) = record.parent.clone().filter(|_| record.is_failing()) else { return Ok(None) };
    let wanted =
        RecordKey { connection: record.key.connection.clone(), object: key.object.clone(), id: key.id.clone() };
    let read = ports.store().read(std::slice::from_ref(&wanted)).await?;
    let parent = read.into_iter().find_map(|read| match read.stored {
        Stored::Record(parent) if parent.is_failing() => Some(*parent),
        Stored::Record(_) | Stored::Success(_) => None,
    });
    Ok(parent.map(|parent| {
        let error_type = parent.failure.error_type;
        let text = format!("its parent {}/{} fails too ({error_type}), and goes first", key.object, key.id);
        let sooner =
            "mend what the parent fails with, then retry the parent: a resync that names it brings this record along";
        FailingParent { key, error_type, text, sooner }
    }))
}

/// The open requests that will try the record.
async fn requests<P: Ports>(
    ports: &P,
    connection: &Connection,
    control: &Control,
    record: &Record,
) -> Result<Vec<RequestId>, PortError> {
    let owed = &control.owed.forced;
    if owed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RequestId> = owed.iter().map(|owed| owed.request.clone()).collect();
    let mut open = ports.store().requests_named(&record.key.connection, &ids).await?;
    open.retain(|request| request.state == RequestState::Open);
    let will_try = |owed: &&Forced| {
        let request = open.iter().find(|request| request.id == owed.request);
        request.is_some_and(|open| {
            let ask = Ask { policy: &connection.policy, request: open, after: owed.after };
            let choice = if brings(open, record) { ask.choose_child(record) } else { ask.choose(record) };
            open.action == Action::Resync && choice == Choice::Take
        })
    };
    Ok(owed.iter().filter(will_try).map(|owed| owed.request.clone()).collect())
}

/// Whether the record waits for one that the request names.
fn brings(request: &Request, record: &Record) -> bool {
    match (&request.wanted, &record.parent) {
        (Wanted::Records(records), Some(parent)) => {
            records.iter().any(|(object, id)| *object == parent.object && *id == parent.id)
        }
        (Wanted::Records(_) | Wanted::Matching(_), _) => false,
    }
}

fn assemble(
    connection: &Connection,
    control: &Control,
    usage: &Usage,
    about: About,
    now: Timestamp,
) -> (Explanation, Vec<Expected>) {
    let About { record, quarantined, requests, failing_parent } = about;
    let reported = usage.total();
    let budget = Budget::of(connection, control, &reported);
    let own = of_record(&connection.policy, &record, quarantined, now);
    let shared = if record.is_failing() { of_connection(connection, control, &budget, now) } else { Vec::new() };
    let gates: Vec<Gate> = own.into_iter().chain(shared).collect();
    let expected = next::of(connection, &control.owed, &record, &gates, !requests.is_empty(), now);
    let explanation = Explanation {
        at: now,
        expired: is_expired(&connection.policy, &record, now),
        advice: advice(connection, &record),
        gates: gates.into_iter().map(|gate| stand(gate, now)).collect(),
        requests,
        next_try: None,
        assumes: None,
        failing_parent,
        record,
    };
    (explanation, expected)
}

/// The first of these tries that will come true. Nothing is promised where a sweep may come between and a few looks cannot tell.
async fn soonest<P: Ports>(
    connection: &Connection,
    mut expected: Vec<Expected>,
    sweeps: &mut Sweeps<'_, P>,
) -> Result<Option<Timestamp>, PortError> {
    expected.sort_unstable();
    for Expected { at, unless_swept } in expected {
        let comes_true = match (unless_swept, &connection.policy) {
            (Some(sweep), Policy::Recent(policy)) => sweeps.find_nothing(policy, sweep).await?,
            (Some(_), Policy::Interval(_)) | (None, _) => true,
        };
        if comes_true {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn stand(gate: Gate, now: Timestamp) -> GateNow {
    let open = gate.is_open(now);
    GateNow { open, text: gate.to_string(), sooner: (!open).then(|| gate.sooner()), gate }
}

fn advice(connection: &Connection, record: &Record) -> String {
    match connection.catalogue() {
        Ok(catalogue) => catalogue.advice(&record.failure.error_type).to_owned(),
        Err(mistakes) => format!("the connection's own rules cannot be read: {mistakes}"),
    }
}
