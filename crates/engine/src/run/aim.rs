//! The aim of a pass: which index lists its records, and which of those it really tries.
//!
//! Must not know: how keys are listed or read.

use rules::catalogue::ErrorType;
use rules::counts::TryKind;
use rules::ids::{BatchId, RecordKey, RequestId};
use rules::owed::Selection;
use rules::policy::Policy;
use rules::record::Record;
use rules::resync::{Action, Ask, Choice, Request, Skip, Wanted};
use rules::time::Timestamp;

use super::context::Context;
use super::eligible::kind_of_try;
use super::family::Parents;
use crate::parts::Ports;
use crate::ports::{ErrorTypes, PortError, Queue};

/// What a pass tries.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// What a schedule is due to try.
    Schedule(Selection),
    /// What a person asked for.
    Request {
        request: Box<Request>,
        /// The last batch that may have been sent without knowing of it.
        after: BatchId,
    },
}

/// Which keys are listed.
#[derive(Clone, Debug)]
pub(super) enum Listing {
    Due { queue: Queue, horizon: Timestamp },
    Aged { types: Vec<ErrorType>, from: Timestamp, to: Timestamp },
    Named(Vec<RecordKey>),
    Nothing,
}

/// What becomes of a record that was listed and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// It is tried.
    Try(TryKind),
    /// The request has tried it already.
    Tried,
    /// It is not to be tried.
    Leave(Skip),
}

impl Aim {
    /// The scheduled time that its tries are computed from.
    pub(super) fn tick(&self) -> Timestamp {
        match self {
            Self::Schedule(selection) => selection.tick(),
            Self::Request { request, .. } => request.as_of,
        }
    }

    /// The request that it works off, if a person asked.
    pub(super) fn request(&self) -> Option<&RequestId> {
        match self {
            Self::Schedule(_) => None,
            Self::Request { request, .. } => Some(&request.id),
        }
    }

    /// Whether a person wants records to be tried.
    pub(super) fn is_forced(&self) -> bool {
        match self {
            Self::Schedule(_) => false,
            Self::Request { request, .. } => request.action == Action::Resync,
        }
    }

    /// Whether a listed key may be one that is meant.
    pub(super) fn has_object(&self, key: &RecordKey) -> bool {
        match self {
            Self::Schedule(_) => true,
            Self::Request { request, .. } => match &request.wanted {
                // Those that are named bring others.
                Wanted::Records(_) => true,
                Wanted::Matching(_) => request.wanted.has_object(&key.object),
            },
        }
    }

    /// What becomes of the record, as it was read; `parents` are the records that bring those that wait for them.
    pub(super) fn pick<P: Ports>(&self, context: &Context<'_, P>, parents: &Parents, record: &Record) -> Pick {
        let policy = &context.connection.policy;
        match self {
            Self::Schedule(selection) => {
                kind_of_try(context.connection, record, selection).map_or(Pick::Leave(Skip::Changed), Pick::Try)
            }
            Self::Request { request, after } => {
                let ask = Ask { policy, request, after: *after };
                let choice = if parents.bring(record) { ask.choose_child(record) } else { ask.choose(record) };
                match choice {
                    Choice::Take => Pick::Try(TryKind::Forced),
                    Choice::Done => Pick::Tried,
                    Choice::Skip(why) => Pick::Leave(why),
                }
            }
        }
    }

    /// Whether no later tick comes back to what an index did not list in time, where it listed so many.
    pub(super) fn is_looked_at_twice(&self, listed: usize) -> bool {
        match self {
            Self::Schedule(Selection::TimedOut { .. }) => listed > 0,
            Self::Schedule(
                Selection::Due { .. } | Selection::Recent { .. } | Selection::Forced { .. } | Selection::Owed { .. },
            ) => false,
            Self::Request { request, .. } => match request.wanted {
                Wanted::Matching(_) => true,
                Wanted::Records(_) => false,
            },
        }
    }

    /// Its listing.
    pub(super) async fn listing<P: Ports>(&self, context: &Context<'_, P>) -> Result<Listing, PortError> {
        match self {
            Self::Schedule(selection) => scheduled(context, selection).await,
            Self::Request { request, .. } => requested(context, request).await,
        }
    }
}

async fn scheduled<P: Ports>(context: &Context<'_, P>, selection: &Selection) -> Result<Listing, PortError> {
    Ok(match (selection, &context.connection.policy) {
        (Selection::Due { tick }, Policy::Interval(_)) => Listing::Due { queue: Queue::Interval, horizon: *tick },
        (Selection::TimedOut { tick }, Policy::Interval(_)) => Listing::Due { queue: Queue::TimedOut, horizon: *tick },
        (Selection::Recent { tick }, Policy::Recent(policy)) => {
            let all = types(context).await?;
            let types = all.into_iter().filter(|listed| !context.connection.policy.excludes(listed)).collect();
            Listing::Aged { types, from: policy.horizon(*tick), to: *tick }
        }
        (
            Selection::Due { .. }
            | Selection::TimedOut { .. }
            | Selection::Recent { .. }
            | Selection::Forced { .. }
            | Selection::Owed { .. },
            _,
        ) => Listing::Nothing,
    })
}

async fn requested<P: Ports>(context: &Context<'_, P>, request: &Request) -> Result<Listing, PortError> {
    let (from, to) = (Timestamp::from_millis(0), request.as_of);
    Ok(match &request.wanted {
        Wanted::Records(records) => {
            let key = |(object, id): &(_, _)| RecordKey {
                connection: context.connection.id.clone(),
                object: Clone::clone(object),
                id: Clone::clone(id),
            };
            Listing::Named(records.iter().map(key).collect())
        }
        Wanted::Matching(matching) => {
            let types = match &matching.error_type {
                Some(error_type) => vec![error_type.clone()],
                None => types(context).await?,
            };
            let (from, to) = (matching.failed_from.unwrap_or(from), matching.failed_to.map_or(to, |most| most.min(to)));
            Listing::Aged { types, from, to }
        }
    })
}

async fn types<P: Ports>(context: &Context<'_, P>) -> Result<Vec<ErrorType>, PortError> {
    context.ports.store().error_types(&context.connection.id).await
}
