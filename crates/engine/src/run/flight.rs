//! A flight: one batch from the journal over Salesforce to its outcomes. Several are under way at a time; each is
//! exactly one request.
//!
//! Must not know: what other flights do, or what follows from an answer for the whole run.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rules::budget::Bucket;
use rules::ids::{BatchId, RecordKey};
use rules::journal::{Entry, Phase, Sent};
use rules::record::{HoldReason, PayloadPlace};
use rules::time::Timestamp;
use rules::verdict::{Answer, Attempt, NotCounted, Reading, Understood, understand};

use super::batch::{Batch, Item};
use super::context::Context;
use super::interrupt::Interrupt;
use super::settle::{Settled, Tried, settle_all};
use super::slots::Place;
use super::source::readable;
use crate::parts::Ports;
use crate::payload::Payload;
use crate::ports::{
    Clock, Journal, Keeping, NotProcessed, OrgFigure, OutcomeWrite, PortError, Records, SlotWritten, SyncTarget,
    Upsert, UpsertAnswer, UpsertRequest,
};

/// Everything that allows a batch to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub(super) batch: BatchId,
    pub(super) place: Place,
    /// The bucket that its call is charged to.
    pub(super) bucket: Bucket,
    pub(super) tick: Timestamp,
    /// Not sent after this instant.
    pub(super) send_by: Timestamp,
    /// The same by the clock that goes on while the machine sleeps.
    pub(super) send_by_boot: Duration,
}

/// How a flight ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Every record's outcome is settled.
    Settled {
        settled: Settled,
        /// An answer said that the org's storage is full.
        storage_full: bool,
        /// Every record was refused because the org takes no more calls.
        calls_refused: bool,
        /// Nobody knows whether the request was processed.
        unanswered: bool,
        /// Some record's try does not count.
        uncounted: bool,
    },
    /// Nothing was processed.
    NotProcessed(NotProcessed),
    /// The token is not valid any more; nothing was processed.
    SessionExpired,
    /// Something in it is poison; nothing was processed.
    Rejected,
    /// It was too late to send it, or the run is halted.
    Late,
    /// No record of it could be sent.
    Nothing,
}

/// A flight that is over.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) batch: Batch,
    pub(super) ticket: Ticket,
    pub(super) ending: Ending,
    pub(super) org: Option<OrgFigure>,
    /// How long Salesforce took to answer.
    pub(super) took: Duration,
    /// Records that left the batch because their payload is missing.
    pub(super) lost: u64,
}

/// Carries out one flight.
pub(super) async fn fly<P: Ports>(context: &Context<'_, P>, batch: Batch, ticket: Ticket) -> Result<Landed, Interrupt> {
    let (batch, payloads, lost) = with_payloads(context, batch).await?;
    if batch.items.is_empty() {
        return Ok(Landed { batch, ticket, ending: Ending::Nothing, org: None, took: Duration::ZERO, lost });
    }
    let entry = entry(context, &batch, &ticket, Phase::Open);
    match context.ports.store().write_entry(&context.connection.id, &entry, ticket.place.expected).await? {
        SlotWritten::Conflict => return Err(Interrupt::Deposed),
        SlotWritten::Done => {}
    }
    let clock = context.ports.clock();
    let late = clock.now() > ticket.send_by || clock.since_boot() > ticket.send_by_boot;
    if late || context.order.halt.is_stopped() {
        return Ok(Landed { batch, ticket, ending: Ending::Late, org: None, took: Duration::ZERO, lost });
    }
    let sent = clock.since_boot();
    let reply = context.target.upsert(request(&batch, payloads)).await;
    let took = clock.since_boot().saturating_sub(sent);
    let attempt = Attempt {
        batch: ticket.batch,
        kind: batch.kind,
        tick: ticket.tick,
        at: clock.now(),
        commits_until: entry.quarantined_until,
    };
    let ending = end(context, &batch, &attempt, reply.answer).await?;
    Ok(Landed { batch, ticket, ending, org: reply.org, took, lost })
}

/// The journal entry of a batch.
pub(super) fn entry<P: Ports>(context: &Context<'_, P>, batch: &Batch, ticket: &Ticket, phase: Phase) -> Entry {
    let sent = |item: &Item| Sent {
        id: item.record.key.id.clone(),
        fence: item.record.fence,
        version: item.record.source_version,
    };
    Entry {
        slot: ticket.place.slot,
        stamp: ticket.place.stamp,
        batch: ticket.batch,
        object: batch.object.clone(),
        field: batch.field.clone(),
        sent: batch.items.iter().map(sent).collect(),
        kind: batch.kind,
        tick: ticket.tick,
        send_by: ticket.send_by,
        quarantined_until: Entry::quarantine(ticket.send_by, context.connection.request_timeout()),
        phase,
    }
}

