//! What a reported failure or success changes: newer, equal and older versions, in whatever order they arrive.
//!
//! Must not know: queues, event formats, how the item is written.

use std::cmp::Ordering;
use std::time::Duration;

use crate::counts::Attempts;
use crate::ids::{Fence, FieldName, ParentKey, RecordKey};
use crate::policy::Policy;
use crate::record::{Failure, HoldReason, Next, PayloadPlace, Record, Resolution, State, Stored, SuccessMark};
use crate::time::Timestamp;
use crate::version::SourceVersion;

/// How long after its own write a source may report a success. A send of ours that may have been committed later than this
/// before the report may have followed the source's write. Judged generously: an extra `Possible Overwrite` only makes the
/// source send again.
pub const REPORTING_DELAY: Duration = Duration::from_mins(5);

/// A failure as its source reports it, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFailure {
    /// The record.
    pub key: RecordKey,
    /// The field that its id is a value of.
    pub external_id_field: FieldName,
    /// The version of the payload.
    pub source_version: SourceVersion,
    /// The error, recognised.
    pub failure: Failure,
    /// When it failed.
    pub failed: Timestamp,
    /// The record that it needs.
    pub parent: Option<ParentKey>,
    /// Where its payload will be.
    pub payload: PayloadPlace,
    /// Whether the error says that nothing is left to do, so that the failure closes as soon as it is known.
    pub closes: bool,
}

/// A success as its source reports it, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSuccess {
    /// The record.
    pub key: RecordKey,
    /// The version that succeeded.
    pub source_version: SourceVersion,
    /// When it was reported.
    pub at: Timestamp,
}

/// Why a report changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A newer version of the record is known.
    Older,
    /// That version has succeeded already.
    Succeeded,
    /// A success of this or a newer version is known already.
    KnownSuccess,
    /// The same report came before.
    Repeated,
}

/// A report whose version cannot be compared with the one known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record's versions were {known} so far and this one is not: a source keeps to integers or to times for one record"
)]
pub struct VersionsDiffer {
    known: &'static str,
}

/// What a failure changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureEffect {
    /// Write this record with the new payload.
    Replace(Box<Record>),
    /// Write this record; the payload is the one that is there.
    Refresh(Box<Record>),
    /// Nothing.
    Ignore(Ignored),
}

/// What a success changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuccessEffect {
    /// Write this.
    Write {
        /// The item.
        stored: Stored,
        /// The version that we sent, when it may have followed the source's write of the newer one.
        overwritten_by: Option<SourceVersion>,
    },
    /// Write nothing, and say that the version that we sent may have followed the source's write of this one.
    Warn {
        /// Why nothing is written.
        why: Ignored,
        /// The version that we sent.
        overwritten_by: SourceVersion,
    },
    /// Nothing.
    Ignore(Ignored),
}

/// What `new` changes about `stored`. A newer version replaces the payload and starts attempts and first failure anew; an
/// equal one does neither; an older one is ignored.
///
/// # Errors
/// When the two versions cannot be compared.
pub fn fail(
    policy: &Policy,
    stored: Option<&Stored>,
    new: NewFailure,
    birth: Fence,
) -> Result<FailureEffect, VersionsDiffer> {
    let Some(stored) = stored else {
        return Ok(FailureEffect::Replace(Box::new(fresh(policy, new, birth, None))));
    };
    let effect = match (compare(new.source_version, stored.source_version())?, stored) {
        (Ordering::Less, _) => FailureEffect::Ignore(Ignored::Older),
        (Ordering::Equal, Stored::Success(_)) => FailureEffect::Ignore(Ignored::Succeeded),
        (Ordering::Equal, Stored::Record(record)) if !record.is_failing() => FailureEffect::Ignore(Ignored::Succeeded),
        (Ordering::Equal, Stored::Record(record)) => refresh(policy, record, new),
        (Ordering::Greater, Stored::Success(mark)) => {
            FailureEffect::Replace(Box::new(fresh(policy, new, mark.fence.next(), None)))
        }
        (Ordering::Greater, Stored::Record(record)) => {
            FailureEffect::Replace(Box::new(fresh(policy, new, record.fence.next(), Some(record))))
        }
    };
    Ok(effect)
}

