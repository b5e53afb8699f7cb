//! The next try: when the schedules and persons will really try a record, when nothing else changes.
//!
//! Must not know: how the answer is shown.

use rules::connection::Connection;
use rules::gates::{Gate, ORG_FIGURE_LIVES, next_try};
use rules::owed::{Owed, Selection, Sweep};
use rules::policy::{Policy, RecentPolicy};
use rules::record::{Next, Record, State};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;

use crate::run::kind_of_try;

/// A try that is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expected {
    /// When, at the latest.
    pub(super) at: Timestamp,
    /// The sweep that comes before it, and finds the record past its window: when that sweep has other work, it takes the place of
    /// the one that would try the record.
    pub(super) unless_swept: Option<Timestamp>,
}

impl Expected {
    fn surely(at: Timestamp) -> Self {
        Self { at, unless_swept: None }
    }
}

/// The tries that are to be expected of a record, as things stand.
pub(super) fn of(
    connection: &Connection,
    owed: &Owed,
    record: &Record,
    gates: &[Gate],
    is_requested: bool,
    now: Timestamp,
) -> Vec<Expected> {
    let scheduled = || match (record.state, &connection.policy) {
        (State::Scheduled(Next::Sweep), Policy::Recent(policy)) => by_sweep(policy, record, gates, now),
        (State::Scheduled(_) | State::TimedOut { .. } | State::Held(_) | State::Resolved { .. }, _) => {
            let next = next_try(&connection.policy, record, now)?;
            delayed(next, gates, now).map(Expected::surely)
        }
    };
    let under_way = || match &connection.policy {
        Policy::Recent(policy) => by_sweep_under_way(connection, policy, owed, record, gates, now),
        Policy::Interval(_) => None,
    };
    let forced =
        || if is_requested { delayed(now, &binding_on_persons(gates), now).map(Expected::surely) } else { None };
    [scheduled(), under_way(), forced()].into_iter().flatten().collect()
}

/// When all of these gates will be open, and a run will find them so; nothing when one never will be by itself.
pub(crate) fn opens(gates: &[Gate], now: Timestamp) -> Option<Timestamp> {
    delayed(now, gates, now)
}

/// The next sweep, when the record is inside its window then.
fn by_sweep(policy: &RecentPolicy, record: &Record, gates: &[Gate], now: Timestamp) -> Option<Expected> {
    let sweep = policy.next_sweep(now).filter(|&sweep| is_inside(policy, record, sweep))?;
    Some(kept_back(policy, record, sweep, delayed(sweep, gates, now)?))
}

/// The sweep that is under way, or waits for a gate, when it will come to the record.
fn by_sweep_under_way(
    connection: &Connection,
    policy: &RecentPolicy,
    owed: &Owed,
    record: &Record,
    gates: &[Gate],
    now: Timestamp,
) -> Option<Expected> {
    let Sweep { start, not_before, .. } = owed.recent.as_ref()?;
    let selection = Selection::Recent { tick: *start };
    if record.first_failed > *start || kind_of_try(connection, record, &selection).is_none() {
        return None;
    }
    let earliest = not_before.map_or(now, |instant| instant.max(now));
    Some(kept_back(policy, record, now, delayed(earliest, &without_window(gates), now)?))
}

fn is_inside(policy: &RecentPolicy, record: &Record, sweep: Timestamp) -> bool {
    sweep <= record.first_failed + policy.window()
}

/// A sweep that gates keep back until `at` stays owed, until a later one with work takes its place; that one may find the record
/// past its window.
fn kept_back(policy: &RecentPolicy, record: &Record, since: Timestamp, at: Timestamp) -> Expected {
    let mut sweep = since;
    while let Some(later) = policy.next_sweep(sweep).filter(|&later| later <= at) {
        if !is_inside(policy, record, later) {
            return Expected { at, unless_swept: Some(later) };
        }
        sweep = later;
    }
    Expected::surely(at)
}

/// The gates without those that a sweep has passed already.
fn without_window(gates: &[Gate]) -> Vec<Gate> {
    gates.iter().filter(|gate| !matches!(gate, Gate::InsideWindow { .. })).cloned().collect()
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

/// The next try, put off to the first tick at which the closed gates will have opened; nothing when one never will.
pub(crate) fn delayed(next: Timestamp, gates: &[Gate], now: Timestamp) -> Option<Timestamp> {
    let mut earliest = next;
    for gate in gates.iter().filter(|gate| !gate.is_open(now)) {
        earliest = earliest.max(opening(gate, next)?);
    }
    // A time that has come, or that lies between two ticks, means the next tick.
    let is_tick = earliest > now && earliest == earliest.floor(TICK);
    let is_sweep = earliest == next && next > now;
    Some(if is_tick || is_sweep { earliest } else { next_tick_after(earliest.max(now), TICK) })
}

/// When a closed gate opens by itself.
fn opening(gate: &Gate, next: Timestamp) -> Option<Timestamp> {
    match gate {
        Gate::NotPaused { .. } | Gate::Unresolved { .. } | Gate::NotExcluded { .. } | Gate::InsideWindow { .. } => None,
        // Without a next probe only a person or a new secret can help.
        Gate::NotSuspended { suspension } => suspension.as_ref().and_then(|by| by.next_probe),
        Gate::Budget { resumes, .. } => *resumes,
        Gate::OrgLimit { at, .. } => Some(*at + ORG_FIGURE_LIVES),
        Gate::NotQuarantined { until } => *until,
        Gate::TriesLeft { .. } | Gate::Due { .. } => Some(next),
    }
}
