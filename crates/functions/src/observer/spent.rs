//! Whether a run is the one that spent its connection's budget.
//!
//! Must not know: ports, or who is told.

use engine::overview::UsageNow;
use engine::ports::{RunReport, StopReason};
use rules::events::{BudgetSpent, Spent};
use rules::ids::ConnectionId;

/// How many of the latest reports show the run before this one: a run that ends meanwhile may have put one in between.
pub(super) const REPORTS: usize = 4;

/// Whether the run stopped for want of calls and the one before it did not. Those that follow, as calls come back one by one, are
/// the same news.
pub(super) fn is_first(report: &RunReport, latest: &[RunReport]) -> bool {
    let earlier = latest.iter().filter(|one| one.epoch < report.epoch).max_by_key(|one| one.epoch);
    ended_so(report) && !earlier.is_some_and(ended_so)
}

/// Whether the run stopped for want of calls.
pub(super) fn ended_so(report: &RunReport) -> bool {
    report.stopped == StopReason::Budget
}

/// The event of such a run.
pub(super) fn event(connection: ConnectionId, report: &RunReport, usage: &UsageNow) -> BudgetSpent {
    let spent = Spent {
        used: usage.budget.used,
        cap: usage.budget.cap,
        waiting_records: usage.forecast.waiting_records,
        resumes: usage.forecast.resumes,
    };
    BudgetSpent::of(connection, report.epoch, spent)
}
