//! A pass: one selection, from its listing through batches in flight to the last landing.
//!
//! Must not know: what an ending means for the run.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, Stream, StreamExt};
use rules::budget::Bucket;
use rules::ids::{BatchId, ParentKey, RecordKey};
use rules::time::Timestamp;

use super::aim::Aim;
use super::allowance::Grant;
use super::batch::{Batch, Item, MOST_RECORDS};
use super::flight::{Ticket, fly};
use super::interrupt::Interrupt;
use super::pack::pack;
use super::source::{Found, PAGE, Source};
use super::work::Worker;
use crate::parts::Ports;
use crate::ports::{Clock, StopReason, SyncTarget};

/// The longest time between the strong read of a record and its send.
const READ_TO_SEND: Duration = Duration::from_secs(30);

/// Records that are read for a call that goes alone: a full one, and a few more, so that no family is cut to fill it.
const ALONE: usize = 250;

/// What waits to be sent in a pass.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) source: Source,
    pub(super) ready: VecDeque<Batch>,
    rest: Vec<Item>,
    again: Vec<RecordKey>,
    /// Records that were saved, and whose children have not been looked for.
    saved: Vec<RecordKey>,
    /// Where the listing stood when everything before it had been sent.
    mark: Option<String>,
    /// Records that may still be taken from the source.
    room: usize,
    /// Whether a record came back without a try that counts.
    missed: bool,
}

impl Line {
    fn new(source: Source, most: usize) -> Self {
        let mark = source.cursor();
        Self {
            source,
            ready: VecDeque::new(),
            rest: Vec::new(),
            again: Vec::new(),
            saved: Vec::new(),
            mark,
            room: most,
            missed: false,
        }
    }

    /// Lets the batch's records be read anew.
    pub(super) fn read_again(&mut self, batch: &Batch) {
        self.again.extend(batch.keys());
    }

    /// Notes that a record was sent and its try does not count: a sweep must come back to it.
    pub(super) fn miss(&mut self) {
        self.missed = true;
    }

    /// Notes that records were saved: they bring those that wait for them.
    pub(super) fn save(&mut self, keys: Vec<RecordKey>) {
        self.saved.extend(keys);
    }

    fn is_last(&self) -> bool {
        self.source.exhausted || self.room == 0
    }

    /// How far it came, of `most` records.
    fn passed(self, most: usize) -> Passed {
        let sent_all = self.ready.is_empty() && self.rest.is_empty() && self.again.is_empty();
        Passed {
            mark: if sent_all { self.source.cursor() } else { self.mark },
            exhausted: self.source.exhausted,
            missed: self.missed,
            listed: self.source.listed,
            taken: most - self.room,
            found: self.source.found,
        }
    }
}

/// How far a pass came.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    /// Where to go on, when it did not reach the end.
    pub(super) mark: Option<String>,
    /// Whether it reached the end of its listing.
    pub(super) exhausted: bool,
    /// Whether a record must be tried again although it was sent.
    pub(super) missed: bool,
    /// Keys that were listed.
    pub(super) listed: usize,
    /// Records that were to be tried.
    pub(super) taken: usize,
    pub(super) found: Found,
}

impl Passed {
    /// This pass and a second look at the same selection.
    pub(super) fn and(self, second: Self) -> Self {
        let (ours, theirs) = (self.found.quarantined_until, second.found.quarantined_until);
        Self {
            missed: self.missed || second.missed,
            listed: self.listed.max(second.listed),
            taken: self.taken + second.taken,
            found: Found { quarantined_until: ours.max(theirs), ..self.found },
            ..second
        }
    }

    /// This pass, which went on where `before` was interrupted.
    pub(super) fn following(self, before: Option<Self>) -> Self {
        let Some(before) = before else {
            return self;
        };
        let (ours, theirs) = (self.found.quarantined_until, before.found.quarantined_until);
        Self {
            missed: self.missed || before.missed,
            listed: self.listed + before.listed,
            found: Found { quarantined_until: ours.max(theirs), ..self.found },
            ..self
        }
    }
}

/// What a batch in flight forbids others: records and parents of its own, and objects of another rank.
struct Flying {
    rank: usize,
    parents: BTreeSet<ParentKey>,
    keys: BTreeSet<RecordKey>,
}

impl Flying {
    fn of(batch: &Batch) -> Self {
        Self { rank: batch.rank, parents: batch.parents(), keys: batch.keys().iter().map(RecordKey::folded).collect() }
    }

