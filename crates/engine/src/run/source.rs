//! The source of a pass: pages of keys from an index, read strongly, and what is really to be tried of them.
//!
//! Must not know: how records are packed or sent.

use rules::catalogue::ErrorType;
use rules::ids::RecordKey;
use rules::owed::Selection;
use rules::policy::Policy;
use rules::record::Stored;
use rules::time::Timestamp;
use tracing::error;

use super::batch::Item;
use super::context::Context;
use super::eligible::kind_of_try;
use super::quarantine::Quarantine;
use crate::parts::Ports;
use crate::ports::{Clock, DueRecords, ErrorTypes, KeyPage, PageToken, PortError, Queue, Read, Records};

/// Keys that are listed and read at a time: enough for ten full batches.
const PAGE: usize = 2_000;

/// Which index is listed.
#[derive(Clone, Debug)]
enum Listing {
    Due { queue: Queue, horizon: Timestamp },
    Aged { types: Vec<ErrorType>, from: Timestamp, to: Timestamp },
    Nothing,
}

/// A listing under way.
#[derive(Debug)]
pub(super) struct Source {
    selection: Selection,
    listing: Listing,
    next: Option<PageToken>,
    pub(super) exhausted: bool,
    /// Keys listed so far.
    pub(super) listed: usize,
    pub(super) found: Found,
}

/// What reading made of the listed keys.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Records passed over.
    pub(super) skipped: u64,
    /// The end of the last quarantine that made a record be passed over.
    pub(super) quarantined_until: Option<Timestamp>,
}

impl Found {
    /// Passes a record over because of its quarantine.
    pub(super) fn pass_over(&mut self, until: Timestamp) {
        self.quarantined_until = self.quarantined_until.max(Some(until));
    }
}

impl Source {
    /// The source of `selection`, from `cursor` on.
    pub(super) async fn open<P: Ports>(
        context: &Context<'_, P>,
        selection: &Selection,
        cursor: Option<String>,
    ) -> Result<Self, PortError> {
        let listing = match (selection, &context.connection.policy) {
            (Selection::Due { tick }, Policy::Interval(_)) => Listing::Due { queue: Queue::Interval, horizon: *tick },
            (Selection::TimedOut { tick }, Policy::Interval(_)) => {
                Listing::Due { queue: Queue::TimedOut, horizon: *tick }
            }
            (Selection::Recent { tick }, Policy::Recent(policy)) => {
                let all = context.ports.store().error_types(&context.connection.id).await?;
                let types = all.into_iter().filter(|listed| !context.connection.policy.excludes(listed)).collect();
                Listing::Aged { types, from: policy.horizon(*tick), to: *tick }
            }
            (
                Selection::Due { .. } | Selection::TimedOut { .. } | Selection::Recent { .. } | Selection::Owed { .. },
                _,
            ) => Listing::Nothing,
        };
        let next = cursor.map(PageToken);
        let exhausted = matches!(listing, Listing::Nothing);
        Ok(Self { selection: selection.clone(), listing, next, exhausted, listed: 0, found: Found::default() })
    }

    /// Where the next page begins; none at the beginning and at the end.
    pub(super) fn cursor(&self) -> Option<String> {
        self.next.clone().map(|token| token.0)
    }

    /// The next page of at most `most` keys, read: what is to be tried of it.
    pub(super) async fn page<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        most: usize,
    ) -> Result<Vec<Item>, PortError> {
        let KeyPage { keys, next } = self.keys(context, most.min(PAGE)).await?;
        self.exhausted = next.is_none();
        self.next = next;
        self.listed += keys.len();
        self.read(context, quarantine, &keys).await
    }

    async fn keys<P: Ports>(&self, context: &Context<'_, P>, most: usize) -> Result<KeyPage, PortError> {
        let (store, connection) = (context.ports.store(), context.connection);
        let (id, shards, after) = (&connection.id, connection.shards, self.next.as_ref());
        match &self.listing {
            Listing::Due { queue, horizon } => store.due(id, *queue, *horizon, shards, after, most).await,
            Listing::Aged { types, from, to } => store.aged(id, types, *from, *to, shards, after, most).await,
            Listing::Nothing => Ok(KeyPage { keys: Vec::new(), next: None }),
        }
    }

    /// Reads these keys strongly and keeps what is to be tried now.
    pub(super) async fn read<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        keys: &[RecordKey],
    ) -> Result<Vec<Item>, PortError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let read_at = context.ports.clock().now();
        let read = readable(context.ports.store().read_each(keys).await?);
        let found: Vec<Item> =
            read.into_iter().filter_map(|read| self.keep(context, quarantine, read, read_at)).collect();
        self.found.skipped += keys.len().saturating_sub(found.len()) as u64;
        Ok(found)
    }

    fn keep<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        read: Read,
        read_at: Timestamp,
    ) -> Option<Item> {
        let Stored::Record(record) = read.stored else {
            return None;
        };
        let kind = kind_of_try(context.connection, &record, &self.selection)?;
        if let Some(until) = quarantine.until(&record.key, read_at) {
            self.found.pass_over(until);
            return None;
        }
        Some(Item { record: *record, payload: read.payload, kind, read_at })
    }
}

/// What can be read. A record that a newer version of the program wrote waits for that version, and stops no other.
pub(super) fn readable(read: Vec<Result<Read, PortError>>) -> Vec<Read> {
    let told = read.into_iter().inspect(|read| {
        if let Err(problem) = read {
            error!(%problem, "a record is passed over");
        }
    });
    told.filter_map(Result::ok).collect()
}
