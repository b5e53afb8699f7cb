//! Gates: everything that can keep a record from being tried, each with its numbers, so that "why is it not retrying?"
//! always has an answer.
//!
//! Must not know: how the facts were gathered.

use std::fmt;

use serde::Serialize;

use crate::budget::Budget;
use crate::catalogue::ErrorType;
use crate::connection::Connection;
use crate::control::Control;
use crate::counts::{ApiCalls, Grouped};
use crate::policy::Policy;
use crate::record::{HoldReason, Next, Record, Resolution, State};
use crate::suspension::Cause;
use crate::time::Timestamp;

/// One gate and its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum Gate {
    /// Whether the record still needs a try.
    Unresolved {
        /// How it was resolved.
        resolved: Option<Resolution>,
    },
    /// Whether its error type may be tried by a schedule.
    NotExcluded {
        /// The type.
        error_type: ErrorType,
        /// Whether the record is held because of it.
        held: Option<HoldReason>,
    },
    /// How many of its tries the 20-minute schedule has used.
    TriesLeft {
        /// Used.
        tries: u32,
        /// Of so many.
        of: u32,
        /// Whether it is in the timeout queue.
        timed_out: bool,
    },
    /// Whether its first failure is inside the sweeps' window.
    InsideWindow {
        /// The first failure of its current version.
        first_failed: Timestamp,
        /// The window in days.
        window_days: u32,
        /// When it leaves, or left, the window.
        leaves: Timestamp,
    },
    /// Whether its time has come.
    Due {
        /// When it is tried next, if a schedule will.
        next: Option<Timestamp>,
    },
    /// Whether an earlier send of it may still be committed.
    NotQuarantined {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// Whether a person paused the connection.
    NotPaused {
        /// Paused.
        paused: bool,
    },
    /// Whether the connection is suspended.
    NotSuspended {
        /// Why, since when, and the next probe.
        suspension: Option<SuspendedBy>,
    },
    /// Whether the API budget has calls left.
    Budget {
        /// Calls used in the past 24 hours, and those that a run under way has reserved.
        used: ApiCalls,
        /// Of so many.
        cap: ApiCalls,
        /// When calls come back, if it is used up and they ever do.
        resumes: Option<Timestamp>,
    },
    /// Whether the org's own limit leaves room.
    OrgLimit {
        /// Calls that everybody used, as Salesforce said last.
        used: ApiCalls,
        /// The usage at which a run stops.
        stop: ApiCalls,
        /// The org's limit.
        limit: ApiCalls,
        /// When Salesforce said so.
        at: Timestamp,
        /// Whether that was so long ago that a run looks again.
        stale: bool,
    },
}

/// A suspension, as a gate shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuspendedBy {
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// The next probe, if time can help.
    pub next_probe: Option<Timestamp>,
}

/// How long the org's own figure is believed. After that a run makes its first call and learns the new one.
pub const ORG_FIGURE_LIVES: std::time::Duration = std::time::Duration::from_mins(20);

impl Gate {
    /// Whether it lets the record through at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        match self {
            Self::Unresolved { resolved } => resolved.is_none(),
            Self::NotExcluded { held, .. } => held.is_none(),
            Self::TriesLeft { timed_out, .. } => !timed_out,
            Self::InsideWindow { leaves, .. } => *leaves >= now,
            Self::Due { next } => next.is_some_and(|next| next <= now),
            Self::NotQuarantined { until } => until.is_none_or(|until| until <= now),
            Self::NotPaused { paused } => !paused,
            Self::NotSuspended { suspension } => suspension.is_none(),
            Self::Budget { used, cap, .. } => used < cap,
            Self::OrgLimit { used, stop, stale, .. } => used < stop || *stale,
        }
    }

    /// What a person could do to open it sooner.
    #[must_use]
    pub fn sooner(&self) -> &'static str {
        match self {
            Self::Unresolved { .. } => "nothing is left to do",
            Self::TriesLeft { .. } => "mend the cause and sync the record again; the nightly run tries it meanwhile",
            Self::NotExcluded { held: Some(HoldReason::PayloadMissing), .. } | Self::InsideWindow { .. } => {
                "sync the record from its source again"
            }
            Self::NotExcluded { .. } => "mend the cause at the source and sync the record again",
            Self::Due { next: None } => "nothing: another gate says why",
            Self::Due { next: Some(_) } => "wait for the schedule, or retry the record",
            Self::NotQuarantined { .. } => "nothing: Salesforce may still be working on the last send",
            Self::NotPaused { .. } => "resume the connection",
            Self::NotSuspended { suspension: Some(SuspendedBy { cause: Cause::SecretUnreadable { .. }, .. }) } => {
                "mend the secret, or the right to read it; the next tick, or the next resync that is asked for, finds it"
            }
            Self::NotSuspended { suspension: Some(SuspendedBy { next_probe: None, .. }) } => {
                "put the right credentials into the secret; the next tick, or the next resync that is asked for, finds them"
            }
            Self::NotSuspended { .. } => "remove the cause; the next probe finds out, or clear the suspension",
            Self::Budget { resumes: None, .. } => {
                "raise the connection's API limit: with this cap no call ever comes back"
            }
            Self::Budget { resumes: Some(_), .. } => {
                "raise the connection's API limit, or wait until older calls leave the 24 hours"
            }
            Self::OrgLimit { .. } => "wait until the org's older calls leave the 24 hours",
        }
    }
}

