//! Deletions: failures that a person wants nobody to try any more. They need no API call, so that no closed gate stands in
//! their way, and they come before the gates are asked.
//!
//! The audit has an entry for each request of each run that deletes for it. Before a page is written the entry says how many it is at
//! most, and after it how many it was: a run that dies in between leaves the bound, and says that it is one.
//!
//! Must not know: why a person wants it.

use rules::ids::RequestId;
use rules::owed::{Forced, Sweep};
use rules::record::{Record, Resolution, Stored};
use rules::resync::{Progress, Skip, Skips};

use super::aim::{Aim, Pick};
use super::batch::Item;
use super::held::OwedChange;
use super::interrupt::Interrupt;
use super::quarantine::Quarantine;
use super::settle::write_at_pace;
use super::source::Source;
use super::turn::TURN;
use super::work::Worker;
use crate::manage::{Deed, Noted, note};
use crate::parts::Ports;
use crate::ports::{AuditAction, Clock, OutcomeWrite, PortError, StopReason, Written};

/// How often one record is decided anew because others keep writing it.
const RACES: usize = 8;

/// What this run has deleted for a request, and the entry of the audit that says so.
#[derive(Debug)]
pub(super) struct Account {
    noted: Noted,
    records: u64,
}

/// What became of some failures.
#[derive(Debug, Default)]
struct Deleted {
    records: u64,
    skips: Skips,
    throttled: bool,
}

