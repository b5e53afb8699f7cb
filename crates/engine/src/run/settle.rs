//! Settling: writes what tries came to, and sorts out the records that are not as they were read.
//!
//! Must not know: how the answers were obtained.

use std::sync::PoisonError;

use futures::stream::{self, StreamExt, TryStreamExt};
use rules::conflict::{Settlement, merge, settle};
use rules::events::{PossibleOverwrite, RetryResult};
use rules::record::{Record, Stored};
use rules::tries::{Try, TryOutcome};
use rules::verdict::{Attempt, Reading};

use super::context::Context;
use crate::parts::Ports;
use crate::ports::{Clock, Keeping, OutcomeWrite, PortError, Records, Written};

/// Outcomes that are written together: what one request of the store takes.
const PIECE: usize = 25;

/// Pieces that are written at the same time.
const PIECES: usize = 4;

/// How often one record's outcome is decided anew because others keep writing it.
const RACES: usize = 8;

/// A try to settle: the record as it was sent, and what the answer says.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) record: Record,
    /// The record as it is now, when it was read anew since.
    pub(super) current: Option<Record>,
    pub(super) reading: Reading,
}

/// What was settled.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// What is to be published, one per outcome that is written.
    pub(super) results: Vec<RetryResult>,
    /// Records whose source may have been overwritten.
    pub(super) overtaken: Vec<PossibleOverwrite>,
    /// Whether an outcome is unknown.
    pub(super) unknown: bool,
    /// Whether an outcome could not be written for lack of capacity.
    pub(super) throttled: bool,
}

/// An outcome that is being written.
struct Pending {
    tried: Tried,
    write: OutcomeWrite,
}

/// Writes the outcomes of one batch.
pub(super) async fn settle_all<P: Ports>(
    context: &Context<'_, P>,
    attempt: &Attempt,
    tries: Vec<Tried>,
) -> Result<Settled, PortError> {
    // Whatever becomes of the record meanwhile, Salesforce may still commit what was sent.
    let unknown = tries.iter().any(|tried| tried.reading == Reading::Unknown);
    let mut settled = Settled { unknown, ..Settled::default() };
    let mut pending: Vec<Pending> = tries.into_iter().map(|tried| first(context, attempt, tried)).collect();
    for _ in 0..RACES {
        if pending.is_empty() {
            return Ok(settled);
        }
        let (tries, writes): (Vec<_>, Vec<_>) = pending.drain(..).map(|one| (one.tried, one.write)).unzip();
        let written = write_at_pace(context, &writes).await?;
        let outcomes = tries.into_iter().zip(writes).map(|(tried, write)| Pending { tried, write }).zip(written);
        pending = outcomes.filter_map(|(one, written)| settled.take(context, attempt, one, written)).collect();
    }
    settled.throttled |= !pending.is_empty();
    Ok(settled)
}

fn first<P: Ports>(context: &Context<'_, P>, attempt: &Attempt, tried: Tried) -> Pending {
    let before = tried.current.clone().unwrap_or_else(|| tried.record.clone());
    let after = merge(&context.connection.policy, &tried.record, &before, attempt, &tried.reading);
    let write = OutcomeWrite { before, after };
    Pending { tried, write }
}

/// Writes outcomes in pieces, each when the pace allows it: all of a batch at once would be more than an index key takes.
pub(super) async fn write_at_pace<P: Ports>(
    context: &Context<'_, P>,
    writes: &[OutcomeWrite],
) -> Result<Vec<Written>, PortError> {
    let keeping = Keeping::of(context.connection);
    let pieces: Vec<_> = writes.chunks(PIECE).map(|piece| write_piece(context, piece, &keeping)).collect();
    let written: Vec<Vec<Written>> = stream::iter(pieces).buffered(PIECES).try_collect().await?;
    Ok(written.into_iter().flatten().collect())
}

async fn write_piece<P: Ports>(
    context: &Context<'_, P>,
    piece: &[OutcomeWrite],
    keeping: &Keeping,
) -> Result<Vec<Written>, PortError> {
    wait_for_pace(context, piece.len()).await;
    context.ports.store().write_outcomes(piece, keeping).await
}

async fn wait_for_pace<P: Ports>(context: &Context<'_, P>, records: usize) {
    let now = context.ports.clock().now();
    let wait = context.pace.lock().unwrap_or_else(PoisonError::into_inner).admit(records, now);
    if !wait.is_zero() {
        context.ports.clock().wait(wait).await;
    }
}

impl Settled {
    /// Takes in what became of one write; gives it back when it must be written anew.
    fn take<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        attempt: &Attempt,
        one: Pending,
        written: Written,
    ) -> Option<Pending> {
        match written {
            Written::Done => {
                context.count(&one.write.before, &one.write.after);
                self.publish(&one.write.after, attempt);
                None
            }
            Written::Throttled => {
                self.throttled = true;
                None
            }
            Written::Conflict(current) => self.conflict(context, attempt, one, current),
        }
    }

    fn conflict<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        attempt: &Attempt,
        one: Pending,
        current: Option<Box<Stored>>,
    ) -> Option<Pending> {
        let current = current.map(|stored| *stored);
        let key = &one.tried.record.key;
        match settle(&context.connection.policy, &one.tried.record, current.as_ref(), attempt, &one.tried.reading) {
            Settlement::Drop => None,
            Settlement::Own(tried) => {
                if let Some(Stored::Record(record)) = &current {
                    self.note(record, &tried);
                    // Written by this very run, and only the reply was lost.
                    if **record == one.write.after {
                        context.count(&one.write.before, &one.write.after);
                    }
                }
                None
            }
            Settlement::Overtaken { sent, newer } => {
                let (connection, object, id) = (key.connection.clone(), key.object.clone(), key.id.clone());
                self.overtaken.push(PossibleOverwrite::of(connection, object, id, sent, newer));
                None
            }
            Settlement::Write(after) => match current {
                Some(Stored::Record(before)) => {
                    let write = OutcomeWrite { before: *before, after: *after };
                    Some(Pending { tried: one.tried, write })
                }
                Some(Stored::Success(_)) | None => None,
            },
        }
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.results.extend(other.results);
        self.overtaken.extend(other.overtaken);
        self.unknown |= other.unknown;
        self.throttled |= other.throttled;
        self
    }

    fn publish(&mut self, after: &Record, attempt: &Attempt) {
        if let Some(tried) = after.tries.of_batch(attempt.batch).copied() {
            self.note(after, &tried);
        }
    }

    /// Notes the verdict that is stored in `record` for this try.
    pub(super) fn note(&mut self, record: &Record, tried: &Try) {
        let failed = matches!(tried.outcome, TryOutcome::Failed | TryOutcome::TimedOut | TryOutcome::Held);
        self.unknown |= tried.outcome == TryOutcome::Unknown;
        self.results.push(RetryResult {
            id: record.key.id.clone(),
            outcome: tried.outcome,
            error_type: failed.then(|| record.failure.error_type.clone()),
        });
    }
}
