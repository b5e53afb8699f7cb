//! What an invocation of a retry function came to, as its caller and the log of the platform see it.
//!
//! Must not know: how it came about.

use engine::fan_out::FannedOut;
use engine::ports::RunReport;
use engine::recount::Recount;
use engine::run::RunEnd;
use rules::events::RunRequested;
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde::Serialize;

/// A connection with work that may not send anything.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocked {
    /// The connection.
    pub connection: ConnectionId,
    /// The closed gates.
    pub gates: Vec<Gate>,
}

/// What an invocation of a retry function came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RetryReport {
    /// A tick was fanned out.
    FannedOut {
        /// The scheduled time.
        tick: Timestamp,
        /// The runs that were asked for, one event each.
        started: Vec<RunRequested>,
        /// Connections with work that may not send anything.
        blocked: Vec<Blocked>,
        /// How many connections have nothing to do.
        idle: usize,
        /// How many connections cannot be read.
        unreadable: usize,
        /// How counting the directories of error types anew went, after the night's fan-out.
        #[serde(skip_serializing_if = "Option::is_none")]
        recount: Option<Recount>,
    },
    /// A connection was run.
    Ran {
        /// Its report.
        report: RunReport,
    },
    /// Another run of the connection is under way, and will see the work.
    Busy {
        /// When that run's lease ends by itself.
        until: Timestamp,
    },
    /// There is no such connection.
    UnknownConnection,
}

impl RetryReport {
    pub(super) fn of_fan_out(tick: Timestamp, fanned: FannedOut, recount: Option<Recount>) -> Self {
        let FannedOut { started, blocked, idle, unreadable } = fanned;
        let blocked = blocked.into_iter().map(|(connection, gates)| Blocked { connection, gates }).collect();
        Self::FannedOut { tick, started, blocked, idle, unreadable, recount }
    }

    pub(super) fn of_run(end: RunEnd) -> Self {
        match end {
            RunEnd::Ran(report) => Self::Ran { report },
            RunEnd::Busy { until } => Self::Busy { until },
            RunEnd::UnknownConnection => Self::UnknownConnection,
        }
    }
}
