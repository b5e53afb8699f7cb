//! A turn: one selection, worked at to its end, or until others have waited long enough; and what is owed of it then.
//!
//! Must not know: how batches are packed or sent.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::ids::RequestId;
use rules::owed::{Forced, Selection, Sweep, Turn};
use rules::policy::Policy;
use rules::resync::{Progress, Request, RequestState};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use tracing::error;

use super::aim::Aim;
use super::held::OwedChange;
use super::interrupt::Interrupt;
use super::pass::{Line, Passed};
use super::settle::Settled;
use super::work::Worker;
use crate::parts::Ports;
use crate::ports::{Clock, Connections, PortError, Requests, Saved, StopReason};

/// Records that one turn takes while others wait.
pub(super) const TURN: usize = 2_000;

/// How far the indexes may lag behind what was written before a request was accepted.
const INDEXES_LAG: Duration = Duration::from_secs(2);

/// Who comes next, and what waits for its next turn.
#[derive(Debug)]
pub(super) struct Turns {
    pub(super) next: Turn,
    /// Records that this run took so far.
    taken: usize,
    interrupted: BTreeMap<Selection, Passed>,
}

impl Turns {
    /// No turn was taken; `first` begins.
    pub(super) fn beginning_with(first: Turn) -> Self {
        Self { next: first, taken: 0, interrupted: BTreeMap::new() }
    }
}