    /// A record may be listed again while it is in flight: with a newer payload that its source says failed before the tick.
    fn is_apart_from(&self, other: &Self) -> bool {
        self.rank == other.rank && self.parents.is_disjoint(&other.parents) && !self.shares_records_with(other)
    }

    fn shares_records_with(&self, other: &Self) -> bool {
        !self.keys.is_disjoint(&other.keys)
    }
}

type Airborne = HashMap<BatchId, Flying>;

/// Does `work` while the flights go on; those that end meanwhile are kept in `over`.
async fn meanwhile<W: Future, F: Stream>(work: W, mut flights: Pin<&mut F>, over: &mut VecDeque<F::Item>) -> W::Output {
    let mut work = pin!(work);
    loop {
        match select(work.as_mut(), flights.next()).await {
            Either::Left((done, _)) => return done,
            Either::Right((Some(flown), _)) => over.push_back(flown),
            Either::Right((None, _)) => return work.await,
        }
    }
}

/// The next step of a pass.
enum Step {
    Launch(Box<Batch>, Ticket),
    /// Something must land first.
    Wait,
    /// Nothing is left.
    End,
}

impl<P: Ports> Worker<'_, P> {
    /// Tries everything that `aim` means, at most `most` records. Whatever is in flight lands before it returns.
    pub(super) async fn pass(&mut self, aim: Aim, cursor: Option<String>, most: usize) -> Result<Passed, Interrupt> {
        let (context, tick) = (self.context, aim.tick());
        let mut line = Line::new(Source::open(context, aim, cursor).await?, most);
        let mut airborne = Airborne::new();
        let mut flights = pin!(FuturesUnordered::new());
        let mut over = VecDeque::new();
        let mut interrupt: Option<Interrupt> = None;
        loop {
            while interrupt.is_none() && self.stop.is_none() && self.setback.is_none() && airborne.len() < self.width()
            {
                match meanwhile(self.step(&mut line, &airborne, tick), flights.as_mut(), &mut over).await {
                    Ok(Step::Launch(batch, ticket)) => {
                        airborne.insert(ticket.batch, Flying::of(&batch));
                        flights.push(fly(context, *batch, ticket));
                    }
                    Ok(Step::Wait | Step::End) => break,
                    Err(stopped) => interrupt = Some(stopped),
                }
            }
            let next = match over.pop_front() {
                Some(flown) => Some(flown),
                None => flights.next().await,
            };
            match next {
                Some(Ok(landed)) => {
                    airborne.remove(&landed.ticket.batch);
                    let land = meanwhile(self.land(&mut line, landed), flights.as_mut(), &mut over);
                    interrupt = interrupt.or(land.await.err());
                }
                Some(Err(stopped)) => {
                    // Whatever it was, its entry stands in the journal; the others land first.
                    airborne.clear();
                    interrupt = Some(interrupt.unwrap_or(stopped));
                }
                None => match (interrupt, self.setback.take()) {
                    (Some(stopped), _) => return Err(stopped),
                    (None, Some(setback)) if self.stop.is_none() => {
                        interrupt = self.overcome(setback).await.err();
                    }
                    (None, _) => return Ok(line.passed(most)),
                },
            }
        }
    }

    /// The call that goes alone may be the last one: nothing is read for others. What was named is read together, for it is a
    /// family, and goes in its order.
    fn page_size(&self, source: &Source) -> usize {
        if source.is_named() {
            usize::MAX
        } else if self.goes_alone() {
            ALONE
        } else {
            PAGE
        }
    }

    fn goes_alone(&self) -> bool {
        self.slow || self.trial.is_some()
    }

    fn width(&self) -> usize {
        if self.goes_alone() { 1 } else { self.width.now() }
    }

    async fn step(&mut self, line: &mut Line, airborne: &Airborne, tick: Timestamp) -> Result<Step, Interrupt> {
        let context = self.context;
        self.heed_halt();
        if self.stop.is_some() {
            return Ok(Step::Wait);
        }
        if self.is_cancelled(line) {
            return Ok(Step::End);
        }
        loop {
            let Some(batch) = self.next_batch(line, airborne.is_empty()).await? else {
                return Ok(Step::End);
            };
            let now = context.ports.clock().now();
            let batch = self.without_quarantined(line, batch, now);
            if batch.items.is_empty() {
                continue;
            }
            if now >= context.stop_at() {
                line.ready.push_front(batch);
                self.stop_for(StopReason::Deadline);
                return Ok(Step::Wait);
            }
            let flying = Flying::of(&batch);
            if !airborne.values().all(|other| flying.is_apart_from(other)) {
                // The landing changes the records that both have, so that they must be read anew.
                let shares = airborne.values().any(|other| flying.shares_records_with(other));
                line.ready.push_front(if shares { batch.outdated() } else { batch });
                return Ok(Step::Wait);
            }
            let fresh_until = batch.read_at().unwrap_or(now) + READ_TO_SEND;
            if now >= fresh_until {
                line.read_again(&batch);
                continue;
            }
            return self.launch(line, airborne, batch, tick, fresh_until).await;
        }
    }

    async fn launch(
        &mut self,
        line: &mut Line,
        airborne: &Airborne,
        batch: Batch,
        tick: Timestamp,
        fresh_until: Timestamp,
    ) -> Result<Step, Interrupt> {
        let context = self.context;
        if !context.target.is_signed_in() {
            line.ready.push_front(batch);
            let signed_in = airborne.is_empty() && self.login().await?;
            return if signed_in { Box::pin(self.step(line, airborne, tick)).await } else { Ok(Step::Wait) };
        }
        let now = context.ports.clock().now();
        let request = line.source.aim.request();
        match self.allowance.take(context.ports, context.connection, &mut self.held, request, now).await? {
            Grant::Refused => {
                line.ready.push_front(batch);
                self.stop_for(StopReason::Budget);
                Ok(Step::Wait)
            }
            Grant::Call(bucket) => Ok(Step::Launch(Box::new(batch), self.ticket(bucket, tick, fresh_until))),
        }
    }

    fn ticket(&mut self, bucket: Bucket, tick: Timestamp, fresh_until: Timestamp) -> Ticket {
        let clock = self.context.ports.clock();
        let send_by = fresh_until.min(bucket.end() - Duration::from_millis(1)).min(self.context.stop_at());
        Ticket {
            batch: self.slots.next_batch(),
            place: self.slots.acquire(),
            bucket,
            tick,
            send_by,
            send_by_boot: clock.since_boot() + send_by.since(clock.now()),
        }
    }

    /// The next batch; `landed` says that nothing is in flight, which might come back to the line.
    async fn next_batch(&mut self, line: &mut Line, landed: bool) -> Result<Option<Batch>, Interrupt> {
        loop {
            if let Some(batch) = line.ready.pop_front() {
                let batch = self.cut_to_size(line, batch);
                return Ok(Some(self.for_trial(line, batch)));
            }
            if !line.again.is_empty() {
                let keys = std::mem::take(&mut line.again);
                let items = line.source.read(self.context, &self.quarantine, &keys).await?;
                line.rest.extend(items);
            } else if !line.is_last() {
                if line.rest.is_empty() && landed {
                    line.mark = line.source.cursor();
                }
                let (most, room) = (self.page_size(&line.source).min(line.room), line.room);
                let items = line.source.page(self.context, &self.quarantine, most, room).await?;
                line.room = line.room.saturating_sub(items.len());
                line.rest.extend(items);
            } else if line.rest.is_empty() {
                if line.saved.is_empty() || !landed {
                    return Ok(None);
                }
                let parents = std::mem::take(&mut line.saved);
                line.rest = line.source.bring(self.context, &self.quarantine, &parents).await?;
            }
            let packed = pack(std::mem::take(&mut line.rest), &self.sizes, line.is_last());
            line.ready.extend(packed.batches);
            line.rest = packed.rest;
        }
    }

    /// A batch that was packed before its object's batches became smaller is cut.
    fn cut_to_size(&self, line: &mut Line, batch: Batch) -> Batch {
        let most = self.sizes.get(&batch.object).copied().unwrap_or(MOST_RECORDS);
        let (batch, rest) = batch.cut(most);
        if let Some(rest) = rest {
            line.ready.push_front(rest);
        }
        batch
    }

    /// The batch without the records that were quarantined since they were read.
    fn without_quarantined(&self, line: &mut Line, mut batch: Batch, now: Timestamp) -> Batch {
        batch.items.retain(|item| match self.quarantine.until(&item.record.key, now) {
            None => true,
            Some(until) => {
                line.source.found.pass_over(until);
                false
            }
        });
        batch
    }

    /// While the org's storage is on trial, one record goes first.
    fn for_trial(&self, line: &mut Line, mut batch: Batch) -> Batch {
        if self.trial.is_some() && batch.items.len() > 1 {
            let others = batch.items.split_off(1);
            line.again.extend(others.into_iter().map(|item| item.record.key));
        }
        batch
    }
}
