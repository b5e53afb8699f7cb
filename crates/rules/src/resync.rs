//! A request: what a person asked to be tried at once, or to be deleted, and how far that came.
//!
//! Must not know: how a run works it off, who may ask.

mod choice;
mod progress;
mod wanted;

pub use choice::{Ask, Choice};
pub use progress::{Progress, Skip, Skips};
pub use wanted::{FailingState, MOST_RECORDS, Matching, NotAState, Wanted};

use serde::{Deserialize, Serialize};

use crate::ids::{ConnectionId, Epoch, RequestId};
use crate::owed::Selection;
use crate::time::Timestamp;

/// The most requests of one connection that may be open at a time: each has its place in the control item.
pub const MOST_OPEN: usize = 16;

/// What a person wants to be done with records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They are tried at once.
    #[default]
    Resync,
    /// Their failures are deleted: nobody tries them any more.
    Delete,
}

impl Action {
    /// The action's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resync => "resync",
            Self::Delete => "delete",
        }
    }

    /// Whether records are to be tried.
    #[must_use]
    pub fn is_resync(&self) -> bool {
        *self == Self::Resync
    }
}

/// A text that names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an action; write resync or delete")]
pub struct NotAnAction;

impl TryFrom<String> for Action {
    type Error = NotAnAction;

    fn try_from(text: String) -> Result<Self, NotAnAction> {
        [Self::Resync, Self::Delete].into_iter().find(|action| action.as_str() == text).ok_or(NotAnAction)
    }
}

/// A number of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The number.
    pub number: u64,
    /// Whether each of them was looked at. If not, it comes from counts that may lag behind.
    pub exact: bool,
}

impl Count {
    /// Exactly so many.
    #[must_use]
    pub fn exactly(number: u64) -> Self {
        Self { number, exact: true }
    }

    /// About so many.
    #[must_use]
    pub fn about(number: u64) -> Self {
        Self { number, exact: false }
    }
}

/// What a plan said of the request that carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// How many records it spoke of.
    pub records: Count,
    /// The last epoch that was given out then. What later ones tried for a person was tried since the plan.
    pub epoch: Epoch,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It is being worked off, or waits for a closed gate.
    Open,
    /// Each of its records was tried, or could not be.
    Done,
    /// A person cancelled it; what was not tried by then is not.
    Cancelled,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The caller's own name for it: the same id twice is one request.
    pub id: RequestId,
    /// The connection.
    pub connection: ConnectionId,
    /// What is to be done.
    #[serde(default)]
    pub action: Action,
    /// With which records.
    pub wanted: Wanted,
    /// The instant that it speaks of. Records that fail later are left out.
    pub as_of: Timestamp,
    /// Who asked.
    pub requested_by: String,
    /// Where it stands.
    pub state: RequestState,
    /// What its plan said, when it carries one out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
    /// How far it has come.
    pub progress: Progress,
    /// When it was done or cancelled.
    pub ended: Option<Timestamp>,
}

impl Request {
    /// Records that wait yet, as far as the plan's number tells; none when there was no plan.
    #[must_use]
    pub fn waiting(&self) -> Option<Count> {
        let done = self.progress.done();
        let left = |Planned { records, .. }| Count { number: records.number.saturating_sub(done), ..records };
        match self.state {
            RequestState::Open => self.planned.map(left),
            RequestState::Done | RequestState::Cancelled => None,
        }
    }

    /// Records of its plan that it did not come to, when it was worked off: other requests had tried them since, or they had
    /// left what is listed. None when there are none, when there was no plan, or when a run died and nobody knows.
    #[must_use]
    pub fn passed_over(&self) -> Option<Count> {
        let Planned { records, .. } = self.planned.filter(|_| self.state == RequestState::Done)?;
        let number = records.number.saturating_sub(self.progress.done());
        (number > 0 && !self.progress.at_least).then_some(Count { number, ..records })
    }

    /// What a run of it is asked to try.
    #[must_use]
    pub fn selection(&self) -> Selection {
        Selection::Forced { request: self.id.clone(), tick: self.as_of }
    }
}
