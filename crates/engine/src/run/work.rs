//! The worker: the steps of a run in their order, and its end.
//!
//! Must not know: how batches are packed or sent.

use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::ids::RunId;
use rules::journal::Phase;
use rules::lease::{self, Lease};
use rules::owed::{Selection, Sweep};
use rules::policy::Policy;
use rules::schedule::{TICK, next_tick_after};
use rules::suspension::Cause;
use rules::time::Timestamp;
use tracing::warn;

use super::allowance::Allowance;
use super::context::Context;
use super::held::{Held, OwedChange};
use super::interrupt::Interrupt;
use super::landing::Setback;
use super::outbox::Outbox;
use super::pack::Sizes;
use super::pass::Passed;
use super::probe::suspension_left;
use super::quarantine::Quarantine;
use super::slots::Slots;
use super::tally::Tally;
use crate::parts::Ports;
use crate::ports::{Clock, Connections, Events, PortError, Reports, RunReport, StopReason};

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
    pub(super) sizes: Sizes,
    /// Why nothing more is sent.
    pub(super) stop: Option<StopReason>,
    /// What suspends the connection when the run ends.
    pub(super) suspending: Option<Cause>,
    /// What must be put right before the next send.
    pub(super) setback: Option<Setback>,
    /// One call at a time: the first, and after trouble.
    pub(super) slow: bool,
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
        Self {
            context,
            held,
            allowance: Allowance::default(),
            slots,
            quarantine: Quarantine::default(),
            outbox: Outbox::default(),
            tally: Tally::default(),
            sizes: Sizes::default(),
            stop: None,
            suspending: None,
            setback: None,
            slow: true,
            trial: None,
            trials: 0,
            renewed: false,
            setbacks: 0,
            unanswered: 0,
        }
    }

    /// Carries out the run and reports on it.
    pub(super) async fn carry_out(mut self, run: RunId) -> Result<RunReport, PortError> {
        match self.work().await {
            Ok(()) => {}
            Err(Interrupt::Deposed) => self.stop = Some(StopReason::Deposed),
            Err(Interrupt::Port(error)) => {
                self.let_go().await;
                return Err(error);
            }
        }
        let report = self.report(run);
        if self.tally.api_calls > 0 || self.tally.tried > 0 {
            self.context.ports.store().keep_report(&self.context.connection.id, &report).await?;
        }
        Ok(report)
    }

    async fn work(&mut self) -> Result<(), Interrupt> {
        self.recover().await?;
        if self.stop.is_none() {
            self.pass_gates().await?;
        }
        loop {
            self.work_off().await?;
            self.publish().await?;
            self.close_entries().await?;
            if self.release().await? {
                return self.hand_on().await;
            }
        }
    }

    /// Does what is owed until nothing is, or the run must stop.
    async fn work_off(&mut self) -> Result<(), Interrupt> {
        while self.stop.is_none() {
            let now = self.context.ports.clock().now();
            let Some(selection) = self.held.next_owed(now) else {
                let shown = self.trial == Some(Trial::Answers);
                return if shown { self.resume().await } else { Ok(()) };
            };
            self.do_one(&selection).await?;
        }
        Ok(())
    }

    async fn do_one(&mut self, selection: &Selection) -> Result<(), Interrupt> {
        let sweep = match selection {
            Selection::TimedOut { .. } => self.held.control.owed.timed_out.clone(),
            Selection::Recent { .. } => self.held.control.owed.recent.clone(),
            Selection::Due { .. } | Selection::Owed { .. } => None,
        };
        let most = match &self.context.connection.policy {
            Policy::Recent(policy) => policy.batch as usize,
            Policy::Interval(_) => usize::MAX,
        };
        let cursor = match selection {
            Selection::Recent { .. } => sweep.as_ref().and_then(|sweep| sweep.cursor.clone()),
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Owed { .. } => None,
        };
        let mut passed = self.pass(selection, cursor, most).await?;
        if matches!(selection, Selection::TimedOut { .. })
            && self.stop.is_none()
            && passed.source.listed > 0
            && !passed.missed
        {
            // No later tick comes back to tonight's queue: look once more for what a lagging index did not list.
            let second = self.pass(selection, None, most).await?;
            passed = passed.and(second);
        }
        self.tally.skipped += passed.source.found.skipped;
        self.spread(passed.source.listed).await?;
        self.note_owed(selection, sweep, passed);
        Ok(())
    }

    /// Notes how far a selection came.
    fn note_owed(&mut self, selection: &Selection, sweep: Option<Sweep>, passed: Passed) {
        let done = self.stop.is_none();
        let now = self.context.ports.clock().now();
        let found = &passed.source.found;
        // What was sent and not counted is tried again at the next tick, as the 20-minute schedule does by itself.
        let missed = passed.missed.then(|| next_tick_after(now, TICK));
        let skipped_until = found.quarantined_until.max(missed);
        let left = |sweep: Sweep| left_of(&sweep, done, passed.mark, skipped_until);
        match selection {
            Selection::Due { tick } if done => self.held.change_owed(OwedChange::DueDone(*tick)),
            Selection::TimedOut { tick } => {
                let change = OwedChange::TimedOut(*tick, sweep.and_then(left));
                self.held.change_owed(change);
            }
            Selection::Recent { tick } => {
                let change = OwedChange::Recent(*tick, sweep.and_then(left));
                self.held.change_owed(change);
            }
            Selection::Due { .. } | Selection::Owed { .. } => {}
        }
    }

    /// Raises the number of index keys when the backlog has outgrown them; records move as they are written.
    async fn spread(&self, listed: usize) -> Result<(), PortError> {
        let connection = self.context.connection;
        let shards = connection.shards_for(listed);
        if shards > connection.shards {
            self.context.ports.store().raise_shards(&connection.id, shards).await?;
        }
        Ok(())
    }

    async fn close_entries(&mut self) -> Result<(), Interrupt> {
        for entry in self.slots.finished() {
            let closed = self.stamp(entry, Phase::Closed).await?;
            self.slots.free(closed.slot);
        }
        Ok(())
    }

    /// Releases the lease, with the suspension and the rest of the budget. When the run could do more that was owed
    /// meanwhile, it keeps the lease, and this is false.
    async fn release(&mut self) -> Result<bool, Interrupt> {
        let now = self.context.ports.clock().now();
        let (epoch, tick, stop) = (self.held.epoch, self.context.order.selection.tick(), self.stop);
        if stop.is_some_and(is_redone_by_the_next_tick) {
            let due = self.held.control.owed.due.unwrap_or(tick);
            self.held.change_owed(OwedChange::DueDone(due));
        }
        let connection = &self.context.connection.id;
        let mut event = None;
        let released = self.held.update(|control| {
            if stop.is_none() && control.owed.ready(now) {
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
        let came_on = self.tally.api_calls > 0 || self.tally.tried > 0;
        let goes_on = came_on && matches!(self.stop, Some(StopReason::Deadline | StopReason::BatchDone));
        if let Some(selection) = self.held.next_owed(now).filter(|_| goes_on) {
            let connection = self.context.connection.id.clone();
            self.outbox.events.push(Outbound::RunRequested(RunRequested { connection, selection }));
        }
        let events = self.outbox.take().events;
        if events.is_empty() {
            return Ok(());
        }
        Ok(self.context.ports.events().publish(&events).await?)
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
        | StopReason::Busy => true,
        StopReason::Done | StopReason::Deadline | StopReason::BatchDone | StopReason::Deposed => false,
    }
}

/// What is left of a sweep: nothing when it reached the end and left no record untried. `skipped_until` is when the records
/// that it did leave may be tried.
fn left_of(sweep: &Sweep, done: bool, mark: Option<String>, skipped_until: Option<Timestamp>) -> Option<Sweep> {
    let again = sweep.again || skipped_until.is_some();
    if !done {
        // The records that come next need not wait for those that were skipped.
        return Some(Sweep { start: sweep.start, cursor: mark, again, not_before: sweep.not_before });
    }
    let not_before = sweep.not_before.max(skipped_until);
    again.then_some(Sweep { start: sweep.start, cursor: None, again: false, not_before })
}
