//! Sending: a call is reserved, the batch is journaled, and then it is sent, if it is not too late.
//!
//! Must not know: what Salesforce answers.

use std::time::Duration;

use rules::budget::{Bucket, Budget, Ledger};
use rules::control::Control;
use rules::counts::{ApiCalls, TryKind};
use rules::ids::BatchId;
use rules::journal::{Entry, Phase, Sent, Slot};
use rules::owed::Selection;
use rules::time::Timestamp;

use super::{At, Batch, Block, End, Pass, Step};
use crate::broken::Break;
use crate::journal::Usage;
use crate::org::{Answer, Flight};
use crate::scene::{FIELD, Key, OBJECT, READ_TO_SEND, REQUEST, REQUEST_TIMEOUT};

impl Pass {
    const fn is_forced(&self) -> bool {
        matches!(self.selection, Selection::Forced { .. })
    }
}

impl Batch {
    /// Whether a person asked for it.
    #[must_use]
    pub const fn is_forced(&self) -> bool {
        self.pass.is_forced()
    }

    fn entry(&self) -> Entry {
        let sent = |key: Key| {
            self.items[key.at()].as_ref().map(|stored| Sent {
                id: stored.key().id.clone(),
                fence: stored.fence(),
                version: stored.source_version(),
            })
        };
        Entry {
            slot: Slot(u16::try_from(self.place.slot).expect("there are few slots")),
            stamp: self.place.stamp,
            batch: self.id,
            object: OBJECT.clone(),
            field: FIELD.clone(),
            sent: Key::BOTH.into_iter().filter_map(sent).collect(),
            kind: if self.is_forced() { TryKind::Forced } else { TryKind::Interval },
            tick: self.pass.selection.tick(),
            send_by: self.send_by,
            quarantined_until: Entry::quarantine(self.send_by, REQUEST_TIMEOUT),
            phase: Phase::Open,
        }
    }
}

