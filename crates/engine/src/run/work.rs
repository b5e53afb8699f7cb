//! The worker: the steps of a run in their order, and its end.
//!
//! Must not know: how batches are packed or sent.

use std::collections::BTreeMap;

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::{RequestId, RunId};
use rules::journal::Phase;
use rules::lease::{self, Lease};
use rules::owed::{Forced, Owed, Selection, Turn};
use rules::resync::Action;
use rules::suspension::Cause;
use rules::time::Timestamp;
use tracing::warn;

use super::allowance::Allowance;
use super::closed_gates;
use super::context::Context;
use super::deletion::Account;
use super::held::{Held, OwedChange};
use super::interrupt::Interrupt;
use super::landing::Setback;
use super::outbox::Outbox;
use super::pack::Sizes;
use super::probe::suspension_left;
use super::quarantine::Quarantine;
use super::slots::Slots;
use super::tally::Tally;
use super::turn::Turns;
use super::width::Width;
use crate::parts::Ports;
use crate::ports::{Clock, Events, PortError, Reports, Requests, RunReport, StopReason, UsageReports};

/// What records that are sent one at a time must show before a suspension ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// That storage is free: only a record that is saved does.
    Storage,
    /// That requests are answered: a harmless one was, so any answer does, and so does having no record to send.
    Answers,
}

/// A run under way.
pub(super) struct Worker<'a, P: Ports> {
    pub(super) context: &'a Context<'a, P>,
    pub(super) held: Held<'a, P>,
    pub(super) allowance: Allowance,
    pub(super) slots: Slots,
    pub(super) quarantine: Quarantine,
    pub(super) outbox: Outbox,
    pub(super) tally: Tally,
    pub(super) turns: Turns,
    /// What was owed when a run began that is for a deletion only; nothing in any other run.
    pub(super) only_deletes: Option<Owed>,
    /// What was deleted for whom.
    pub(super) deletions: BTreeMap<RequestId, Account>,
    pub(super) sizes: Sizes,
    /// Why nothing more is sent.
    pub(super) stop: Option<StopReason>,
    /// What suspends the connection when the run ends.
    pub(super) suspending: Option<Cause>,
    /// What must be put right before the next send.
    pub(super) setback: Option<Setback>,
    /// One call at a time: the first, and after trouble.
    pub(super) slow: bool,
    /// How many calls there may be at a time, otherwise.
    pub(super) width: Width,
    /// Batches of which the directory's counts know.
    pub(super) counted: u32,
    /// What must be shown before the suspension ends.
    pub(super) trial: Option<Trial>,
    /// Records that the trial has sent without learning whether storage is free.
    pub(super) trials: u8,
    /// Whether this run has renewed its token.
    pub(super) renewed: bool,
    /// Waits in a row.
    pub(super) setbacks: u8,
    /// Answers in a row that nobody could understand.
    pub(super) unanswered: u8,
}

impl<'a, P: Ports> Worker<'a, P> {
    /// A worker that holds the lease and has done nothing.
    pub(super) fn new(context: &'a Context<'a, P>, held: Held<'a, P>) -> Self {
        let slots = Slots::new(held.epoch, &[], held.taken);
        let turns = Turns::beginning_with(Turn::first_of(held.epoch));
        Self {
            context,
            held,
            allowance: Allowance::default(),
            slots,
            quarantine: Quarantine::default(),
            outbox: Outbox::default(),
            tally: Tally::default(),
            turns,
            only_deletes: None,
            deletions: BTreeMap::new(),
            sizes: Sizes::default(),
            stop: None,
            suspending: None,
            setback: None,
            slow: true,
            counted: 0,
            width: Width::of(context.connection.calls_in_flight),
            trial: None,
            trials: 0,
            renewed: false,
            setbacks: 0,
            unanswered: 0,
        }
    }

