//! Metrics in `CloudWatch`'s embedded metric format: lines of the log that `CloudWatch` turns into metrics, so that no call is made for
//! them. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Every metric has the dimension `EventBus`, which tells one deployment from another, and nothing of a connection: a metric costs
//! by its dimensions. What a line says besides, such as its connection, can be searched in the log and costs nothing more.
//!
//! Must not know: what happened, or which alarm looks at it.

mod measured;

pub use measured::Measured;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Resync";

/// The dimension of all metrics: the bus's name, which is the stack's.
pub const EVENT_BUS: &str = "EventBus";

/// The second dimension of [`Metric::Ticks`].
pub const SCHEDULE: &str = "Schedule";

/// A unit, as `CloudWatch` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Parts of a hundred.
    Percent,
    /// Seconds.
    Seconds,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// See [`Metric::meaning`], as for all.
    Ticks,
    /// A connection has work that its gates keep back.
    ConnectionsBlocked,
    /// A connection's items cannot be read.
    ConnectionsUnreadable,
    /// A connection falls behind.
    ConnectionsOverdue,
    /// A connection is suspended.
    ConnectionsSuspended,
    /// A connection's budget is spent.
    BudgetsSpent,
    /// Share of the cap.
    BudgetUsed,
    /// Runs.
    Runs,
    /// Calls to Salesforce.
    ApiCalls,
    /// Tries.
    RecordsTried,
    /// Records that are done.
    RecordsResolved,
    /// Tries that failed.
    RecordsFailed,
    /// Tries of unknown outcome.
    RecordsUnknown,
    /// Records that went into the timeout queue.
    RecordsTimedOut,
    /// Records that the night left in the timeout queue.
    TimeoutQueue,
    /// Failing records that schedules try.
    RecordsWaiting,
    /// When those will have been tried.
    BacklogClears,
    /// Reports taken in.
    ReportsTakenIn,
    /// Reports that are wrong.
    ReportsRefused,
    /// Reports to be delivered again.
    ReportsPutOff,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Ticks,
        Self::ConnectionsBlocked,
        Self::ConnectionsUnreadable,
        Self::ConnectionsOverdue,
        Self::ConnectionsSuspended,
        Self::BudgetsSpent,
        Self::BudgetUsed,
        Self::Runs,
        Self::ApiCalls,
        Self::RecordsTried,
        Self::RecordsResolved,
        Self::RecordsFailed,
        Self::RecordsUnknown,
        Self::RecordsTimedOut,
        Self::TimeoutQueue,
        Self::RecordsWaiting,
        Self::BacklogClears,
        Self::ReportsTakenIn,
        Self::ReportsRefused,
        Self::ReportsPutOff,
    ];

    /// Its name in `CloudWatch`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::BudgetUsed => Unit::Percent,
            Self::BacklogClears => Unit::Seconds,
            Self::Ticks
            | Self::ConnectionsBlocked
            | Self::ConnectionsUnreadable
            | Self::ConnectionsOverdue
            | Self::ConnectionsSuspended
            | Self::BudgetsSpent
            | Self::Runs
            | Self::ApiCalls
            | Self::RecordsTried
            | Self::RecordsResolved
            | Self::RecordsFailed
            | Self::RecordsUnknown
            | Self::RecordsTimedOut
            | Self::TimeoutQueue
            | Self::RecordsWaiting
            | Self::ReportsTakenIn
            | Self::ReportsRefused
            | Self::ReportsPutOff => Unit::Count,
        }
    }

    /// What it says, for whoever looks at it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ticks => {
                "ticks of a schedule that were fanned out, by the dimension Schedule: due, timed_out or recent"
            }
            Self::ConnectionsBlocked => {
                "connections with work at a tick of which nothing may be sent, whatever the gate"
            }
            Self::ConnectionsUnreadable => "connections whose items could not be read at a tick",
            Self::ConnectionsOverdue => {
                "connections that are run, may send, and have records which were due more than two ticks before"
            }
            Self::ConnectionsSuspended => "connections that a tick found suspended, or a run left so",
            Self::BudgetsSpent => "connections that a tick found, or a run left, without a call in their budget",
            Self::BudgetUsed => "the share of a connection's cap that is used after a run, our calls and reported ones",
            Self::Runs => "runs of connections",
            Self::ApiCalls => "requests to Salesforce that runs made",
            Self::RecordsTried => "tries that were counted",
            Self::RecordsResolved => "records that a try resolved",
            Self::RecordsFailed => "tries that failed",
            Self::RecordsUnknown => "tries whose outcome nobody knows",
            Self::RecordsTimedOut => "records that went into the timeout queue",
            Self::TimeoutQueue => {
                "records that nightly tries left in the timeout queue, whichever run made them; a night's sum is its size"
            }
            Self::RecordsWaiting => "failing records of a connection that schedules try, after a run",
            Self::BacklogClears => "how long until each of those will have been tried, by the forecast after a run",
            Self::ReportsTakenIn => "reports of sources that were taken in, those that change nothing included",
            Self::ReportsRefused => "reports that are wrong; each is delivered five times, and counts each time",
            Self::ReportsPutOff => "reports that could not be taken in, for want of capacity or because of a fault",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_metric_is_listed_once() {
        let names: BTreeSet<String> = Metric::ALL.into_iter().map(Metric::name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}