impl<P: Ports> Worker<'_, P> {
    /// Deletes what persons asked to be deleted, as far as it is owed.
    pub(super) async fn work_off_deletions(&mut self) -> Result<(), Interrupt> {
        loop {
            let now = self.context.ports.clock().now();
            let next = self.held.control.owed.next_deletion(now).map(|forced| forced.request.clone());
            let Some(id) = next.filter(|_| self.may_delete()) else { return Ok(()) };
            if let Some(aim) = self.requested(&id).await? {
                self.delete(&aim, &id).await?;
            }
        }
    }

    /// Whether the run may go on with deletions, whatever keeps it from sending.
    pub(super) fn may_delete(&self) -> bool {
        let has_time =
            self.context.ports.clock().now() < self.context.stop_at() && !self.context.order.halt.is_stopped();
        has_time
            && match self.stop {
                None
                | Some(
                    StopReason::Paused
                    | StopReason::Suspended
                    | StopReason::Budget
                    | StopReason::OrgLimit
                    | StopReason::Busy
                    | StopReason::BatchDone,
                ) => true,
                Some(
                    StopReason::Throttled
                    | StopReason::Deadline
                    | StopReason::Halted
                    | StopReason::Deposed
                    | StopReason::Done,
                ) => false,
            }
    }

    async fn delete(&mut self, aim: &Aim, id: &RequestId) -> Result<(), Interrupt> {
        let cursor = self.held.control.owed.request(id).and_then(|owed| owed.sweep.cursor.clone());
        if !self.delete_listed(aim, id, cursor).await? {
            return Ok(());
        }
        if aim.is_looked_at_twice(1) {
            self.let_indexes_catch_up(aim).await;
            if let Some(owed) = self.held.control.owed.request(id).cloned() {
                let progress = owed.progress.looking_again();
                self.held.change_owed(OwedChange::Request(Forced { progress, ..owed }));
            }
            if !self.delete_listed(aim, id, None).await? {
                return Ok(());
            }
        }
        match self.held.control.owed.request(id) {
            Some(owed) => self.finish_request(id, owed.progress).await,
            None => Ok(()),
        }
    }

    /// Deletes all that is listed from `cursor` on; whether it came to the end.
    async fn delete_listed(&mut self, aim: &Aim, id: &RequestId, cursor: Option<String>) -> Result<bool, Interrupt> {
        let mut source = Source::open(self.context, aim.clone(), cursor).await?;
        while !source.exhausted {
            if !self.may_delete() {
                self.heed_halt();
                self.stop_for(StopReason::Deadline);
                return Ok(false);
            }
            let before = source.found.beyond;
            // What is in flight somewhere is dropped by its outcome, and stays quarantined all the same.
            let items = source.page(self.context, &Quarantine::default(), TURN, TURN).await?;
            let mut deleted = self.delete_audited(aim, &source, items).await?;
            deleted.skips = deleted.skips.and(source.found.beyond.less(before));
            // Also of a request that was cancelled meanwhile: these are gone.
            self.tally.deleted += deleted.records;
            let Some(owed) = self.held.control.owed.request(id).cloned() else {
                return Ok(false);
            };
            let cursor = if deleted.throttled { owed.sweep.cursor.clone() } else { source.cursor() };
            let progress = Progress { deleted: owed.progress.deleted + deleted.records, ..owed.progress };
            let progress = progress.skipping(deleted.skips);
            let sweep = Sweep { cursor, ..owed.sweep.clone() };
            self.held.change_owed(OwedChange::Request(Forced { sweep, progress, ..owed }));
            self.context.write_counts().await;
            self.held.update(Some).await?;
            if deleted.throttled {
                self.stop = Some(StopReason::Throttled);
                return Ok(false);
            }
        }
        Ok(self.held.control.owed.request(id).is_some())
    }

    /// Deletes these failures, and keeps the audit's entry true.
    async fn delete_audited(&mut self, aim: &Aim, source: &Source, items: Vec<Item>) -> Result<Deleted, Interrupt> {
        let Aim::Request { request, .. } = aim else { return Ok(Deleted::default()) };
        if items.is_empty() {
            return Ok(Deleted::default());
        }
        if !self.held.is_marked(&request.id) {
            self.held.update(Some).await?;
        }
        let ports = self.context.ports;
        let subject = format!("{}: {}", request.id, request.wanted);
        let bound = format!("{}: at most, the run broke off; {}", request.id, request.wanted);
        let most = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let mut account = if let Some(mut account) = self.deletions.remove(&request.id) {
            account.noted.corrected(ports, bound, account.records + most).await?;
            account
        } else {
            let deed = Deed::of(&request.requested_by, AuditAction::FailuresDeleted, bound);
            let noted = note(ports, Some(self.context.connection), Deed { records: most, ..deed }).await?;
            Account { noted, records: 0 }
        };
        let deleted = self.delete_all(aim, source, items).await?;
        account.records += deleted.records;
        account.noted.corrected(ports, subject, account.records).await?;
        self.deletions.insert(request.id.clone(), account);
        Ok(deleted)
    }

    /// Deletes these failures, each on the condition of its version, and decides anew what others write meanwhile.
    async fn delete_all(&self, aim: &Aim, source: &Source, items: Vec<Item>) -> Result<Deleted, PortError> {
        let mut deleted = Deleted::default();
        let mut left: Vec<Record> = items.into_iter().map(|item| item.record).collect();
        for _ in 0..RACES {
            if left.is_empty() {
                return Ok(deleted);
            }
            let at = self.context.ports.clock().now();
            let delete = |before: Record| {
                let after = before.clone().resolve(Resolution::Deleted, at).advance();
                OutcomeWrite { before, after }
            };
            let writes: Vec<_> = left.drain(..).map(delete).collect();
            let written = write_at_pace(self.context, &writes).await?;
            for (OutcomeWrite { before, after }, written) in writes.iter().zip(written) {
                match written {
                    Written::Done => {
                        self.context.count(before, after);
                        deleted.records += 1;
                    }
                    Written::Throttled => deleted.throttled = true,
                    Written::Conflict(current) => match self.decide_anew(aim, source, current.map(|now| *now)) {
                        Ok(record) => left.push(record),
                        Err(why) => deleted.skips.count(why),
                    },
                }
            }
        }
        deleted.throttled |= !left.is_empty();
        Ok(deleted)
    }

    fn decide_anew(&self, aim: &Aim, source: &Source, current: Option<Stored>) -> Result<Record, Skip> {
        match current {
            None => Err(Skip::Unknown),
            Some(Stored::Success(_)) => Err(Skip::Resolved),
            Some(Stored::Record(record)) => match aim.pick(self.context, &source.parents, &record) {
                Pick::Try(_) => Ok(*record),
                Pick::Tried => Err(Skip::Resolved),
                Pick::Leave(why) => Err(why),
            },
        }
    }
}