    /// Carries out the run and reports on it.
    pub(super) async fn carry_out(mut self, run: RunId) -> Result<RunReport, PortError> {
        let worked = self.work().await;
        // What was written since the counts were brought up to date last, whatever ended the run.
        self.context.write_counts().await;
        match worked {
            Ok(()) => {}
            Err(Interrupt::Deposed) => self.stop = Some(StopReason::Deposed),
            Err(Interrupt::Port(error)) => {
                self.let_go().await;
                return Err(error);
            }
        }
        let report = self.report(run);
        if self.tally.came_on() {
            let connection = self.context.connection;
            let keep_for = connection.retention.report_for();
            self.context.ports.store().keep_report(&connection.id, &report, keep_for).await?;
        }
        Ok(report)
    }

    async fn work(&mut self) -> Result<(), Interrupt> {
        self.recover().await?;
        self.only_deletes = self.is_for_a_deletion().await?.then(|| self.held.control.owed.clone());
        self.work_off_deletions().await?;
        if self.sends() && self.stop.is_none() {
            self.pass_gates().await?;
        }
        loop {
            self.work_off_deletions().await?;
            if self.is_asked_for_more() {
                self.only_deletes = None;
                self.pass_gates().await?;
            }
            if self.sends() {
                self.work_off().await?;
            }
            self.publish().await?;
            self.close_entries().await?;
            if self.release().await? {
                return self.hand_on().await;
            }
        }
    }

    /// Does what is owed until nothing is, or the run must stop.
    async fn work_off(&mut self) -> Result<(), Interrupt> {
        self.heed_halt();
        while self.stop.is_none() {
            let now = self.context.ports.clock().now();
            let Some(selection) = self.held.control.owed.next(now, self.turns.next) else {
                let shown = self.trial == Some(Trial::Answers);
                return if shown { self.resume().await } else { Ok(()) };
            };
            self.take_turn(&selection).await?;
            self.work_off_deletions().await?;
        }
        Ok(())
    }

    /// Whether it was started for a deletion: that makes no call, and neither probes nor works off what waits for a gate.
    async fn is_for_a_deletion(&self) -> Result<bool, Interrupt> {
        let Selection::Forced { request: id, .. } = &self.context.order.selection else { return Ok(false) };
        if let Some(owed) = self.held.control.owed.request(id) {
            return Ok(owed.action == Action::Delete);
        }
        match self.context.ports.store().request(&self.context.connection.id, id).await {
            Ok(request) => Ok(request.is_some_and(|request| request.action == Action::Delete)),
            Err(PortError::Unreadable { .. }) => Ok(false),
            Err(error @ PortError::Unavailable { .. }) => Err(error.into()),
        }
    }

    fn sends(&self) -> bool {
        self.only_deletes.is_none()
    }

    /// Whether others came for more while it deleted, and found the lease held.
    fn is_asked_for_more(&self) -> bool {
        self.stop.is_none()
            && self.only_deletes.as_ref().is_some_and(|before| self.held.control.owed.has_more_than(before))
    }

    async fn close_entries(&mut self) -> Result<(), Interrupt> {
        for entry in self.slots.finished() {
            let closed = self.stamp(entry, Phase::Closed).await?;
            self.slots.free(closed.slot);
        }
        Ok(())
    }

    /// Releases the lease, with the suspension and the rest of the budget. When the run could do more that was owed
    /// meanwhile, it keeps the lease, and this is false. It keeps it for nothing that it will not do: a deletion needs time, too.
    async fn release(&mut self) -> Result<bool, Interrupt> {
        let now = self.context.ports.clock().now();
        let (epoch, tick, stop) = (self.held.epoch, self.context.order.selection.tick(), self.stop);
        if stop.is_some_and(is_redone_by_the_next_tick) {
            let due = self.held.control.owed.due.unwrap_or(tick);
            self.held.change_owed(OwedChange::DueDone(due));
        }
        let deletes = self.may_delete();
        let only_deletes = self.only_deletes.clone();
        let connection = &self.context.connection.id;
        let turn = self.turns.next;
        let mut event = None;
        let released = self.held.update(|control| {
            let sends = only_deletes.as_ref().is_none_or(|before| control.owed.has_more_than(before));
            let goes_on = stop.is_none() && sends && control.owed.next(now, turn).is_some();
            if goes_on || deletes && control.owed.next_deletion(now).is_some() {
                return None;
            }
            let ledger = self.allowance.settle(&control);
            let (suspension, said) = suspension_left(connection, &control, self.suspending.as_ref(), now);
            event = said;
            lease::release(Control { ledger, suspension, ..control }, epoch)
        });
        if released.await? {
            self.allowance.forget();
            self.outbox.events.extend(event);
            return Ok(true);
        }
        Ok(false)
    }

