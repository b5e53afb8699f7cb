//! What an invocation measured, by what it came to.
//!
//! Must not know: ports, or where a measure goes.

use engine::fan_out::Schedule;
use engine::overview::UsageNow;
use engine::ports::{RunReport, StopReason};
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::owed::Selection;
use serde_json::json;

use crate::handlers::{Blocked, RetryReport, TakenIn};
use crate::metrics::{Measured, Metric};
use crate::watched::Seen;

/// Of a batch of reports.
pub(super) fn of_ingest(taken: &TakenIn) -> Measured {
    Measured::default()
        .count(Metric::ReportsTakenIn, number(taken.taken))
        .count(Metric::ReportsRefused, number(taken.refused))
        .count(Metric::ReportsPutOff, number(taken.put_off))
}

/// Of a tick. Nothing but the tick itself when nothing is to be done: a quiet system costs little.
pub(super) fn of_fan_out(schedule: Option<Schedule>, report: &RetryReport, late: &[ConnectionId]) -> Measured {
    let (RetryReport::FannedOut { blocked, unreadable, .. }, Some(schedule)) = (report, schedule) else {
        return Measured::default();
    };
    let (suspended, spent) = (kept_by(blocked, is_suspension), kept_by(blocked, is_budget));
    let mut measured = Measured::default()
        .tick(name(schedule))
        .count(Metric::ConnectionsBlocked, number(blocked.len()))
        .count(Metric::ConnectionsUnreadable, number(*unreadable))
        .count(Metric::ConnectionsOverdue, number(late.len()))
        .count(Metric::ConnectionsSuspended, number(suspended.len()))
        .count(Metric::BudgetsSpent, number(spent.len()));
    for (what, connections) in [("overdue", late), ("suspended", &suspended), ("budgetSpent", &spent)] {
        if !connections.is_empty() {
            measured = measured.about(what, json!(connections));
        }
    }
    measured
}

/// Of what was seen of a run, however it ended. `nightly` says whether the night was its order: then the queue is measured even
/// when no record was tried.
pub(super) fn of_seen(seen: &Seen, nightly: bool) -> Measured {
    let measured = Measured::default().count(Metric::RecordsTimedOut, seen.timed_out());
    match seen.left_timed_out.or(nightly.then_some(0)) {
        Some(left) => measured.value(Metric::TimeoutQueue, left),
        None => measured,
    }
}

/// Of a run.
pub(super) fn of_run(
    connection: Option<&ConnectionId>,
    report: &RunReport,
    seen: &Seen,
    usage: Option<&UsageNow>,
) -> Measured {
    let mut measured = of_seen(seen, is_nightly(&report.selection))
        .count(Metric::Runs, 1)
        .count(Metric::ApiCalls, report.api_calls)
        .count(Metric::RecordsTried, report.tried)
        .count(Metric::RecordsResolved, report.resolved)
        .count(Metric::RecordsFailed, report.failed)
        .count(Metric::RecordsUnknown, report.unknown)
        .about("connection", json!(connection))
        .about("stopped", json!(report.stopped));
    if let Some(metric) = kept_from_going_on(report.stopped) {
        measured = measured.count(metric, 1);
    }
    match usage {
        Some(usage) => with_usage(measured, usage),
        None => measured,
    }
}

fn with_usage(measured: Measured, usage: &UsageNow) -> Measured {
    let (used, cap) = (usage.budget.used, usage.budget.cap);
    let share = used.0.saturating_mul(100).checked_div(cap.0).unwrap_or(100);
    let measured = measured
        .value(Metric::BudgetUsed, share)
        .value(Metric::RecordsWaiting, usage.forecast.waiting_records)
        .about("callsUsed", json!(used))
        .about("callsCap", json!(cap));
    match usage.forecast.clears {
        Some(clears) => measured.value(Metric::BacklogClears, clears.since(usage.at).as_secs()),
        None => measured,
    }
}

fn kept_from_going_on(stopped: StopReason) -> Option<Metric> {
    match stopped {
        StopReason::Suspended => Some(Metric::ConnectionsSuspended),
        StopReason::Budget => Some(Metric::BudgetsSpent),
        StopReason::Done
        | StopReason::Paused
        | StopReason::OrgLimit
        | StopReason::Deadline
        | StopReason::BatchDone
        | StopReason::Deposed
        | StopReason::Throttled
        | StopReason::Busy
        | StopReason::Halted => None,
    }
}

fn is_nightly(selection: &Selection) -> bool {
    match selection {
        Selection::TimedOut { .. } => true,
        Selection::Due { .. } | Selection::Recent { .. } | Selection::Forced { .. } | Selection::Owed { .. } => false,
    }
}

fn kept_by(blocked: &[Blocked], gate: fn(&Gate) -> bool) -> Vec<ConnectionId> {
    let kept = blocked.iter().filter(|one| one.gates.iter().any(gate));
    kept.map(|one| one.connection.clone()).collect()
}

fn is_suspension(gate: &Gate) -> bool {
    matches!(gate, Gate::NotSuspended { .. })
}

fn is_budget(gate: &Gate) -> bool {
    matches!(gate, Gate::Budget { .. })
}

/// The value of the dimension `Schedule`.
fn name(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Due => "due",
        Schedule::TimedOut => "timed_out",
        Schedule::Recent => "recent",
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