impl Gate {
    /// What a closed gate of a whole connection opens by, when no time will open it.
    #[must_use]
    pub fn opens_when(&self) -> Option<&'static str> {
        match self {
            Self::NotPaused { .. } => Some("when somebody resumes the connection"),
            Self::NotSuspended { suspension: Some(SuspendedBy { cause: Cause::SecretUnreadable { .. }, .. }) } => {
                Some("when the secret can be read: at once, if it can already")
            }
            Self::NotSuspended { suspension: Some(SuspendedBy { next_probe: None, .. }) } => Some(
                "when the secret holds other credentials than those that were refused: at once, if it does already",
            ),
            Self::Budget { resumes: None, .. } => Some("when somebody raises the connection's API limit"),
            Self::NotSuspended { .. }
            | Self::Budget { .. }
            | Self::OrgLimit { .. }
            | Self::Unresolved { .. }
            | Self::NotExcluded { .. }
            | Self::TriesLeft { .. }
            | Self::InsideWindow { .. }
            | Self::Due { .. }
            | Self::NotQuarantined { .. } => None,
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved { resolved: None } => write!(f, "not resolved yet"),
            Self::Unresolved { resolved: Some(how) } => write!(f, "resolved: {}", resolution_words(*how)),
            Self::NotExcluded { error_type, held: None } => write!(f, "error type {error_type} is not excluded"),
            Self::NotExcluded { held: Some(HoldReason::PayloadMissing), .. } => {
                write!(f, "held: its payload is missing")
            }
            Self::NotExcluded { error_type, held: Some(HoldReason::ExcludedType) } => {
                write!(f, "held: error type {error_type} is never retried by a schedule")
            }
            Self::TriesLeft { tries, of, timed_out: false } => write!(f, "{tries} of {of} tries used"),
            Self::TriesLeft { tries, of, timed_out: true } => {
                write!(f, "{tries} of {of} tries used: in the timeout queue")
            }
            Self::InsideWindow { first_failed, window_days, leaves } => {
                let (first, leaves) = (first_failed.minute(), leaves.minute());
                write!(f, "first failed {first}; the {window_days} days end {leaves}")
            }
            Self::Due { next: Some(next) } => write!(f, "next try {}", next.minute_after()),
            Self::Due { next: None } => write!(f, "no schedule will try it"),
            Self::NotQuarantined { until: None } => write!(f, "no send of it is under way"),
            Self::NotQuarantined { until: Some(until) } => {
                write!(f, "an earlier send may be committed until {}", until.minute_after())
            }
            Self::NotPaused { paused: false } => write!(f, "the connection is not paused"),
            Self::NotPaused { paused: true } => write!(f, "a person paused the connection"),
            Self::NotSuspended { suspension: None } => write!(f, "the connection is not suspended"),
            Self::NotSuspended { suspension: Some(by) } => suspended(f, by),
            Self::Budget { used, cap, resumes } => {
                write!(f, "{} of {} API calls used or reserved in 24 h", Grouped(used.0), Grouped(cap.0))?;
                match resumes {
                    None => Ok(()),
                    Some(at) => write!(f, "; calls come back {} if sources make none until then", at.minute_after()),
                }
            }
            Self::OrgLimit { used, stop, limit, at, .. } => {
                let [used, stop, limit] = [used, stop, limit].map(|calls| Grouped(calls.0));
                write!(f, "the org used {used} of {limit} calls as of {}; runs stop at {stop}", at.minute())
            }
        }
    }
}

