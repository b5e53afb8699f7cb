//! Landing: what follows from one flight's end for the whole run.
//!
//! Must not know: how batches are chosen.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Duration;

use rules::events::{Outbound, RecordsRetried};
use rules::ids::RecordKey;
use rules::journal::{Entry, Phase};
use rules::suspension::Cause;
use rules::tries::TryOutcome;

use super::batch::{Batch, MOST_RECORDS};
use super::flight::{Ending, Landed, Ticket, entry};
use super::interrupt::Interrupt;
use super::outbox::Waiting;
use super::pass::Line;
use super::probe::cause_of;
use super::settle::Settled;
use super::work::{Trial, Worker};
use crate::parts::Ports;
use crate::ports::{Clock, Events, NotProcessed, OrgFigure, StopReason};

/// Answers in a row that nobody could understand, after which the connection is suspended.
const MOST_UNANSWERED: u8 = 2;

/// Batches after which the directory's counts are brought up to date.
const COUNTED_EVERY: u32 = 25;

/// How often a run waits and tries again when it was not let in.
const MOST_SETBACKS: u8 = 3;

/// Records that a trial of the org's storage sends at most.
const MOST_TRIALS: u8 = 5;

/// What must be put right before the run can go on, once nothing is in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// The token is not valid any more.
    Session,
    /// Asked to slow down.
    Busy,
    /// No connection came about.
    Unreachable,
    /// The credentials could not be had, for this cause.
    Secret(Cause),
}

