//! The held lease: every change of the control item that a run makes, conditional on its epoch.
//!
//! Must not know: what the changes are for.

use std::collections::BTreeSet;

use rules::connection::Connection;
use rules::control::{Control, OrgUsage};
use rules::ids::{ConnectionId, Epoch, RequestId, RunId};
use rules::lease::{self, AFTER_DEADLINE, Take};
use rules::owed::{Forced, Owed, Sweep};
use rules::time::Timestamp;

use super::Order;
use super::interrupt::Interrupt;
use crate::parts::Ports;
use crate::ports::{Clock, Controls, Entropy, OrgFigure, PortError, Saved};

/// How often a control item that others keep writing is read anew.
const RACES: usize = 16;

/// A change of the owed work that the next write carries.
#[derive(Clone, Debug)]
pub(super) enum OwedChange {
    /// The due records of this tick, or of an earlier one, are done.
    DueDone(Timestamp),
    /// The nightly run stands like this; done when nothing.
    TimedOut(Timestamp, Option<Sweep>),
    /// The sweep stands like this; done when nothing.
    Recent(Timestamp, Option<Sweep>),
    /// A person's request stands like this.
    Request(Forced),
    /// Nothing is left to do for a person's request.
    RequestOver(RequestId),
}

impl OwedChange {
    fn apply(self, mut owed: Owed) -> Owed {
        let replace = |slot: &mut Option<Sweep>, start, now: Option<Sweep>| {
            if slot.as_ref().is_some_and(|sweep| sweep.start <= start) {
                *slot = now;
            }
        };
        match self {
            Self::DueDone(tick) => owed.due = owed.due.filter(|&due| due > tick),
            Self::TimedOut(start, sweep) => replace(&mut owed.timed_out, start, sweep),
            Self::Recent(start, sweep) => replace(&mut owed.recent, start, sweep),
            Self::Request(now) => return owed.with_progress(now),
            Self::RequestOver(request) => return owed.without_request(&request),
        }
        owed
    }

    /// Whether `self`, noted later, makes `earlier` superfluous.
    fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Request(now), Self::Request(before)) => now.request == before.request,
            (Self::DueDone(_) | Self::TimedOut(..) | Self::Recent(..) | Self::Request(_) | Self::RequestOver(_), _) => {
                false
            }
        }
    }
}

/// The wish for the lease, answered.
pub(super) enum Taken<'a, P: Ports> {
    Held(Box<Held<'a, P>>),
    Busy { until: Timestamp },
}

/// A lease that this run took.
pub(super) struct Held<'a, P: Ports> {
    ports: &'a P,
    id: &'a ConnectionId,
    pub(super) control: Control,
    pub(super) epoch: Epoch,
    pub(super) taken: Timestamp,
    org: Option<OrgUsage>,
    pending: Vec<OwedChange>,
    /// The requests of which it is stored that this run works at them.
    marked: BTreeSet<RequestId>,
}

impl<'a, P: Ports> Held<'a, P> {
    /// Takes the lease together with the work, or notes the work for the one who holds it.
    pub(super) async fn take(
        ports: &'a P,
        connection: &'a Connection,
        order: &Order,
        run: RunId,
    ) -> Result<Taken<'a, P>, PortError> {
        let store = ports.store();
        let mut known = store.control(&connection.id).await?;
        for _ in 0..RACES {
            let now = ports.clock().now();
            let expected = known.revision;
            let revision = ports.entropy().number();
            let (write, busy) = match lease::take(known, run, order.deadline + AFTER_DEADLINE, &order.selection, now) {
                Take::Ours(control) => {
                    return Ok(Taken::Held(Box::new(Self::new(ports, &connection.id, *control, now))));
                }
                Take::Free(control) => (Control { revision, ..*control }, None),
                Take::Busy { until, noting: None } => return Ok(Taken::Busy { until }),
                Take::Busy { until, noting: Some(control) } => (Control { revision, ..*control }, Some(until)),
            };
            match store.save_control(&connection.id, &write, expected).await {
                Ok(Saved::Conflict(current)) => known = current,
                // The write may have been done all the same: look, and recognise the lease by its holder.
                Err(error) => known = store.control(&connection.id).await.map_err(|_| error)?,
                Ok(Saved::Done) => {
                    return Ok(match busy {
                        Some(until) => Taken::Busy { until },
                        None => Taken::Held(Box::new(Self::new(ports, &connection.id, write, now))),
                    });
                }
            }
        }
        Err(PortError::unavailable("taking the lease", "the control item was written by others all the time"))
    }

    fn new(ports: &'a P, id: &'a ConnectionId, control: Control, taken: Timestamp) -> Self {
        let (epoch, org) = (control.epoch, control.org);
        Self { ports, id, control, epoch, taken, org, pending: Vec::new(), marked: BTreeSet::new() }
    }

    /// Whether it is stored that this run works at the request, so that its death would be known to have cut that short. There is
    /// nothing to store of a request that is not owed any more.
    pub(super) fn is_marked(&self, id: &RequestId) -> bool {
        self.marked.contains(id) || self.control.owed.request(id).is_none()
    }

    /// Notes the org's figure; the next write carries it.
    pub(super) fn note_org(&mut self, figure: OrgFigure, at: Timestamp) {
        self.org = Some(OrgUsage { used: figure.used, limit: figure.limit, at });
    }

    /// Changes the owed work; the next write carries it.
    pub(super) fn change_owed(&mut self, change: OwedChange) {
        self.control.owed = change.clone().apply(std::mem::take(&mut self.control.owed));
        self.pending.retain(|earlier| !change.replaces(earlier));
        self.pending.push(change);
    }

    /// Changes the control item, with everything that was noted. `change` gives nothing when nothing is to be written; it is
    /// asked again whenever somebody else wrote meanwhile. Gives whether it wrote.
    pub(super) async fn update(
        &mut self,
        mut change: impl FnMut(Control) -> Option<Control>,
    ) -> Result<bool, Interrupt> {
        for _ in 0..RACES {
            if !self.control.is_held_by(self.epoch) {
                return Err(Interrupt::Deposed);
            }
            let Some(changed) = change(Control { org: self.org, ..self.control.clone() }) else {
                return Ok(false);
            };
            let write = Control { revision: self.ports.entropy().number(), ..changed };
            let saved = match self.ports.store().save_control(self.id, &write, self.control.revision).await {
                Ok(saved) => saved,
                Err(error) => self.look_again(&write, error).await?,
            };
            match saved {
                Saved::Done => {
                    self.control = write;
                    self.pending.clear();
                    let ours = self.control.owed.forced.iter().filter(|forced| forced.worked_by == Some(self.epoch));
                    self.marked.extend(ours.map(|forced| forced.request.clone()));
                    return Ok(true);
                }
                Saved::Conflict(current) => self.control = self.with_pending(current),
            }
        }
        let error = PortError::unavailable("writing the control item", "it was written by others all the time");
        Err(Interrupt::Port(error))
    }

    /// After a write that failed: it may have been done all the same, and then its revision is there.
    async fn look_again(&self, write: &Control, error: PortError) -> Result<Saved<Control>, PortError> {
        match self.ports.store().control(self.id).await {
            Ok(current) if current.revision == write.revision => Ok(Saved::Done),
            Ok(_) | Err(_) => Err(error),
        }
    }

    fn with_pending(&self, mut control: Control) -> Control {
        control.owed = self.pending.iter().cloned().fold(control.owed, |owed, change| change.apply(owed));
        control
    }
}
