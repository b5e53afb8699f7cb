//! The aim of a pass: which index lists its records, and which of those it really tries.
//!
//! Must not know: how keys are listed or read.

use rules::catalogue::ErrorType;
use rules::counts::TryKind;
use rules::ids::{BatchId, RecordKey, RequestId};
use rules::owed::Selection;
use rules::policy::Policy;
use rules::record::Record;
use rules::resync::{Choice, Request, Wanted, choose};
use rules::time::Timestamp;

use super::context::Context;
use super::eligible::kind_of_try;
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
    Leave,
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

    /// Whether records of this key's object may be meant.
    pub(super) fn has_object(&self, key: &RecordKey) -> bool {
        match self {
            Self::Schedule(_) => true,
            Self::Request { request, .. } => request.wanted.has_object(&key.object),
        }
    }

    /// What becomes of the record, as it was read.
    pub(super) fn pick<P: Ports>(&self, context: &Context<'_, P>, record: &Record) -> Pick {
        match self {
            Self::Schedule(selection) => {
                kind_of_try(context.connection, record, selection).map_or(Pick::Leave, Pick::Try)
            }
            Self::Request { request, after } => match choose(&request.wanted, request.as_of, *after, record) {
                Choice::Try => Pick::Try(TryKind::Forced),
                Choice::Tried => Pick::Tried,
                Choice::Skip => Pick::Leave,
            },
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
                Wanted::Type { .. } | Wanted::All { .. } => true,
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
        Wanted::Type { error_type, .. } => Listing::Aged { types: vec![error_type.clone()], from, to },
        Wanted::All { .. } => Listing::Aged { types: types(context).await?, from, to },
    })
}

async fn types<P: Ports>(context: &Context<'_, P>) -> Result<Vec<ErrorType>, PortError> {
    context.ports.store().error_types(&context.connection.id).await
}
