//! A run: one connection's retries, from taking the lease to releasing it.
//!
//! Must not know: what triggered it. Its order says what to try; what is owed stands in the control item.

mod aim;
mod allowance;
mod batch;
mod context;
mod deletion;
mod eligible;
mod family;
mod flight;
mod halt;
mod held;
mod interrupt;
mod landing;
mod outbox;
mod pace;
mod pack;
mod pass;
mod probe;
mod quarantine;
mod recovery;
mod settle;
mod slots;
mod source;
mod take_over;
mod tally;
mod turn;
mod width;
mod work;

use rules::gates::{Gate, of_connection};
use rules::ids::{ConnectionId, RunId};
use rules::owed::Selection;
use rules::time::Timestamp;
use tracing::info;

use crate::parts::Ports;
use crate::ports::{Connections, Entropy, PortError, RunReport};

use context::Context;
use held::{Held, Taken};
use work::Worker;

pub(crate) use allowance::BLOCK as RESERVED_AT_A_TIME;
pub(crate) use batch::MOST_RECORDS as MOST_IN_A_CALL;
pub(crate) use eligible::kind_of_try;
pub(crate) use family::{Brought, descendants};
pub use halt::Halt;
pub(crate) use quarantine::Quarantine;
pub(crate) use source::readable;
pub use take_over::take_over;

/// How long the outcomes of so many records wait for the pace, over as many index keys as are written side by side.
#[cfg(feature = "measured")]
pub(crate) fn pace_of(records: usize) -> std::time::Duration {
    let (mut pace, now) = (pace::Pace::new(crate::ports::SIDE_BY_SIDE), rules::time::Timestamp::from_millis(0));
    pace.admit(records, now) + pace.admit(0, now)
}

/// Packs these records, which were read at this instant, as a run does; how many batches they make.
#[cfg(feature = "measured")]
pub(crate) fn packed(
    records: impl Iterator<Item = (rules::record::Record, crate::payload::Payload)>,
    read_at: Timestamp,
) -> usize {
    let kind = rules::counts::TryKind::Interval;
    let item = |(record, payload)| batch::Item { record, payload: Some(payload), kind, read_at };
    pack::pack(records.map(item).collect(), &pack::Sizes::default(), true).batches.len()
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Order {
    /// The connection.
    pub connection: ConnectionId,
    /// What to try.
    pub selection: Selection,
    /// When the invocation is ended from outside.
    pub deadline: Timestamp,
    /// How it can be asked to stop before that.
    pub halt: Halt,
}

/// How a run ended. Losing the race for the lease is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// It ran; this is what it did.
    Ran(RunReport),
    /// Another run holds the lease, and will see the work, which is noted as owed.
    Busy {
        /// When that lease ends by itself.
        until: Timestamp,
    },
    /// There is no such connection.
    UnknownConnection,
}

/// Runs one connection.
///
/// # Errors
/// When a port failed past its own patience. What was sent stands in the journal, and the next run recovers it.
pub async fn run<P: Ports>(ports: &P, order: &Order) -> Result<RunEnd, PortError> {
    let Some(connection) = ports.store().connection(&order.connection).await? else {
        return Ok(RunEnd::UnknownConnection);
    };
    let context = Context::new(ports, &connection, order)?;
    let id = RunId(ports.entropy().number());
    let held = match Held::take(ports, &connection, order, id).await? {
        Taken::Busy { until } => return Ok(RunEnd::Busy { until }),
        Taken::Held(held) => held,
    };
    // Large, and whoever awaits a run need not be.
    let report = Box::pin(Worker::new(&context, *held).carry_out(id)).await?;
    info!(connection = %connection.id, epoch = report.epoch.0, stopped = ?report.stopped, tried = report.tried,
        resolved = report.resolved, failed = report.failed, unknown = report.unknown, skipped = report.skipped,
        api_calls = report.api_calls, "run finished");
    Ok(RunEnd::Ran(report))
}

/// Whether a connection's gates let anything through, as a run and the fan-out ask before they begin: the closed ones.
pub(crate) fn closed_gates(
    connection: &rules::connection::Connection,
    control: &rules::control::Control,
    usage: &rules::usage::Usage,
    now: Timestamp,
) -> Vec<Gate> {
    let reported = usage.total();
    let budget = rules::budget::Budget::of(connection, control, &reported);
    let gates = of_connection(connection, control, &budget, now);
    gates.into_iter().filter(|gate| !gate.is_open(now)).collect()
}
