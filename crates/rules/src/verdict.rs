//! The verdict: what one answer changes about one record. The only place where attempts are compared.
//!
//! Must not know: batches, HTTP, how the outcome is written.

use crate::catalogue::{Catalogue, Class, ErrorType};
use crate::counts::TryKind;
use crate::ids::{BatchId, FieldName};
use crate::policy::{IntervalPolicy, Policy};
use crate::record::{Failure, HoldReason, LastSend, Next, Record, Resolution, State};
use crate::time::Timestamp;
use crate::tries::{Try, TryOutcome};

/// What Salesforce said of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is saved.
    Saved,
    /// It is not.
    Refused {
        /// The status code.
        code: String,
        /// The message.
        message: String,
    },
    /// Nobody knows: no answer came, or none that could be read.
    Unknown,
}

/// Why a refused try is not counted against the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCounted {
    /// Another record of the request failed.
    Collateral,
    /// The org's storage is full.
    Storage,
    /// The org refuses requests for now.
    Throttled,
}

/// What happens to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It needs no more tries.
    Resolve(Resolution),
    /// It is tried again at this tick.
    RetryAt(Timestamp),
    /// It is tried again in the next sweep of the window.
    Sweep,
    /// It goes to, or stays in, the timeout queue.
    TimeOut {
        /// The nightly run that tries it.
        next: Timestamp,
    },
    /// It is left to a person.
    Hold(HoldReason),
    /// A forced try that failed: it stands where it stood.
    Stay(State),
}

/// The request in which a record was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The request.
    pub batch: BatchId,
    /// Who asked.
    pub kind: TryKind,
    /// The run's scheduled time; the next try is computed from it.
    pub tick: Timestamp,
    /// When the answer was there.
    pub at: Timestamp,
    /// Until when Salesforce may still commit the request.
    pub commits_until: Timestamp,
}

/// An answer, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Understood {
    /// It counts: this is what happened.
    Counts(Reading),
    /// It does not count, and changes no record.
    Not(NotCounted),
}

/// What an answer that counts says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Saved.
    Saved,
    /// Gone: nothing is left to do.
    Gone(Failure),
    /// Refused.
    Refused(Failure),
    /// Unknown.
    Unknown,
}

/// Types of the catalogue that say something of the org and nothing of the record that they came with. Other limits, such as
/// the licences or emails that one record would use, are that record's own failure.
const STORAGE_FULL: &str = "storage-full";
const CALLS_REFUSED: [&str; 3] = ["org-call-limit-reached", "request-limit-exceeded", "too-many-concurrent-requests"];

/// Reads an answer by the catalogue; `key` is the external-id field that the request matched by.
#[must_use]
pub fn understand(catalogue: &Catalogue, key: &FieldName, answer: &Answer) -> Understood {
    let (code, message) = match answer {
        Answer::Saved => return Understood::Counts(Reading::Saved),
        Answer::Unknown => return Understood::Counts(Reading::Unknown),
        Answer::Refused { code, message } => (code, message),
    };
    let found = catalogue.classify_upsert(code, message, key.as_str());
    let failure = || Failure::new(found.error_type.clone(), code, message);
    match found.class {
        Class::Gone => Understood::Counts(Reading::Gone(failure())),
        Class::Collateral => Understood::Not(NotCounted::Collateral),
        Class::Capacity if found.error_type.as_str() == STORAGE_FULL => Understood::Not(NotCounted::Storage),
        Class::Capacity | Class::Throttle if CALLS_REFUSED.contains(&found.error_type.as_str()) => {
            Understood::Not(NotCounted::Throttled)
        }
        Class::Capacity
        | Class::Throttle
        | Class::Transient
        | Class::Size
        | Class::Auth
        | Class::Permission
        | Class::Dependency
        | Class::Duplicate
        | Class::RecordState
        | Class::Automation
        | Class::Data
        | Class::Request
        | Class::Outage
        | Class::Unreviewed => Understood::Counts(Reading::Refused(failure())),
    }
}

