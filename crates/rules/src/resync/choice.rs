//! What becomes of one record that a request's listing named.
//!
//! Must not know: how records are listed, tried or deleted.

use super::{Action, Request, Skip};
use crate::counts::TryKind;
use crate::ids::BatchId;
use crate::policy::Policy;
use crate::record::{HoldReason, Record, Resolution, State};

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is tried, whatever its age, attempts, queue or error type; or its failure is deleted.
    Take,
    /// That was done for a person since the request was made.
    Done,
    /// It is left alone.
    Skip(Skip),
}

/// A request, as a record meets it.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The connection's policy.
    pub policy: &'a Policy,
    /// The request.
    pub request: &'a Request,
    /// The last batch that may have been sent without knowing of it.
    pub after: BatchId,
}

impl Ask<'_> {
    /// What becomes of a record that was listed for the request.
    #[must_use]
    pub fn choose(&self, record: &Record) -> Choice {
        self.taken(record, || self.departed(record))
    }

    /// What becomes of a record that waits for one of the request's.
    #[must_use]
    pub fn choose_child(&self, record: &Record) -> Choice {
        self.taken(record, || self.failed_anew(record))
    }

    fn taken(&self, record: &Record, departed: impl Fn() -> Option<Skip>) -> Choice {
        if self.is_done(record) {
            return Choice::Done;
        }
        match (record.state, self.request.action) {
            (State::Resolved { .. }, _) => Choice::Skip(Skip::Resolved),
            (State::Held(HoldReason::PayloadMissing), Action::Resync) => Choice::Skip(Skip::PayloadMissing),
            (State::Held(HoldReason::PayloadMissing), Action::Delete)
            | (State::Scheduled(_) | State::TimedOut { .. } | State::Held(HoldReason::ExcludedType), _) => {
                departed().map_or(Choice::Take, Choice::Skip)
            }
        }
    }

    fn is_done(&self, record: &Record) -> bool {
        let as_of = self.request.as_of;
        match self.request.action {
            Action::Resync => {
                record.tries.iter().any(|tried| tried.kind == TryKind::Forced && tried.batch > self.after)
            }
            Action::Delete => {
                matches!(record.state, State::Resolved { how: Resolution::Deleted, at } if at >= as_of)
            }
        }
    }

    fn failed_anew(&self, record: &Record) -> Option<Skip> {
        (record.first_failed > self.request.as_of).then_some(Skip::FailedAnew)
    }

    /// Why a failing record is none of those that were meant at the request's instant.
    fn departed(&self, record: &Record) -> Option<Skip> {
        let Request { wanted, as_of, .. } = self.request;
        let came_later = wanted.is_by_type() && record.type_since.is_some_and(|since| since > *as_of);
        let changed = || (came_later || !wanted.means(self.policy, record, *as_of)).then_some(Skip::Changed);
        self.failed_anew(record).or_else(changed)
    }
}
