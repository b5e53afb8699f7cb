//! Work owed: what no later tick would do again, kept in the control item until it is done.
//!
//! Must not know: how a run does the work, or who publishes the hint to start it.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a run is asked to try. With the tick of its trigger it is the whole of a run's order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// What the 20-minute schedule is due to try at `tick`.
    Due {
        /// The scheduled time.
        tick: Timestamp,
    },
    /// The timeout queue of the night of `tick`.
    TimedOut {
        /// The scheduled time.
        tick: Timestamp,
    },
    /// A sweep of the recent policy's window.
    Recent {
        /// The scheduled time: the sweep's start.
        tick: Timestamp,
    },
    /// Whatever is owed already.
    Owed {
        /// The scheduled time of the fan-out.
        tick: Timestamp,
    },
}

impl Selection {
    /// The scheduled time that its run computes with.
    #[must_use]
    pub fn tick(&self) -> Timestamp {
        match self {
            Self::Due { tick } | Self::TimedOut { tick } | Self::Recent { tick } | Self::Owed { tick } => *tick,
        }
    }
}

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The scheduled time: records tried since are skipped.
    pub start: Timestamp,
    /// Where to go on; the store's own token. None from the beginning.
    pub cursor: Option<String>,
    /// Whether a record was skipped that must be tried yet, so that the sweep starts over at its end.
    pub again: bool,
    /// Not before this instant: the end of the last quarantine that made it skip a record.
    pub not_before: Option<Timestamp>,
}

impl Sweep {
    /// A sweep that has not begun.
    #[must_use]
    pub fn starting(start: Timestamp) -> Self {
        Self { start, cursor: None, again: false, not_before: None }
    }

    /// Whether it may go on at `now`.
    #[must_use]
    pub fn ready(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|instant| instant <= now)
    }
}

/// The work that a connection owes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The tick whose due records are to be tried; any later tick does the same work, so the latest is enough.
    pub due: Option<Timestamp>,
    /// The nightly run.
    pub timed_out: Option<Sweep>,
    /// The sweep of the window.
    pub recent: Option<Sweep>,
}

impl Owed {
    /// These with `selection` added. A newer night or sweep takes the older one's place: it reaches every record that the
    /// older one would have.
    #[must_use]
    pub fn with(mut self, selection: &Selection) -> Self {
        match selection {
            Selection::Due { tick } => self.due = self.due.max(Some(*tick)),
            Selection::TimedOut { tick } => self.timed_out = Some(newer(self.timed_out, *tick)),
            Selection::Recent { tick } => self.recent = Some(newer(self.recent, *tick)),
            Selection::Owed { .. } => {}
        }
        self
    }

    /// Whether nothing is owed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_none() && self.timed_out.is_none() && self.recent.is_none()
    }

    /// Whether something is owed that a run could do at `now`.
    #[must_use]
    pub fn ready(&self, now: Timestamp) -> bool {
        let sweeps = [&self.timed_out, &self.recent];
        self.due.is_some() || sweeps.into_iter().flatten().any(|sweep| sweep.ready(now))
    }
}

fn newer(known: Option<Sweep>, start: Timestamp) -> Sweep {
    known.filter(|sweep| sweep.start >= start).unwrap_or_else(|| Sweep::starting(start))
}
