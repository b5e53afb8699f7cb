//! Work owed: what no later tick would do again, kept in the control item until it is done.
//!
//! Must not know: how a run does the work, or who publishes the hint to start it.

use serde::{Deserialize, Serialize};

use crate::ids::{BatchId, Epoch, RequestId};
use crate::resync::{Action, MOST_OPEN, Progress, Request};
use crate::time::Timestamp;

/// What a run is asked to try. With the tick of its trigger it is the whole of a run's order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// What a person asked to be tried. It works off what is owed of the request, and adds nothing to it.
    Forced {
        /// The request.
        request: RequestId,
        /// When it was accepted.
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
            Self::Due { tick }
            | Self::TimedOut { tick }
            | Self::Recent { tick }
            | Self::Forced { tick, .. }
            | Self::Owed { tick } => *tick,
        }
    }
}

/// How far a sweep has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// An open request of a person, as far as it is worked off.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Forced {
    /// The request.
    pub request: RequestId,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Action::is_resync")]
    pub action: Action,
    /// How far its records are listed; its start is the instant that the request speaks of.
    pub sweep: Sweep,
    /// How far it has come.
    pub progress: Progress,
    /// The last batch that may have been sent without knowing of it.
    pub after: BatchId,
    /// The last run that took it up. It writes that before it does anything for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_by: Option<Epoch>,
}

impl Forced {
    /// The request, accepted while `epoch` was the last one given out. One that carries out a plan speaks of when that was made,
    /// so that any number of requests of the same plan try a record once.
    #[must_use]
    pub fn accepted(request: &Request, epoch: Epoch) -> Self {
        Self {
            request: request.id.clone(),
            action: request.action,
            sweep: Sweep::starting(request.as_of),
            progress: request.progress,
            after: BatchId { epoch: request.planned.map_or(epoch, |plan| plan.epoch.min(epoch)), sequence: u32::MAX },
            worked_by: None,
        }
    }

    /// As the run of `epoch` takes it up, which has sent `sequence` batches by now.
    #[must_use]
    pub fn taken_up(mut self, epoch: Epoch, sequence: u32) -> Self {
        self.after = self.after.min(BatchId { epoch, sequence });
        self.worked_by = Some(epoch);
        self
    }

    /// What a run of it is asked to try.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection::Forced { request: self.request.clone(), tick: self.sweep.start }
    }
}

/// Whose work comes next. Schedules and persons take turns, so that neither waits for the end of the other's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The schedules'.
    Schedules,
    /// The persons'.
    Persons,
}

impl Turn {
    /// Who begins in the run of `epoch`. It changes from run to run: where only the first ones get a call, each gets one.
    #[must_use]
    pub fn first_of(epoch: Epoch) -> Self {
        if epoch.0.is_multiple_of(2) { Self::Schedules } else { Self::Persons }
    }

    /// Who comes after `selection` was worked at.
    #[must_use]
    pub fn after(selection: &Selection) -> Self {
        match selection {
            Selection::Forced { .. } => Self::Schedules,
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => {
                Self::Persons
            }
        }
    }
}

