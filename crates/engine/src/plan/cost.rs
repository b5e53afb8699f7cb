//! What a plan costs in API calls, of what is left of the budget, and when it would start and end.
//!
//! Must not know: which records it means.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::budget::{Budget, WINDOW};
use rules::connection::Connection;
use rules::control::Control;
use rules::counts::ApiCalls;
use rules::gates::{Gate, of_connection};
use rules::ids::ObjectName;
use rules::resync::Action;
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use rules::usage::Usage;

use crate::explain::opens;
use crate::run::MOST_IN_A_CALL;

/// How long a call is assumed to take.
const CALL: Duration = Duration::from_secs(1);

/// Outcomes that are written in a second, over one index key.
const WRITES: u64 = 900;

/// The calls, the share, the times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) calls: ApiCalls,
    pub(super) left: ApiCalls,
    pub(super) share_percent: Option<u64>,
    pub(super) waits_for: Vec<String>,
    pub(super) starts: Option<Timestamp>,
    pub(super) starts_when: Option<&'static str>,
    pub(super) takes: Duration,
    pub(super) ends: Option<Timestamp>,
    pub(super) assumes: String,
}

impl Cost {
    pub(super) fn of(
        connection: &Connection,
        control: &Control,
        usage: &Usage,
        action: Action,
        by_object: &BTreeMap<ObjectName, u64>,
        now: Timestamp,
    ) -> Self {
        let reported = usage.total();
        let budget = Budget::of(connection, control, &reported);
        let left = budget.cap.less(budget.used(now));
        let calls = calls(action, control, by_object);
        let share_percent = calls.share_of(left).map(|share| share.percent);
        let gates = match action {
            Action::Resync => of_connection(connection, control, &budget, now),
            Action::Delete => Vec::new(),
        };
        let closed: Vec<&Gate> = gates.iter().filter(|gate| !gate.is_open(now)).collect();
        let starts = if closed.is_empty() { Some(now) } else { opens(&gates, now) };
        let records: u64 = by_object.values().sum();
        let width = u64::from(connection.calls_in_flight.max(1));
        let sending = CALL * u32::try_from(calls.0.div_ceil(width)).unwrap_or(u32::MAX);
        let pace = WRITES * u64::from(connection.shards.max(1));
        let writing = Duration::from_secs(records.div_ceil(pace));
        let takes = sending.max(writing);
        let ends = starts.and_then(|starts| {
            let worked = starts + takes;
            if calls <= left { Some(worked) } else { affordable(&budget, calls, now).map(|at| at.max(worked)) }
        });
        Self {
            calls,
            left,
            share_percent,
            waits_for: closed.iter().map(|gate| format!("{gate}; {}", gate.sooner())).collect(),
            starts_when: if starts.is_none() { closed.iter().find_map(|gate| gate.opens_when()) } else { None },
            starts,
            takes,
            ends,
            assumes: assumption(action, width, calls > left),
        }
    }
}

/// 200 records of one object a call; besides them a token, and the probe that ends a suspension.
fn calls(action: Action, control: &Control, by_object: &BTreeMap<ObjectName, u64>) -> ApiCalls {
    let batches: u64 = by_object.values().map(|records| records.div_ceil(MOST_IN_A_CALL as u64)).sum();
    match action {
        Action::Resync if batches > 0 => ApiCalls(batches + 1 + u64::from(control.suspension.is_some())),
        Action::Resync | Action::Delete => ApiCalls(0),
    }
}

/// When the budget has let so many calls through, if nobody else makes one: what is more than a day's comes a day later.
fn affordable(budget: &Budget<'_>, calls: ApiCalls, now: Timestamp) -> Option<Timestamp> {
    let days = calls.0.saturating_sub(1).checked_div(budget.cap.0)?;
    let rest = ApiCalls(calls.0 - days * budget.cap.0);
    let last = next_tick_after(budget.frees(rest, now)?, TICK);
    Some(last + WINDOW * u32::try_from(days).unwrap_or(u32::MAX))
}

fn assumption(action: Action, width: u64, waits_for_budget: bool) -> String {
    match (action, waits_for_budget) {
        (Action::Delete, _) => "that no run is at work, which would delete between its turns".to_owned(),
        (Action::Resync, false) => format!("a call takes a second, and {width} are made at a time"),
        (Action::Resync, true) => {
            "that nobody else uses the budget, and that calls come back as they leave the 24 hours".to_owned()
        }
    }
}
