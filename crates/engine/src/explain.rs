//! Explain: why a record is not retrying, with every gate, its numbers, the next try, and what would unblock it sooner.
//!
//! Must not know: how the answer is shown.

use rules::budget::Budget;
use rules::connection::Connection;
use rules::control::Control;
use rules::gates::{Gate, is_expired, next_try, of_connection, of_record};
use rules::ids::{RecordKey, RequestId};
use rules::owed::Forced;
use rules::record::{Record, Stored};
use rules::resync::{Choice, RequestState, choose};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use rules::usage::Usage;
use serde::Serialize;

use crate::parts::Ports;
use crate::ports::{Clock, Connections, Facts, Journal, PortError, Records, Requests, Standings};
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
    let store = ports.store();
    let Some(connection) = store.connection(&key.connection).await? else {
        return Ok(Answer::UnknownConnection);
    };
    let stored = store.read(std::slice::from_ref(key)).await?.into_iter().next().map(|read| read.stored);
    let record = match stored {
        None => return Ok(Answer::UnknownRecord),
        Some(Stored::Success(mark)) => return Ok(Answer::OnlySucceeded(mark.at)),
        Some(Stored::Record(record)) => *record,
    };
    let Facts { control, usage } = store.facts(&key.connection).await?;
    let entries = store.entries(&key.connection).await?;
    let requests = requests(ports, &control, &record).await?;
    let now = ports.clock().now();
    let quarantined = Quarantine::of(&key.connection, &entries, now).until(key, now);
    let about = About { record, quarantined, requests };
    Ok(Answer::Explained(Box::new(assemble(&connection, &control, &usage, about, now))))
}

/// What concerns the one record.
struct About {
    record: Record,
    quarantined: Option<Timestamp>,
    requests: Vec<RequestId>,
}

/// The open requests that will try the record.
async fn requests<P: Ports>(ports: &P, control: &Control, record: &Record) -> Result<Vec<RequestId>, PortError> {
    let owed = &control.owed.forced;
    if owed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RequestId> = owed.iter().map(|owed| owed.request.clone()).collect();
    let mut open = ports.store().requests_named(&record.key.connection, &ids).await?;
    open.retain(|request| request.state == RequestState::Open);
    let will_try = |owed: &&Forced| {
        let request = open.iter().find(|request| request.id == owed.request);
        request.is_some_and(|open| choose(&open.wanted, open.as_of, owed.after, record) == Choice::Try)
    };
    Ok(owed.iter().filter(will_try).map(|owed| owed.request.clone()).collect())
}

fn assemble(connection: &Connection, control: &Control, usage: &Usage, about: About, now: Timestamp) -> Explanation {
    let About { record, quarantined, requests } = about;
    let reported = usage.total();
    let budget = Budget::of(connection, control, &reported);
    let own = of_record(&connection.policy, &record, quarantined, now);
    let gates: Vec<Gate> = own.into_iter().chain(of_connection(connection, control, &budget, now)).collect();
    let scheduled = next_try(&connection.policy, &record, now).and_then(|next| delayed(next, &gates, now));
    let forced = if requests.is_empty() { None } else { delayed(now, &binding_on_persons(&gates), now) };
    let next_try = scheduled.into_iter().chain(forced).min();
    Explanation {
        at: now,
        expired: is_expired(&connection.policy, &record, now),
        advice: advice(connection, &record),
        gates: gates.into_iter().map(|gate| stand(gate, now)).collect(),
        requests,
        next_try,
        record,
    }
}

fn stand(gate: Gate, now: Timestamp) -> GateNow {
    let open = gate.is_open(now);
    GateNow { open, text: gate.to_string(), sooner: (!open).then(|| gate.sooner()), gate }
}

/// The gates that hold for what a person asks, too.
fn binding_on_persons(gates: &[Gate]) -> Vec<Gate> {
    let binds = |gate: &&Gate| match gate {
        Gate::NotQuarantined { .. }
        | Gate::NotPaused { .. }
        | Gate::NotSuspended { .. }
        | Gate::Budget { .. }
        | Gate::OrgLimit { .. } => true,
        Gate::Unresolved { .. }
        | Gate::NotExcluded { .. }
        | Gate::TriesLeft { .. }
        | Gate::InsideWindow { .. }
        | Gate::Due { .. } => false,
    };
    gates.iter().filter(binds).cloned().collect()
}

fn advice(connection: &Connection, record: &Record) -> String {
    match connection.catalogue() {
        Ok(catalogue) => catalogue.advice(&record.failure.error_type).to_owned(),
        Err(mistakes) => format!("the connection's own rules cannot be read: {mistakes}"),
    }
}

/// The next try, put off to the first tick at which the closed gates will have opened; nothing when one never will.
pub(crate) fn delayed(next: Timestamp, gates: &[Gate], now: Timestamp) -> Option<Timestamp> {
    let mut earliest = next;
    for gate in gates.iter().filter(|gate| !gate.is_open(now)) {
        let opens = match gate {
            Gate::NotPaused { .. } | Gate::Unresolved { .. } | Gate::NotExcluded { .. } | Gate::InsideWindow { .. } => {
                None
            }
            // Without a next probe only a person or a new secret can help.
            Gate::NotSuspended { suspension } => suspension.as_ref().and_then(|by| by.next_probe),
            Gate::Budget { resumes, .. } => *resumes,
            Gate::OrgLimit { at, .. } => Some(*at + rules::gates::ORG_FIGURE_LIVES),
            Gate::NotQuarantined { until } => *until,
            Gate::TriesLeft { .. } | Gate::Due { .. } => Some(next),
        };
        earliest = earliest.max(opens?);
    }
    // A time that has come, or that lies between two ticks, means the next tick.
    let is_tick = earliest > now && earliest == earliest.floor(TICK);
    Some(if is_tick || earliest == next && next > now { earliest } else { next_tick_after(earliest.max(now), TICK) })
}