/// What `new` changes about `stored`: a success of the same or a newer version cancels the retry, and always leaves its
/// version behind. One that comes after the failure of a newer version changes nothing, but an even older send of ours may have followed it.
///
/// # Errors
/// When the two versions cannot be compared.
pub fn succeed(stored: Option<&Stored>, new: NewSuccess, birth: Fence) -> Result<SuccessEffect, VersionsDiffer> {
    let NewSuccess { key, source_version, at } = new;
    let mark = |fence, key| Stored::Success(SuccessMark { key, fence, source_version, at });
    let Some(stored) = stored else {
        return Ok(SuccessEffect::Write { stored: mark(birth, key), overwritten_by: None });
    };
    let order = compare(source_version, stored.source_version())?;
    let effect = match (order, stored) {
        (Ordering::Less, Stored::Record(record)) if !has_succeeded(record) => {
            let warning = |overwritten_by| SuccessEffect::Warn { why: Ignored::Older, overwritten_by };
            may_have_followed(record, source_version, at).map_or(SuccessEffect::Ignore(Ignored::Older), warning)
        }
        (Ordering::Less, _) => SuccessEffect::Ignore(Ignored::Older),
        (Ordering::Equal, Stored::Success(_)) => SuccessEffect::Ignore(Ignored::KnownSuccess),
        (Ordering::Equal, Stored::Record(record)) if !record.is_failing() => {
            SuccessEffect::Ignore(Ignored::KnownSuccess)
        }
        (Ordering::Greater, Stored::Success(known)) => {
            SuccessEffect::Write { stored: mark(known.fence.next(), key), overwritten_by: None }
        }
        (Ordering::Equal | Ordering::Greater, Stored::Record(record)) => {
            let overwritten_by = may_have_followed(record, source_version, at);
            let resolved = record.as_ref().clone().resolve(Resolution::SucceededElsewhere, at).advance();
            SuccessEffect::Write {
                stored: Stored::Record(Box::new(Record { source_version, ..resolved })),
                overwritten_by,
            }
        }
    };
    Ok(effect)
}

fn compare(new: SourceVersion, known: SourceVersion) -> Result<Ordering, VersionsDiffer> {
    let kind = match known {
        SourceVersion::Number(_) => "integers",
        SourceVersion::Time(_) => "times",
    };
    new.compare(known).ok_or(VersionsDiffer { known: kind })
}

/// Whether the record's version is in Salesforce, and so whatever was there before is out of date.
fn has_succeeded(record: &Record) -> bool {
    matches!(record.state, State::Resolved { how: Resolution::Retried | Resolution::SucceededElsewhere, .. })
}

fn may_have_followed(record: &Record, success: SourceVersion, reported: Timestamp) -> Option<SourceVersion> {
    let send = record.last_send.filter(|send| success.is_newer_than(send.version))?;
    (send.until + REPORTING_DELAY >= reported).then_some(send.version)
}

fn fresh(policy: &Policy, new: NewFailure, fence: Fence, known: Option<&Record>) -> Record {
    Record {
        state: first_state(policy, &new),
        key: new.key,
        external_id_field: new.external_id_field,
        fence,
        source_version: new.source_version,
        failure: new.failure,
        attempts: Attempts::default(),
        tries: known.map(|record| record.tries.clone()).unwrap_or_default(),
        first_failed: new.failed,
        last_failed: new.failed,
        type_since: None,
        parent: new.parent,
        payload: new.payload,
        last_send: known.and_then(|record| record.last_send),
    }
}

/// The same version failed again, outside our runs: the error is brought up to date, the schedule is not disturbed unless
/// the record is held or now excluded. A payload that was lost is there again.
fn refresh(policy: &Policy, record: &Record, new: NewFailure) -> FailureEffect {
    let lost = record.state == State::Held(HoldReason::PayloadMissing);
    if !lost && new.failed <= record.last_failed {
        return FailureEffect::Ignore(Ignored::Repeated);
    }
    let excluded = policy.excludes(&new.failure.error_type);
    let anew = first_state(policy, &new);
    let state = match record.state {
        State::Held(_) => anew,
        State::Scheduled(_) | State::TimedOut { .. } if new.closes || excluded => anew,
        State::Scheduled(_) | State::TimedOut { .. } | State::Resolved { .. } => record.state,
    };
    let last_failed = new.failed.max(record.last_failed);
    let refreshed = Record { state, ..record.clone().fail(new.failure, last_failed) };
    if lost {
        return FailureEffect::Replace(Box::new(Record { payload: new.payload, ..refreshed }.advance()));
    }
    FailureEffect::Refresh(Box::new(refreshed.advance()))
}

fn first_state(policy: &Policy, new: &NewFailure) -> State {
    if new.closes {
        return State::Resolved { how: Resolution::Gone, at: new.failed };
    }
    if policy.excludes(&new.failure.error_type) {
        return State::Held(HoldReason::ExcludedType);
    }
    match policy {
        Policy::Interval(policy) => State::Scheduled(Next::At(policy.first_try(new.failed))),
        Policy::Recent(_) => State::Scheduled(Next::Sweep),
    }
}
