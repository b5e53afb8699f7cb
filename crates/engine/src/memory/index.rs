//! The two indexes: keys by next attempt and by age, sorted, so that a page costs no more than its keys.
//!
//! Must not know: conditions on writes, faults.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ParentKey, RecordKey};
use rules::record::{Next, Record, State, Stored};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::{AgedKey, KeyPage, PageToken, PortError, Queue, Stretch};

/// Which part of an index a listing wants.
pub(super) struct Span<'a, P> {
    pub(super) partitions: &'a [P],
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The last key of a page: the partition by its place in the listing, and the key's place in it.
#[derive(Serialize, Deserialize)]
struct Position {
    partition: usize,
    at: Timestamp,
    key: RecordKey,
}

impl Position {
    fn read(token: &PageToken) -> Result<Self, PortError> {
        serde_json::from_str(&token.0)
            .map_err(|problem| PortError::Unreadable { what: "a page token".to_owned(), problem: problem.to_string() })
    }

    fn token(&self) -> PageToken {
        PageToken(serde_json::to_string(self).expect("a position has no map with keys that are not texts"))
    }
}

/// Keys by partition and instant.
#[derive(Clone)]
pub(super) struct Index<P>(BTreeMap<P, BTreeMap<Timestamp, BTreeSet<RecordKey>>>);

impl<P> Default for Index<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P: Ord> Index<P> {
    fn add(&mut self, partition: P, at: Timestamp, key: &RecordKey) {
        self.0.entry(partition).or_default().entry(at).or_default().insert(key.clone());
    }

    fn remove(&mut self, partition: &P, at: Timestamp, key: &RecordKey) {
        let Some(instants) = self.0.get_mut(partition) else { return };
        let Some(keys) = instants.get_mut(&at) else { return };
        keys.remove(key);
        if keys.is_empty() {
            instants.remove(&at);
        }
    }

    pub(super) fn page(
        &self,
        span: &Span<'_, P>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let (found, next) = self.positions(span, after, limit)?;
        Ok(KeyPage { keys: found.into_iter().map(|position| position.key).collect(), next })
    }

    pub(super) fn stretch(
        &self,
        span: &Span<'_, P>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<Stretch, PortError> {
        let (found, next) = self.positions(span, after, limit)?;
        let entry = |at: Position| AgedKey { place: at.token(), first_failed: at.at, key: at.key };
        Ok(Stretch { entries: found.into_iter().map(entry).collect(), next })
    }

    fn positions(
        &self,
        span: &Span<'_, P>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<(Vec<Position>, Option<PageToken>), PortError> {
        let after = after.map(Position::read).transpose()?;
        let begin = after.as_ref().map_or(0, |position| position.partition);
        let limit = limit.max(1);
        let found: Vec<_> = span
            .partitions
            .iter()
            .enumerate()
            .skip(begin)
            .flat_map(|(place, partition)| {
                let after = after.as_ref().filter(|position| position.partition == place);
                self.keys(partition, span, after).map(move |(at, key)| Position {
                    partition: place,
                    at,
                    key: key.clone(),
                })
            })
            .take(limit)
            .collect();
        let next = if found.len() == limit { found.last().map(Position::token) } else { None };
        Ok((found, next))
    }

    fn keys<'a>(
        &'a self,
        partition: &P,
        span: &Span<'_, P>,
        after: Option<&'a Position>,
    ) -> impl Iterator<Item = (Timestamp, &'a RecordKey)> + use<'a, P> {
        let from = after.map_or(span.from, |position| position.at);
        let to = span.to;
        let instants = if from <= to { self.0.get(partition) } else { None };
        instants.into_iter().flat_map(move |instants| instants.range(from..=to)).flat_map(move |(&at, keys)| {
            let start = after.filter(|position| position.at == at);
            let start = start.map_or(Bound::Unbounded, |position| Bound::Excluded(&position.key));
            keys.range((start, Bound::Unbounded)).map(move |key| (at, key))
        })
    }
}

/// All indexes of the store.
#[derive(Clone, Default)]
pub(super) struct Indexes {
    interval: Index<ConnectionId>,
    timed_out: Index<ConnectionId>,
    by_age: Index<(ConnectionId, ErrorType)>,
    by_parent: Index<(ConnectionId, ParentKey)>,
}

impl Indexes {
    pub(super) fn queue(&self, queue: Queue) -> &Index<ConnectionId> {
        match queue {
            Queue::Interval => &self.interval,
            Queue::TimedOut => &self.timed_out,
        }
    }

    pub(super) fn by_age(&self) -> &Index<(ConnectionId, ErrorType)> {
        &self.by_age
    }

    /// The keys of those that wait for a parent.
    pub(super) fn by_parent(&self) -> &Index<(ConnectionId, ParentKey)> {
        &self.by_parent
    }

    pub(super) fn add(&mut self, stored: &Stored) {
        let Some(record) = indexed(stored) else { return };
        if let Some((queue, at)) = attempt(record) {
            self.queue_mut(queue).add(record.key.connection.clone(), at, &record.key);
        }
        self.by_age.add(age_partition(record), record.first_failed, &record.key);
        if let Some(parent) = parent_partition(record) {
            self.by_parent.add(parent, record.first_failed, &record.key);
        }
    }

    pub(super) fn remove(&mut self, stored: &Stored) {
        let Some(record) = indexed(stored) else { return };
        if let Some((queue, at)) = attempt(record) {
            self.queue_mut(queue).remove(&record.key.connection, at, &record.key);
        }
        self.by_age.remove(&age_partition(record), record.first_failed, &record.key);
        if let Some(parent) = parent_partition(record) {
            self.by_parent.remove(&parent, record.first_failed, &record.key);
        }
    }

    fn queue_mut(&mut self, queue: Queue) -> &mut Index<ConnectionId> {
        match queue {
            Queue::Interval => &mut self.interval,
            Queue::TimedOut => &mut self.timed_out,
        }
    }
}

fn indexed(stored: &Stored) -> Option<&Record> {
    match stored {
        Stored::Record(record) if record.is_failing() => Some(record),
        Stored::Record(_) | Stored::Success(_) => None,
    }
}

fn attempt(record: &Record) -> Option<(Queue, Timestamp)> {
    match record.state {
        State::Scheduled(Next::At(at)) => Some((Queue::Interval, at)),
        State::TimedOut { next } => Some((Queue::TimedOut, next)),
        State::Scheduled(Next::Sweep) | State::Held(_) | State::Resolved { .. } => None,
    }
}

fn age_partition(record: &Record) -> (ConnectionId, ErrorType) {
    (record.key.connection.clone(), record.failure.error_type.clone())
}

fn parent_partition(record: &Record) -> Option<(ConnectionId, ParentKey)> {
    Some((record.key.connection.clone(), record.parent.clone()?))
}