async fn end<P: Ports>(
    context: &Context<'_, P>,
    batch: &Batch,
    attempt: &Attempt,
    answer: UpsertAnswer,
) -> Result<Ending, Interrupt> {
    let everyone = |answer: Answer| vec![answer; batch.items.len()];
    match answer {
        UpsertAnswer::Processed(answers) => settle_answers(context, batch, attempt, &answers).await,
        UpsertAnswer::Unknown => settle_answers(context, batch, attempt, &everyone(Answer::Unknown)).await,
        UpsertAnswer::ObjectRejected { code, message } => {
            settle_answers(context, batch, attempt, &everyone(Answer::Refused { code, message })).await
        }
        UpsertAnswer::Rejected { code, message } if batch.items.len() == 1 => {
            settle_answers(context, batch, attempt, &everyone(Answer::Refused { code, message })).await
        }
        UpsertAnswer::Rejected { .. } => Ok(Ending::Rejected),
        UpsertAnswer::SessionExpired => Ok(Ending::SessionExpired),
        UpsertAnswer::NotProcessed(why) => Ok(Ending::NotProcessed(why)),
    }
}

async fn settle_answers<P: Ports>(
    context: &Context<'_, P>,
    batch: &Batch,
    attempt: &Attempt,
    answers: &[Answer],
) -> Result<Ending, Interrupt> {
    let mut tries = Vec::with_capacity(batch.items.len());
    let (mut storage, mut throttled, mut collateral) = (0, 0, 0);
    for (item, answer) in batch.items.iter().zip(answers) {
        match understand(&context.catalogue, &batch.field, answer) {
            Understood::Not(NotCounted::Collateral) => collateral += 1,
            Understood::Not(NotCounted::Storage) => storage += 1,
            Understood::Not(NotCounted::Throttled) => throttled += 1,
            Understood::Counts(reading) => {
                let reading = listed(context, reading).await?;
                tries.push(Tried { record: item.record.clone(), current: None, reading });
            }
        }
    }
    let settled = settle_all(context, attempt, tries).await?;
    Ok(Ending::Settled {
        settled,
        storage_full: storage > 0,
        calls_refused: throttled == batch.items.len(),
        unanswered: answers.iter().all(|answer| *answer == Answer::Unknown),
        uncounted: storage + throttled + collateral > 0,
    })
}

/// The reading, under a type that is listed in the connection's directory.
async fn listed<P: Ports>(context: &Context<'_, P>, mut reading: Reading) -> Result<Reading, PortError> {
    if let Reading::Gone(failure) | Reading::Refused(failure) = &mut reading {
        let mut types = context.types.lock().await;
        let listed = types.list(context.ports.store(), &context.connection.id, failure.error_type.clone()).await?;
        failure.error_type = listed;
    }
    Ok(reading)
}

fn request(batch: &Batch, mut payloads: HashMap<RecordKey, Payload>) -> UpsertRequest {
    let upsert = |item: &Item| {
        let payload = payloads.remove(&item.record.key).or_else(|| item.payload.clone()).unwrap_or_default();
        Upsert { id: item.record.key.id.clone(), payload }
    };
    UpsertRequest {
        object: batch.object.clone(),
        field: batch.field.clone(),
        records: batch.items.iter().map(upsert).collect(),
    }
}

/// Reads the payloads that are apart. A record without any is held, and leaves the batch; how many did is the last. One whose payload cannot
/// be read leaves it as it is: it waits for the version of the program that wrote it, and stops no other.
async fn with_payloads<P: Ports>(
    context: &Context<'_, P>,
    mut batch: Batch,
) -> Result<(Batch, HashMap<RecordKey, Payload>, u64), PortError> {
    let is_apart = |item: &&Item| matches!(item.record.payload, PayloadPlace::Apart { .. });
    let apart: Vec<_> = batch.items.iter().filter(is_apart).map(|item| &item.record).collect();
    let read = if apart.is_empty() { Vec::new() } else { context.ports.store().payloads_each(&apart).await? };
    let there: HashSet<RecordKey> = read.iter().map(|(key, _)| key.clone()).collect();
    let payloads: HashMap<_, _> = readable(read.into_iter().map(|(key, payload)| Ok((key, payload?))));
    batch.items.retain(|Item { record, .. }| payloads.contains_key(&record.key) || !there.contains(&record.key));
    let has_payload = |item: &Item| item.payload.is_some() || payloads.contains_key(&item.record.key);
    let (whole, lost): (Vec<_>, Vec<_>) = batch.items.into_iter().partition(has_payload);
    batch.items = whole;
    let held = lost.len() as u64;
    if !lost.is_empty() {
        let writes: Vec<_> = lost.into_iter().map(|item| hold(item.record)).collect();
        // A record that changed meanwhile stays as it is; the next run looks at it again.
        context.ports.store().write_outcomes(&writes, &Keeping::of(context.connection)).await?;
    }
    Ok((batch, payloads, held))
}

fn hold(before: rules::record::Record) -> OutcomeWrite {
    let after = before.clone().hold(HoldReason::PayloadMissing).advance();
    OutcomeWrite { before, after }
}