impl<P: Ports> Worker<'_, P> {
    /// Works at `selection`, and notes how far it came.
    pub(super) async fn take_turn(&mut self, selection: &Selection) -> Result<(), Interrupt> {
        self.turns.next = Turn::after(selection);
        let Some(aim) = self.aim(selection).await? else {
            return Ok(());
        };
        let before = self.turns.interrupted.remove(selection);
        let cursor = before.as_ref().map_or_else(|| self.cursor(selection), |before| before.mark.clone());
        let most = self.room(selection);
        let mut passed = self.pass(aim.clone(), cursor, most).await?.following(before);
        let complete = self.stop.is_none() && passed.exhausted;
        if complete && !passed.missed && aim.is_looked_at_twice(passed.listed) {
            // No later tick comes back to these: look once more for what a lagging index did not list.
            self.let_indexes_catch_up(&aim).await;
            let second = self.pass(aim, None, most).await?;
            passed = passed.and(second);
        }
        self.turns.taken += passed.taken;
        self.tally.skipped += passed.found.skipped;
        self.spread(passed.listed).await?;
        self.note_turn(selection, passed).await
    }

    /// A person may ask in the very moment in which something failed: the last look comes a little later.
    pub(super) async fn let_indexes_catch_up(&self, aim: &Aim) {
        if aim.request().is_some() {
            let caught_up = aim.tick() + INDEXES_LAG;
            self.context.wait(caught_up.since(self.context.ports.clock().now())).await;
        }
    }

    /// The aim of a selection; nothing when a request is not open any more, or cannot be read.
    async fn aim(&mut self, selection: &Selection) -> Result<Option<Aim>, Interrupt> {
        match selection {
            Selection::Forced { request, .. } => self.requested(request).await,
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. } => {
                Ok(Some(Aim::Schedule(selection.clone())))
            }
        }
    }

    pub(super) async fn requested(&mut self, id: &RequestId) -> Result<Option<Aim>, Interrupt> {
        let Some(owed) = self.held.control.owed.request(id).cloned() else {
            return Ok(None);
        };
        match self.context.ports.store().request(&self.context.connection.id, id).await {
            Ok(Some(request)) if request.state == RequestState::Open => {
                let owed = owed.taken_up(self.held.epoch, self.slots.batches());
                let after = owed.after;
                self.held.change_owed(OwedChange::Request(owed));
                Ok(Some(Aim::Request { request: Box::new(request), after }))
            }
            Ok(_) => {
                self.held.change_owed(OwedChange::RequestOver(id.clone()));
                Ok(None)
            }
            Err(PortError::Unreadable { what, problem }) => {
                error!(%what, %problem, "a request for a resync waits until it can be read");
                let not_before = Some(next_tick_after(self.context.ports.clock().now(), TICK));
                let sweep = Sweep { not_before, ..owed.sweep.clone() };
                self.held.change_owed(OwedChange::Request(Forced { sweep, ..owed }));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Where an earlier run left off.
    fn cursor(&self, selection: &Selection) -> Option<String> {
        let owed = &self.held.control.owed;
        let sweep = match selection {
            Selection::Recent { .. } => owed.recent.as_ref(),
            Selection::Forced { request, .. } => owed.request(request).map(|forced| &forced.sweep),
            Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Owed { .. } => None,
        };
        sweep.and_then(|sweep| sweep.cursor.clone())
    }

    /// Records that this turn may take: what is left of the policy's batch, and no more than a turn's while others wait.
    fn room(&self, selection: &Selection) -> usize {
        let now = self.context.ports.clock().now();
        let waits = self.held.control.owed.others_wait(selection, now);
        if waits { self.batch_left().min(TURN) } else { self.batch_left() }
    }

    fn batch_left(&self) -> usize {
        let batch = match &self.context.connection.policy {
            Policy::Recent(policy) => policy.batch as usize,
            Policy::Interval(_) => usize::MAX,
        };
        batch.saturating_sub(self.turns.taken)
    }

    /// Notes how far a selection came.
    async fn note_turn(&mut self, selection: &Selection, passed: Passed) -> Result<(), Interrupt> {
        if self.stop.is_none() && !passed.exhausted {
            if self.batch_left() == 0 {
                self.stop_for(StopReason::BatchDone);
            } else {
                self.turns.interrupted.insert(selection.clone(), passed.clone());
            }
        }
        let done = self.stop.is_none() && passed.exhausted;
        // What was sent and not counted is tried again at the next tick, as the 20-minute schedule does by itself.
        let missed = passed.missed.then(|| next_tick_after(self.context.ports.clock().now(), TICK));
        let skipped_until = passed.found.quarantined_until.max(missed);
        let left = |sweep: Sweep| left_of(&sweep, done, passed.mark.clone(), skipped_until);
        let owed = &self.held.control.owed;
        let change = match selection {
            Selection::Due { tick } if done => OwedChange::DueDone(*tick),
            Selection::TimedOut { tick } => OwedChange::TimedOut(*tick, owed.timed_out.clone().and_then(left)),
            Selection::Recent { tick } => OwedChange::Recent(*tick, owed.recent.clone().and_then(left)),
            Selection::Forced { request, .. } => return self.note_request(request, &passed, done, skipped_until).await,
            Selection::Due { .. } | Selection::Owed { .. } => return Ok(()),
        };
        self.held.change_owed(change);
        Ok(())
    }

    async fn note_request(
        &mut self,
        id: &RequestId,
        passed: &Passed,
        done: bool,
        skipped_until: Option<Timestamp>,
    ) -> Result<(), Interrupt> {
        // Somebody cancelled it meanwhile.
        let Some(owed) = self.held.control.owed.request(id).cloned() else {
            return Ok(());
        };
        let progress = owed.progress.skipping(passed.found.beyond);
        let Some(sweep) = left_of(&owed.sweep, done, passed.mark.clone(), skipped_until) else {
            return self.finish_request(id, progress).await;
        };
        // A sweep that starts over comes by the same records once more.
        let progress = if done { progress.looking_again() } else { progress };
        self.held.change_owed(OwedChange::Request(Forced { sweep, progress, ..owed }));
        Ok(())
    }

    /// Writes that the request is done, and takes it off what is owed only then: a crash in between finds it done.
    pub(super) async fn finish_request(&mut self, id: &RequestId, progress: Progress) -> Result<(), Interrupt> {
        let (store, connection) = (self.context.ports.store(), &self.context.connection.id);
        let mut known = store.request(connection, id).await?;
        // Whoever cancelled it meanwhile is right; whoever erased a record that it names only shortened it.
        while let Some(request) = known.filter(|request| request.state == RequestState::Open) {
            let ended = Some(self.context.ports.clock().now());
            let done = Request { state: RequestState::Done, progress, ended, ..request.clone() };
            known = match store.change_request(&request, &done).await? {
                Saved::Done => None,
                Saved::Conflict(current) => current,
            };
        }
        self.held.change_owed(OwedChange::RequestOver(id.clone()));
        Ok(())
    }

    /// Counts the tries of a batch that landed for the request that asked for them.
    pub(super) fn advance_request(&mut self, line: &Line, settled: &Settled) {
        let owed = line.source.aim.request().and_then(|id| self.held.control.owed.request(id)).cloned();
        if let Some(owed) = owed.filter(|_| !settled.throttled) {
            let tries = settled.results.iter().map(|result| result.outcome);
            let progress = tries.fold(owed.progress, Progress::counting);
            self.held.change_owed(OwedChange::Request(Forced { progress, ..owed }));
        }
    }

    /// Whether the request that the line works off was cancelled, as far as this run has seen.
    pub(super) fn is_cancelled(&self, line: &Line) -> bool {
        line.source.aim.request().is_some_and(|id| self.held.control.owed.request(id).is_none())
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
