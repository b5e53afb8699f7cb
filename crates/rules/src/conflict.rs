//! What to do when a record is not as it was read: the table outcome × {same, newer payload, resolved, deleted, own,
//! another batch's}, and what recovery does with it.
//!
//! Must not know: how a conflict is noticed.

use crate::policy::Policy;
use crate::record::{LastSend, Record, Resolution, State, Stored};
use crate::tries::Try;
use crate::verdict::{Attempt, Reading, Verdict, apply, verdict};
use crate::version::SourceVersion;

/// What to do with an outcome whose conditional write found another version of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The write is ours already; its reply was lost. Publish the verdict that is stored.
    Own(Try),
    /// Write this instead, on the version that was found.
    Write(Box<Record>),
    /// A newer success was recorded, and our older payload may have followed the source's write.
    Overtaken {
        /// The version that we sent.
        sent: SourceVersion,
        /// The version that had succeeded.
        newer: SourceVersion,
    },
    /// Nothing: another batch's outcome is there, or the record is gone or resolved.
    Drop,
}

/// Settles an outcome of `attempt` for the record that was read as `read` and is now `current`.
#[must_use]
pub fn settle(
    policy: &Policy,
    read: &Record,
    current: Option<&Stored>,
    attempt: &Attempt,
    reading: &Reading,
) -> Settlement {
    let current = match current {
        None => return Settlement::Drop,
        Some(Stored::Success(mark)) => return overtaken(read, mark.source_version, reading),
        Some(Stored::Record(current)) => current,
    };
    if let Some(tried) = current.tries.of_batch(attempt.batch) {
        return Settlement::Own(*tried);
    }
    if current.tries != read.tries {
        return Settlement::Drop;
    }
    match current.state {
        State::Resolved { how: Resolution::SucceededElsewhere, .. } => overtaken(read, current.source_version, reading),
        State::Resolved { how: Resolution::Retried | Resolution::Gone | Resolution::Deleted, .. } => Settlement::Drop,
        State::Scheduled(_) | State::TimedOut { .. } | State::Held(_) => {
            Settlement::Write(Box::new(merge(policy, read, current, attempt, reading)))
        }
    }
}

fn overtaken(read: &Record, newer: SourceVersion, reading: &Reading) -> Settlement {
    match reading {
        Reading::Saved | Reading::Unknown if newer != read.source_version => {
            Settlement::Overtaken { sent: read.source_version, newer }
        }
        Reading::Saved | Reading::Unknown | Reading::Gone(_) | Reading::Refused(_) => Settlement::Drop,
    }
}

/// The record after a try of the payload that was read as `read`, where the item is `current` now. The same payload: the
/// verdict on what is there. A newer payload: the try counts, the new payload stays due as it
/// is, and what our older one left behind is remembered.
#[must_use]
pub fn merge(policy: &Policy, read: &Record, current: &Record, attempt: &Attempt, reading: &Reading) -> Record {
    if current.source_version == read.source_version {
        let verdict = verdict(policy, current, attempt, reading);
        return apply(current.clone(), attempt, reading.clone(), verdict).advance();
    }
    let tried = apply(current.clone(), attempt, reading.clone(), Verdict::Stay(current.state));
    let last_send = match reading {
        Reading::Saved => Some(LastSend { version: read.source_version, until: attempt.at }),
        Reading::Unknown => {
            let sent = LastSend { version: read.source_version, until: attempt.commits_until };
            Some(sent.in_doubt_after(current.last_send))
        }
        Reading::Gone(_) | Reading::Refused(_) => current.last_send,
    };
    let failure = current.failure.clone();
    let (last_failed, type_since) = (current.last_failed, current.type_since);
    Record { failure, last_failed, type_since, last_send, ..tried }.advance()
}