/// What a try that counts changes about `record`.
#[must_use]
pub fn verdict(policy: &Policy, record: &Record, attempt: &Attempt, reading: &Reading) -> Verdict {
    match reading {
        Reading::Saved => Verdict::Resolve(Resolution::Retried),
        Reading::Gone(_) => Verdict::Resolve(Resolution::Gone),
        Reading::Refused(failure) => after_failure(policy, record, attempt, &failure.error_type),
        Reading::Unknown => after_failure(policy, record, attempt, &record.failure.error_type),
    }
}

fn after_failure(policy: &Policy, record: &Record, attempt: &Attempt, error_type: &ErrorType) -> Verdict {
    let forced = attempt.kind == TryKind::Forced;
    if forced && matches!(record.state, State::TimedOut { .. }) {
        return Verdict::Stay(record.state);
    }
    if policy.excludes(error_type) {
        return Verdict::Hold(HoldReason::ExcludedType);
    }
    if forced && !matches!(record.state, State::Held(_)) {
        return Verdict::Stay(record.state);
    }
    match policy {
        Policy::Recent(_) => Verdict::Sweep,
        Policy::Interval(policy) => interval(policy, record, attempt),
    }
}

fn interval(policy: &IntervalPolicy, record: &Record, attempt: &Attempt) -> Verdict {
    let failed = record.attempts.counting(attempt.kind).interval;
    let queued = matches!(record.state, State::TimedOut { .. });
    if attempt.kind == TryKind::Forced {
        return Verdict::RetryAt(policy.first_try(attempt.at));
    }
    if queued || failed >= policy.tries {
        Verdict::TimeOut { next: policy.next_night(attempt.tick) }
    } else {
        Verdict::RetryAt(policy.next_try(attempt.tick))
    }
}

/// `record` after the try: counted, its state moved, its failure and last send remembered. The item's version is not moved.
#[must_use]
pub fn apply(record: Record, attempt: &Attempt, reading: Reading, verdict: Verdict) -> Record {
    let outcome = outcome(&reading, verdict);
    let tried = Try { batch: attempt.batch, at: attempt.at.max(attempt.tick), kind: attempt.kind, outcome };
    let sent = LastSend { version: record.source_version, until: attempt.commits_until };
    let earlier = record.last_send;
    let counted = record.count(tried);
    let read = match reading {
        Reading::Saved => counted.remember_send(LastSend { until: attempt.at, ..sent }),
        Reading::Unknown => counted.remember_send(sent.in_doubt_after(earlier)),
        Reading::Gone(failure) | Reading::Refused(failure) => counted.fail(failure, attempt.at),
    };
    match verdict {
        Verdict::Resolve(how) => read.resolve(how, attempt.at),
        Verdict::RetryAt(tick) => read.schedule(Next::At(tick)),
        Verdict::Sweep => read.schedule(Next::Sweep),
        Verdict::TimeOut { next } => read.time_out(next),
        Verdict::Hold(reason) => read.hold(reason),
        Verdict::Stay(state) => Record { state, ..read },
    }
}

fn outcome(reading: &Reading, verdict: Verdict) -> TryOutcome {
    match (reading, verdict) {
        (Reading::Saved, _) => TryOutcome::Saved,
        (Reading::Gone(_), _) => TryOutcome::Gone,
        (Reading::Unknown, _) => TryOutcome::Unknown,
        (Reading::Refused(_), Verdict::TimeOut { .. } | Verdict::Stay(State::TimedOut { .. })) => TryOutcome::TimedOut,
        (Reading::Refused(_), Verdict::Hold(_) | Verdict::Stay(State::Held(_))) => TryOutcome::Held,
        (Reading::Refused(_), Verdict::Resolve(_) | Verdict::RetryAt(_) | Verdict::Sweep | Verdict::Stay(_)) => {
            TryOutcome::Failed
        }
    }
}