/// The work that a connection owes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owed {
    /// The tick whose due records are to be tried; any later tick does the same work, so the latest is enough.
    pub due: Option<Timestamp>,
    /// The nightly run.
    pub timed_out: Option<Sweep>,
    /// The sweep of the window.
    pub recent: Option<Sweep>,
    /// What persons asked for, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forced: Vec<Forced>,
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
            Selection::Forced { .. } | Selection::Owed { .. } => {}
        }
        self
    }

    /// These with an open request; the same ones when it is among them. Nothing when too many are open.
    #[must_use]
    pub fn with_request(mut self, accepted: Forced) -> Option<Self> {
        if self.request(&accepted.request).is_none() {
            if self.forced.len() >= MOST_OPEN {
                return None;
            }
            self.forced.push(accepted);
        }
        Some(self)
    }

    /// These after the run of `dead` died: what it did, for those that it worked at, since it noted its progress last is counted
    /// nowhere.
    #[must_use]
    pub fn after_a_death(mut self, dead: Epoch) -> Self {
        for forced in self.forced.iter_mut().filter(|forced| forced.worked_by == Some(dead)) {
            forced.progress.at_least = true;
        }
        self
    }

    /// What is owed of a request.
    #[must_use]
    pub fn request(&self, id: &RequestId) -> Option<&Forced> {
        self.forced.iter().find(|forced| forced.request == *id)
    }

    /// These with a request as far as it is worked off by now; the same ones when it is not among them any more.
    #[must_use]
    pub fn with_progress(mut self, now: Forced) -> Self {
        if let Some(known) = self.forced.iter_mut().find(|known| known.request == now.request) {
            *known = now;
        }
        self
    }

    /// These without a request.
    #[must_use]
    pub fn without_request(mut self, id: &RequestId) -> Self {
        self.forced.retain(|forced| forced.request != *id);
        self
    }

    /// What a run does next at `now`, when it is this one's turn; the other's work when there is none of theirs.
    #[must_use]
    pub fn next(&self, now: Timestamp, turn: Turn) -> Option<Selection> {
        let (scheduled, forced) = (|| self.next_scheduled(now), || self.next_forced(now));
        match turn {
            Turn::Schedules => scheduled().or_else(forced),
            Turn::Persons => forced().or_else(scheduled),
        }
    }

    /// Whether anybody waits while a run works at `selection`.
    #[must_use]
    pub fn others_wait(&self, selection: &Selection, now: Timestamp) -> bool {
        let ready = |forced: &&Forced| forced.sweep.ready(now);
        match selection {
            Selection::Forced { request, .. } => {
                let other = |forced: &Forced| forced.request != *request;
                self.next_scheduled(now).is_some() || self.forced.iter().filter(ready).any(other)
            }
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => {
                self.forced.iter().any(|forced| ready(&forced))
            }
        }
    }

    fn next_scheduled(&self, now: Timestamp) -> Option<Selection> {
        let ready = |sweep: &Option<Sweep>| sweep.as_ref().filter(|sweep| sweep.ready(now)).map(|sweep| sweep.start);
        self.due
            .map(|tick| Selection::Due { tick })
            .or_else(|| ready(&self.timed_out).map(|tick| Selection::TimedOut { tick }))
            .or_else(|| ready(&self.recent).map(|tick| Selection::Recent { tick }))
    }

    fn next_forced(&self, now: Timestamp) -> Option<Selection> {
        self.least_far(Action::Resync, now).map(Forced::selection)
    }

    /// The deletion that comes next at `now`. No gate keeps it back.
    #[must_use]
    pub fn next_deletion(&self, now: Timestamp) -> Option<&Forced> {
        self.least_far(Action::Delete, now)
    }

    /// The request that has come least far, so that a small one does not wait for the end of a large one.
    fn least_far(&self, action: Action, now: Timestamp) -> Option<&Forced> {
        let ready = self.forced.iter().filter(|forced| forced.action == action && forced.sweep.ready(now));
        ready.min_by_key(|forced| forced.progress.done())
    }

    /// Whether anything but deletions was added since it was `before`.
    #[must_use]
    pub fn has_more_than(&self, before: &Self) -> bool {
        let start = |sweep: &Option<Sweep>| sweep.as_ref().map(|sweep| sweep.start);
        let resyncs = self.forced.iter().filter(|forced| forced.action == Action::Resync);
        self.due > before.due
            || start(&self.timed_out) > start(&before.timed_out)
            || start(&self.recent) > start(&before.recent)
            || resyncs.into_iter().any(|forced| before.request(&forced.request).is_none())
    }

    /// Whether nothing is owed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_none() && self.timed_out.is_none() && self.recent.is_none() && self.forced.is_empty()
    }

    /// Whether something is owed that a run could do at `now`.
    #[must_use]
    pub fn ready(&self, now: Timestamp) -> bool {
        let forced = self.forced.iter().map(|forced| &forced.sweep);
        let sweeps = self.timed_out.iter().chain(&self.recent).chain(forced);
        self.due.is_some() || sweeps.into_iter().any(|sweep| sweep.ready(now))
    }
}

fn newer(known: Option<Sweep>, start: Timestamp) -> Sweep {
    known.filter(|sweep| sweep.start >= start).unwrap_or_else(|| Sweep::starting(start))
}