impl<P: Ports> Worker<'_, P> {
    /// Takes in how a flight ended.
    pub(super) async fn land(&mut self, line: &mut Line, landed: Landed) -> Result<(), Interrupt> {
        let Landed { batch, ticket, ending, org, took, lost } = landed;
        line.source.found.beyond.payload_missing += lost;
        self.tally.skipped += lost;
        self.note_org(org);
        if !matches!(ending, Ending::Late | Ending::Nothing) {
            self.tally.api_calls += 1;
        }
        match ending {
            Ending::Settled { settled, storage_full, calls_refused, unanswered, uncounted } => {
                if uncounted {
                    line.miss();
                }
                if !unanswered {
                    self.width.answered(batch.items.len(), took);
                }
                self.judge_answers(&batch, unanswered, storage_full, calls_refused);
                let resumes = self.trial.is_some() && !storage_full && !unanswered && self.is_proof(&settled);
                self.advance_request(line, &settled);
                if line.source.brings {
                    line.save(saved(&batch, &settled));
                }
                self.settled(&batch, &ticket, settled);
                if resumes {
                    self.resume().await?;
                }
            }
            Ending::NotProcessed(why) => self.not_processed(line, batch, &ticket, why),
            Ending::SessionExpired => self.send_again(line, batch, &ticket, Setback::Session),
            Ending::Rejected => self.bisect(line, batch, &ticket),
            Ending::Late => {
                self.unsent(&ticket);
                self.finish_entry(&batch, &ticket);
                line.read_again(&batch);
            }
            Ending::Nothing => {
                self.unsent(&ticket);
                self.slots.unwritten(ticket.place);
            }
        }
        if self.outbox.is_full() { self.publish().await } else { Ok(()) }
    }

    /// Whether what the trial came to ends the suspension. Only a record that is saved shows that storage is free; a run of
    /// others proves nothing, and the next probe looks again.
    fn is_proof(&mut self, settled: &Settled) -> bool {
        if self.trial == Some(Trial::Answers)
            || settled.results.iter().any(|result| result.outcome == TryOutcome::Saved)
        {
            return true;
        }
        self.trials += 1;
        if self.trials >= MOST_TRIALS {
            self.suspend(Cause::Storage);
        }
        false
    }

    fn unsent(&mut self, ticket: &Ticket) {
        self.allowance.put_back(ticket.bucket);
    }

    fn judge_answers(&mut self, batch: &Batch, unanswered: bool, storage_full: bool, calls_refused: bool) {
        if unanswered {
            self.unanswered += 1;
            self.slow = true;
            let size = self.sizes.entry(batch.object.clone()).or_insert(MOST_RECORDS);
            *size = (*size / 2).max(1);
        } else {
            self.unanswered = 0;
            self.setbacks = 0;
            self.slow = false;
        }
        if storage_full {
            self.suspend(Cause::Storage);
        }
        if calls_refused {
            self.suspend(Cause::OrgLimit);
        }
        if self.unanswered >= MOST_UNANSWERED {
            self.suspend(Cause::Unreachable);
        }
    }

    fn settled(&mut self, batch: &Batch, ticket: &Ticket, settled: Settled) {
        if settled.throttled {
            self.stop_for(StopReason::Throttled);
            return;
        }
        let entry = entry(self.context, batch, ticket, Phase::Open);
        self.deliver(entry, settled);
    }

    /// Puts a settled batch's events into the outbox; its entry waits for them.
    pub(super) fn deliver(&mut self, entry: Entry, settled: Settled) {
        for result in &settled.results {
            self.tally.count(result.outcome);
        }
        self.outbox.events.extend(settled.overtaken.into_iter().map(Outbound::PossibleOverwrite));
        if !settled.results.is_empty() {
            let connection = self.context.connection.id.clone();
            let event = RecordsRetried::of(connection, entry.object.clone(), entry.batch, entry.kind, settled.results);
            self.outbox.events.push(Outbound::RecordsRetried(event));
        }
        if settled.unknown {
            self.quarantine.add(&self.context.connection.id, &entry);
        }
        self.outbox.waiting.push(Waiting { entry, unknown: settled.unknown });
    }

    /// Publishes the outbox; after that its entries are finished, or go on quarantining what is unknown. The directory's counts are
    /// brought up to date on the way, though not each time: that would be as many requests again.
    pub(super) async fn publish(&mut self) -> Result<(), Interrupt> {
        if self.slots.batches() >= self.counted + COUNTED_EVERY {
            self.counted = self.slots.batches();
            self.context.write_counts().await;
        }
        let outbox = self.outbox.take();
        if !outbox.events.is_empty() {
            self.context.ports.events().publish(&outbox.events).await?;
        }
        let now = self.context.ports.clock().now();
        for Waiting { entry, unknown } in outbox.waiting {
            if unknown && entry.quarantined_until > now {
                self.stamp(entry, Phase::Settled).await?;
            } else {
                self.slots.finish(entry);
            }
        }
        Ok(())
    }

    fn finish_entry(&mut self, batch: &Batch, ticket: &Ticket) {
        let entry = entry(self.context, batch, ticket, Phase::Open);
        self.slots.finish(entry);
    }

    fn not_processed(&mut self, line: &mut Line, batch: Batch, ticket: &Ticket, why: NotProcessed) {
        match why {
            NotProcessed::Busy => {
                self.width.refused();
                self.send_again(line, batch, ticket, Setback::Busy);
            }
            NotProcessed::Unreachable => self.send_again(line, batch, ticket, Setback::Unreachable),
            NotProcessed::LoginRefused | NotProcessed::AccessRefused | NotProcessed::OrgLimit | NotProcessed::Down => {
                self.finish_entry(&batch, ticket);
                line.ready.push_front(batch);
                self.suspend(cause_of(why, String::new()));
            }
        }
    }

    fn send_again(&mut self, line: &mut Line, batch: Batch, ticket: &Ticket, setback: Setback) {
        self.finish_entry(&batch, ticket);
        line.ready.push_front(batch);
        self.setback.get_or_insert(setback);
    }

    /// Halves a batch with something poisonous in it. All halvings of one batch together cost at most 16 requests; what is not
    /// isolated by then is left to the next tick.
    fn bisect(&mut self, line: &mut Line, batch: Batch, ticket: &Ticket) {
        self.finish_entry(&batch, ticket);
        if !batch.bisections.take() {
            line.miss();
            self.tally.skipped += batch.items.len() as u64;
            return;
        }
        let (first, second) = batch.halve();
        let mut halves: Vec<Batch> = second.into_iter().chain([first]).collect();
        // What an earlier tick left goes first: a batch is in the order of its parents, and the same end of it would be left again.
        halves.sort_by_key(|half| Reverse(half.tried_last()));
        for half in halves {
            line.ready.push_front(half);
        }
    }

    /// Puts right what stands in the way, now that nothing is in flight.
    pub(super) async fn overcome(&mut self, setback: Setback) -> Result<(), Interrupt> {
        match setback {
            Setback::Session if self.renewed => self.suspend(Cause::SessionRefused),
            Setback::Session => {
                self.renewed = true;
                self.login().await?;
            }
            Setback::Busy | Setback::Unreachable | Setback::Secret(_) if self.setbacks < MOST_SETBACKS => {
                self.setbacks += 1;
                self.slow = true;
                self.context.wait(Duration::from_secs(1 << self.setbacks)).await;
            }
            Setback::Busy => self.stop_for(StopReason::Busy),
            Setback::Unreachable => self.suspend(Cause::Unreachable),
            Setback::Secret(cause) => self.suspend(cause),
        }
        Ok(())
    }

    pub(super) fn note_org(&mut self, figure: Option<OrgFigure>) {
        let Some(figure) = figure else {
            return;
        };
        self.held.note_org(figure, self.context.ports.clock().now());
        if figure.used >= self.context.connection.budget.org_stop(figure.limit) {
            self.stop_for(StopReason::OrgLimit);
        }
    }
}

/// The records of the batch that were saved.
fn saved(batch: &Batch, settled: &Settled) -> Vec<RecordKey> {
    let saved = settled.results.iter().filter(|result| result.outcome == TryOutcome::Saved);
    let ids: HashSet<_> = saved.map(|result| &result.id).collect();
    batch.keys().into_iter().filter(|key| ids.contains(&key.id)).collect()
}