impl At<'_> {
    /// Goes on with a selection: its next batch, or its end.
    pub(super) fn go_on(&mut self, mut pass: Pass) {
        let now = self.now;
        for key in Key::BOTH {
            if let Some(until) = self.run.barred(key, now).filter(|_| !self.bounds.lacks(Break::NoQuarantine))
                && pass.items[key.at()].take().is_some()
            {
                pass.until = pass.until.max(Some(until));
            }
        }
        if pass.items.iter().all(Option::is_none) {
            self.leave(&pass, true);
        } else if now >= self.run.stop_at() {
            self.run_out(&pass);
        } else if now >= pass.read_at + READ_TO_SEND {
            self.read_again(pass);
        } else {
            self.launch(pass);
        }
    }

    fn read_again(&mut self, mut pass: Pass) {
        let listed = std::mem::take(&mut pass.items).map(|item| item.is_some());
        self.read(&mut pass, listed);
        self.go_on(pass);
    }

    fn launch(&mut self, pass: Pass) {
        let bucket = Bucket::of(self.now);
        if self.bounds.lacks(Break::ReserveAfterSending) {
            self.ticket(pass, bucket);
            return;
        }
        let crosses = self.bounds.lacks(Break::StaleReservation);
        // The first call for a request is reserved anew: that write says who works at it, too.
        let marked = !pass.is_forced() || self.is_marked();
        match &mut self.run.desk.block {
            Some(block) if marked && (block.bucket == bucket || crosses) && block.left > ApiCalls(0) => {
                block.left = block.left.less(ApiCalls(1));
                let bucket = block.bucket;
                self.ticket(pass, bucket);
            }
            Some(_) | None => self.run.step = Step::Reserving(Box::new(pass)),
        }
    }

    /// Whether it is stored that this run works at the request.
    fn is_marked(&self) -> bool {
        self.world.control.owed.request(&REQUEST).is_none_or(|forced| forced.worked_by == Some(self.run.epoch))
    }

    fn ticket(&mut self, mut pass: Pass, bucket: Bucket) {
        let first = pass.items.iter().position(Option::is_some);
        let mut items = [None, None];
        for (at, item) in pass.items.iter_mut().enumerate() {
            if !self.bounds.apart || Some(at) == first {
                items[at] = item.take();
            }
        }
        let mut send_by = (pass.read_at + READ_TO_SEND).min(self.run.stop_at());
        if !self.bounds.lacks(Break::StaleReservation) {
            send_by = send_by.min(bucket.end() - Duration::from_millis(1));
        }
        self.run.desk.batches += 1;
        let id = BatchId { epoch: self.run.epoch, sequence: self.run.desk.batches };
        let place = self.run.desk.slots.acquire(self.run.epoch);
        let batch = Box::new(Batch { id, items, place, bucket, send_by, pass });
        let journals = !self.bounds.lacks(Break::JournalAfterSending);
        self.run.step = if journals { Step::Journaling(batch) } else { Step::Sending(batch) };
    }

    /// Whether the gate of the budget is closed. The source reports no calls of its own.
    pub(super) fn budget_is_spent(&self) -> bool {
        let (own, reported) = (&self.world.control.ledger, &Ledger::default());
        let budget = Budget { own, reported, cap: self.bounds.cap, request_timeout: REQUEST_TIMEOUT };
        budget.used(self.now) >= self.bounds.cap
    }

    /// Reserves a block of calls, and returns what is left of an older one to its own bucket.
    pub(super) fn reserve(&mut self, pass: Pass) {
        let granted = self.reserve_block();
        if self.run.is_over() {
            return;
        }
        match granted.filter(|granted| *granted > ApiCalls(0)) {
            None => {
                self.run.stop(End::Budget);
                self.leave(&pass, false);
            }
            Some(granted) => {
                let bucket = Bucket::of(self.now);
                self.run.desk.block = Some(Block { bucket, left: granted.less(ApiCalls(1)) });
                self.ticket(pass, bucket);
            }
        }
    }

    fn reserve_block(&mut self) -> Option<ApiCalls> {
        let (now, cap, wanted) = (self.now, self.bounds.cap, self.bounds.block);
        let rest = self.run.desk.block.take();
        let mut granted = None;
        self.update(|control| {
            let own = returned(&control, rest);
            let reported = Ledger::default();
            let budget = Budget { own: &own, reported: &reported, cap, request_timeout: REQUEST_TIMEOUT };
            let calls = budget.grant(wanted, now);
            granted = Some(calls);
            if calls == ApiCalls(0) && own == control.ledger {
                return None;
            }
            let ledger = own.charge(Bucket::of(now), calls, now, REQUEST_TIMEOUT);
            Some(Control { ledger, ..control })
        });
        granted
    }

    /// Writes the journal entry, on the condition that its slot is as last seen.
    pub(super) fn journal(&mut self, batch: Batch) {
        if !self.world.journal.write(batch.place.slot, batch.entry(), batch.place.expected) {
            self.end(End::Deposed);
            return;
        }
        self.run.step = Step::Sending(Box::new(batch));
    }

    /// Sends the batch, unless it is too late for that: then its records are read anew.
    pub(super) fn send(&mut self, mut batch: Batch) {
        if self.now > batch.send_by {
            self.put_back(&batch);
            self.run.desk.slots.set(batch.place.slot, Usage::Finished);
            for (at, item) in batch.items.iter_mut().enumerate() {
                batch.pass.items[at] = batch.pass.items[at].take().or(item.take());
            }
            self.read_again(batch.pass);
            return;
        }
        let sent = self.true_time();
        let carries = batch.items.each_ref().map(|item| item.as_ref().map(|stored| stored.source_version()));
        for key in Key::BOTH {
            self.world.books.outdated |= carries[key.at()].is_some() && batch.pass.outdated[key.at()];
        }
        self.world.org.calls.push(self.bounds.day_of(sent));
        self.world.org.flights.push(Flight { batch: batch.id, sender: self.place, carries, sent, late: false });
        self.run.step = Step::Awaiting(Box::new(batch));
    }

    fn true_time(&self) -> Timestamp {
        self.bounds.instant(self.world.moment)
    }

    /// What a broken protocol does after the answer and should have done before the send.
    pub(super) fn make_up(&mut self, batch: Batch, answer: Answer) {
        if self.bounds.lacks(Break::JournalAfterSending)
            && !self.world.journal.write(batch.place.slot, batch.entry(), batch.place.expected)
        {
            self.end(End::Deposed);
            return;
        }
        if self.bounds.lacks(Break::ReserveAfterSending) {
            let (now, bucket) = (self.now, batch.bucket);
            let charge = |control: Control| {
                let ledger = control.ledger.charge(bucket, ApiCalls(1), now, REQUEST_TIMEOUT);
                Some(Control { ledger, ..control })
            };
            if !self.update(charge) {
                return;
            }
        }
        self.land(batch, answer);
    }
}

/// The ledger with the rest of a block returned to its own bucket.
pub(super) fn returned(control: &Control, rest: Option<Block>) -> Ledger {
    match rest {
        Some(block) if block.left > ApiCalls(0) => control.ledger.clone().give_back(block.bucket, block.left),
        Some(_) | None => control.ledger.clone(),
    }
}
