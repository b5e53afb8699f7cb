//! The source of a pass: pages of keys, read strongly, and what is really to be tried of them.
//!
//! Must not know: which records an aim means, how they are packed or sent.

use std::collections::VecDeque;

use rules::ids::RecordKey;
use rules::record::Stored;
use rules::resync::{Skip, Skips};
use rules::time::Timestamp;
use tracing::error;

use super::aim::{Aim, Listing, Pick};
use super::batch::Item;
use super::context::Context;
use super::family::{MOST_CHILDREN, Parents, children_of, may_wait, of_named};
use super::quarantine::Quarantine;
use crate::parts::Ports;
use crate::ports::{Clock, DueRecords, KeyPage, PageToken, PortError, Read, Records};

/// Records that are read at a time: enough for five full batches.
pub(super) const PAGE: usize = 1_000;

/// Keys that are listed at a time. They take little room, and fewer requests list them.
const LISTED: usize = 8_000;

/// A listing under way.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) aim: Aim,
    listing: Listing,
    next: Option<PageToken>,
    /// Keys that were listed and are not read yet.
    unread: VecDeque<RecordKey>,
    /// Where the listing of these began.
    began: Option<PageToken>,
    pub(super) exhausted: bool,
    /// Keys listed so far.
    pub(super) listed: usize,
    pub(super) found: Found,
    /// The records that bring those that wait for them.
    pub(super) parents: Parents,
    /// Whether a record that is saved brings others.
    pub(super) brings: bool,
}

/// What reading made of the listed keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// Records passed over.
    pub(super) skipped: u64,
    /// Those of them that this aim will never try, by why.
    pub(super) beyond: Skips,
    /// The end of the last quarantine that made a record be passed over.
    pub(super) quarantined_until: Option<Timestamp>,
}

impl Found {
    /// Passes a record over because of its quarantine.
    pub(super) fn pass_over(&mut self, until: Timestamp) {
        self.quarantined_until = self.quarantined_until.max(Some(until));
    }
}

/// What became of a listed key.
enum Kept {
    Item(Box<Item>),
    /// It waits, or was tried.
    Aside,
    Left(Skip),
}

impl Source {
    /// The source of `aim`, from `cursor` on.
    pub(super) async fn open<P: Ports>(
        context: &Context<'_, P>,
        aim: Aim,
        cursor: Option<String>,
    ) -> Result<Self, PortError> {
        let mut listing = aim.listing(context).await?;
        let exhausted = matches!(listing, Listing::Nothing);
        let (mut parents, mut brings) = (Parents::default(), false);
        match (&listing, aim.is_forced()) {
            (Listing::Named(named), true) => {
                let (family, bringing) = of_named(context.ports, named.clone()).await?;
                (listing, parents) = (Listing::Named(family), bringing);
            }
            (Listing::Aged { .. }, true) => brings = may_wait(context).await?,
            (Listing::Due { .. } | Listing::Aged { .. } | Listing::Named(_) | Listing::Nothing, _) => {}
        }
        let next = cursor.map(PageToken);
        let (unread, began) = (VecDeque::new(), None);
        let (listed, found) = (0, Found::default());
        Ok(Self { aim, listing, next, unread, began, exhausted, listed, found, parents, brings })
    }

    /// Whether its keys were named, rather than found in an index.
    pub(super) fn is_named(&self) -> bool {
        matches!(self.listing, Listing::Named(_))
    }

    /// Where a listing goes on that has everything that was not read yet; none at the beginning and at the end.
    pub(super) fn cursor(&self) -> Option<String> {
        let token = if self.unread.is_empty() { &self.next } else { &self.began };
        token.clone().map(|token| token.0)
    }

    /// The next page of at most `most` keys, read: what is to be tried of it. Where only few are wanted, only few are listed.
    pub(super) async fn page<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        most: usize,
        room: usize,
    ) -> Result<Vec<Item>, PortError> {
        if self.unread.is_empty() {
            let listed = if most < PAGE { most } else { LISTED.min(room) };
            self.list(context, listed).await?;
        }
        let keys: Vec<_> = self.unread.drain(..self.unread.len().min(most)).collect();
        self.exhausted = self.unread.is_empty() && self.next.is_none();
        self.read(context, quarantine, &keys).await
    }

    async fn list<P: Ports>(&mut self, context: &Context<'_, P>, most: usize) -> Result<(), PortError> {
        let KeyPage { keys, next } = self.keys(context, most).await?;
        self.listed += keys.len();
        self.unread.extend(keys.into_iter().filter(|key| self.aim.has_object(key)));
        self.began = std::mem::replace(&mut self.next, next);
        Ok(())
    }

    async fn keys<P: Ports>(&self, context: &Context<'_, P>, most: usize) -> Result<KeyPage, PortError> {
        let (store, connection) = (context.ports.store(), context.connection);
        let (id, shards, after) = (&connection.id, connection.shards, self.next.as_ref());
        match &self.listing {
            Listing::Due { queue, horizon } => store.due(id, *queue, *horizon, shards, after, most).await,
            Listing::Aged { types, from, to } => store.aged(id, types, *from, *to, shards, after, most).await,
            // At once: those that are brought are looked up anew each time, and may be others then.
            Listing::Named(keys) => Ok(KeyPage { keys: keys.clone(), next: None }),
            Listing::Nothing => Ok(KeyPage { keys: Vec::new(), next: None }),
        }
    }

    /// Reads what waits for `parents`, which have been saved: what is to be tried of it.
    pub(super) async fn bring<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        parents: &[RecordKey],
    ) -> Result<Vec<Item>, PortError> {
        let mut keys = Vec::new();
        for parent in parents {
            self.parents.add(parent);
            keys.extend(children_of(context.ports, parent, MOST_CHILDREN).await?);
        }
        self.read(context, quarantine, &keys).await
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
        let read: Vec<_> = readable(context.ports.store().read_each(keys).await?);
        let mut items = Vec::with_capacity(read.len());
        let missing = keys.len().saturating_sub(read.len()) as u64;
        let mut beyond = Skips { unknown: missing, ..Skips::default() };
        for read in read {
            match self.keep(context, quarantine, read, read_at) {
                Kept::Item(item) => items.push(*item),
                Kept::Aside => {}
                Kept::Left(why) => beyond.count(why),
            }
        }
        self.found.skipped += keys.len().saturating_sub(items.len()) as u64;
        self.found.beyond = self.found.beyond.and(beyond);
        Ok(items)
    }

    fn keep<P: Ports>(
        &mut self,
        context: &Context<'_, P>,
        quarantine: &Quarantine,
        read: Read,
        read_at: Timestamp,
    ) -> Kept {
        let Stored::Record(record) = read.stored else {
            return Kept::Left(Skip::Resolved);
        };
        let kind = match self.aim.pick(context, &self.parents, &record) {
            Pick::Try(kind) => kind,
            Pick::Tried => return Kept::Aside,
            Pick::Leave(why) => return Kept::Left(why),
        };
        if let Some(until) = quarantine.until(&record.key, read_at) {
            self.found.pass_over(until);
            return Kept::Aside;
        }
        Kept::Item(Box::new(Item { record: *record, payload: read.payload, kind, read_at }))
    }
}

/// What can be read. A record that a newer version of the program wrote waits for that version, and stops no other.
pub(crate) fn readable<T, C: FromIterator<T>>(read: impl IntoIterator<Item = Result<T, PortError>>) -> C {
    let told = read.into_iter().inspect(|read| {
        if let Err(problem) = read {
            error!(%problem, "a record is passed over");
        }
    });
    told.filter_map(Result::ok).collect()
}