fn suspended(f: &mut fmt::Formatter<'_>, by: &SuspendedBy) -> fmt::Result {
    write!(f, "suspended since {}: {}; ", by.since.minute(), by.cause.words())?;
    match by.next_probe {
        Some(probe) => write!(f, "next probe {}", probe.minute_after()),
        None => write!(f, "goes on {}", by.cause.goes_on().unwrap_or("when a person clears it")),
    }
}

fn resolution_words(how: Resolution) -> &'static str {
    match how {
        Resolution::Retried => "a retry saved it",
        Resolution::SucceededElsewhere => "its source synced it",
        Resolution::Gone => "it is gone, nothing is left to do",
        Resolution::Deleted => "a person deleted the failure",
    }
}

/// The gates that a whole connection must pass at `now`.
#[must_use]
pub fn of_connection(connection: &Connection, control: &Control, budget: &Budget<'_>, now: Timestamp) -> Vec<Gate> {
    let used = budget.used(now);
    let resumes = if used < budget.cap { None } else { budget.frees(ApiCalls(1), now) };
    let suspension = control.suspension.as_ref().map(|suspension| SuspendedBy {
        cause: suspension.cause.clone(),
        since: suspension.since,
        next_probe: suspension.next_probe,
    });
    let org = control.org.map(|org| Gate::OrgLimit {
        used: org.used,
        stop: connection.budget.org_stop(org.limit),
        limit: org.limit,
        at: org.at,
        stale: org.at + ORG_FIGURE_LIVES <= now,
    });
    [
        Gate::NotPaused { paused: connection.paused },
        Gate::NotSuspended { suspension },
        Gate::Budget { used, cap: budget.cap, resumes },
    ]
    .into_iter()
    .chain(org)
    .collect()
}

/// The gates that one record must pass at `now`, with `quarantined` the end of its quarantine if it is in one. For one that is
/// resolved no other gate matters.
#[must_use]
pub fn of_record(policy: &Policy, record: &Record, quarantined: Option<Timestamp>, now: Timestamp) -> Vec<Gate> {
    let excluded = policy.excludes(&record.failure.error_type).then_some(HoldReason::ExcludedType);
    let (resolved, held) = match record.state {
        State::Resolved { how, .. } => (Some(how), None),
        State::Held(reason) => (None, Some(reason)),
        State::Scheduled(_) | State::TimedOut { .. } => (None, excluded),
    };
    if resolved.is_some() {
        return vec![Gate::Unresolved { resolved }];
    }
    let limit = match policy {
        Policy::Interval(policy) => Gate::TriesLeft {
            tries: record.attempts.interval,
            of: policy.tries,
            timed_out: matches!(record.state, State::TimedOut { .. }),
        },
        Policy::Recent(policy) => Gate::InsideWindow {
            first_failed: record.first_failed,
            window_days: policy.window_days,
            leaves: record.first_failed + policy.window(),
        },
    };
    vec![
        Gate::Unresolved { resolved },
        Gate::NotExcluded { error_type: record.failure.error_type.clone(), held },
        limit,
        Gate::Due { next: next_try(policy, record, now) },
        Gate::NotQuarantined { until: quarantined },
    ]
}

/// When a schedule will try the record next, as far as the record itself goes; nothing if none will.
#[must_use]
pub fn next_try(policy: &Policy, record: &Record, now: Timestamp) -> Option<Timestamp> {
    if policy.excludes(&record.failure.error_type) {
        return None;
    }
    match (record.state, policy) {
        (State::Scheduled(Next::At(next)) | State::TimedOut { next }, _) => Some(next),
        (State::Scheduled(Next::Sweep), Policy::Recent(policy)) => {
            policy.next_sweep(now).filter(|&sweep| sweep <= record.first_failed + policy.window())
        }
        (State::Scheduled(Next::Sweep), Policy::Interval(_)) | (State::Held(_) | State::Resolved { .. }, _) => None,
    }
}

/// Whether the record is past the recent policy's window: `expired`, derived and never stored.
#[must_use]
pub fn is_expired(policy: &Policy, record: &Record, now: Timestamp) -> bool {
    match (policy, record.state) {
        (Policy::Recent(policy), State::Scheduled(_)) => record.first_failed < policy.horizon(now),
        (Policy::Recent(_), State::TimedOut { .. } | State::Held(_) | State::Resolved { .. })
        | (Policy::Interval(_), _) => false,
    }
}