    /// After the release: says what happened, and starts the run that goes on with what is left.
    async fn hand_on(&mut self) -> Result<(), Interrupt> {
        let now = self.context.ports.clock().now();
        // A run that could send nothing before its deadline would start another one like it for ever: the next tick does.
        let came_on = self.tally.came_on();
        let goes_on = came_on && matches!(self.stop, Some(StopReason::Deadline | StopReason::BatchDone));
        let goes_on = goes_on || self.leaves_others_waiting(now).await?;
        let owed = &self.held.control.owed;
        let next = owed.next(now, self.turns.next).or_else(|| owed.next_deletion(now).map(Forced::selection));
        if let Some(selection) = next.filter(|_| goes_on) {
            let connection = self.context.connection.id.clone();
            self.outbox.events.push(Outbound::RunRequested(RunRequested { connection, selection }));
        }
        let events = self.outbox.take().events;
        if events.is_empty() {
            return Ok(());
        }
        Ok(self.context.ports.events().publish(&events).await?)
    }

    /// Whether a run that was for a deletion alone is done with it, while something else may be sent: the event that would have
    /// started that has found this run at work, and is used up.
    async fn leaves_others_waiting(&self, now: Timestamp) -> Result<bool, PortError> {
        if self.only_deletes.is_none() || self.stop.is_some() || !self.held.control.owed.ready(now) {
            return Ok(false);
        }
        let connection = self.context.connection;
        let usage = self.context.ports.store().usage(&connection.id).await?;
        Ok(closed_gates(connection, &self.held.control, &usage, now).is_empty())
    }

    /// After a failure: lets the lease end now if that is still possible, with the suspension and the rest of the budget, so
    /// that the next run need not wait. It is not released: a lease that ran out makes the next tick start a run, whatever the
    /// gates say, and that run settles and publishes what the journal holds.
    async fn let_go(&mut self) {
        // What was certainly not processed must not look as if it might have been.
        if self.close_entries().await.is_err() {
            warn!(connection = %self.context.connection.id, "finished journal entries could not be closed");
        }
        let now = self.context.ports.clock().now();
        let connection = &self.context.connection.id;
        let ended = self.held.update(|control| {
            let ledger = self.allowance.settle(&control);
            let (suspension, _) = suspension_left(connection, &control, self.suspending.as_ref(), now);
            let lease = control.lease.clone().map(|lease| Lease { until: lease.until.min(now), ..lease });
            Some(Control { ledger, suspension, lease, ..control })
        });
        if ended.await.is_err() {
            warn!(connection = %self.context.connection.id, "the lease could not be ended and runs out by itself");
        }
    }

    fn report(&self, run: RunId) -> RunReport {
        RunReport {
            run,
            epoch: self.held.epoch,
            selection: self.context.order.selection.clone(),
            started: self.held.taken,
            ended: self.context.ports.clock().now(),
            stopped: self.stop.unwrap_or(StopReason::Done),
            api_calls: self.tally.api_calls,
            tried: self.tally.tried,
            resolved: self.tally.resolved,
            failed: self.tally.failed,
            unknown: self.tally.unknown,
            skipped: self.tally.skipped,
            deleted: self.tally.deleted,
        }
    }
}

/// Whether what was due stays due, so that the next tick finds it by itself.
fn is_redone_by_the_next_tick(stop: StopReason) -> bool {
    match stop {
        StopReason::Paused
        | StopReason::Suspended
        | StopReason::Budget
        | StopReason::OrgLimit
        | StopReason::Throttled
        | StopReason::Busy
        | StopReason::Halted => true,
        StopReason::Done | StopReason::Deadline | StopReason::BatchDone | StopReason::Deposed => false,
    }
}
