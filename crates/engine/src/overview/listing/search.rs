//! Searches the index by age for the keys of one page: types without a record are passed over, and what a key itself tells is
//! asked before any record is read.
//!
//! Must not know: what the records say.

use std::collections::BTreeSet;

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::ids::{ObjectName, RecordKey};
use rules::time::Timestamp;

use super::Place;
use crate::overview::Filter;
use crate::ports::{AgedKey, DueRecords, Look, PageToken, PortError, TypeEntry};

/// The requests of one page that look at the index or read records. Two more read the directory and how the connection stands, and
/// whoever asks has made up to two to know the connection: ten in all.
const MOST_REQUESTS: usize = 6;

/// The records of one request that reads them. Source: `BatchGetItem`, 100 keys.
const RECORDS_A_READ: usize = 100;

/// The records that are read for one page at most, whether they fit the filter or not.
const MOST_READ: usize = 400;

/// The entries of one look, when their keys tell which are wanted.
const MOST_KEYS: usize = 1_000;

/// A record that may be wanted.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) key: RecordKey,
    /// Where to go on after it.
    pub(super) place: Place,
}

/// What was found for one page.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The keys with just the external id that is wanted, if there is a failing record of it.
    pub(super) exact: Vec<RecordKey>,
    /// The others that may be wanted, in the order of the index.
    pub(super) candidates: Vec<Candidate>,
    /// Records that were looked at, from the first page on.
    pub(super) searched: u64,
    /// Where to go on.
    pub(super) next: Option<Place>,
}

/// One page's search.
pub(super) struct Search<'a> {
    connection: &'a Connection,
    filter: &'a Filter,
    directory: &'a [TypeEntry],
    limit: usize,
    now: Timestamp,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        filter: &'a Filter,
        directory: &'a [TypeEntry],
        limit: usize,
        now: Timestamp,
    ) -> Self {
        Self { connection, filter, directory, limit, now }
    }

    /// The records that there are to be looked at, about.
    pub(super) fn of(&self) -> u64 {
        let wanted = |entry: &&TypeEntry| self.filter.error_type.as_ref().is_none_or(|one| *one == entry.error_type);
        self.directory.iter().filter(wanted).map(|entry| entry.of(self.filter.object.as_ref())).sum()
    }

    /// Finds the keys of the page that goes on at `from`.
    pub(super) async fn find(&self, store: &impl DueRecords, from: Option<Place>) -> Result<Found, PortError> {
        let known = self.exact();
        let is_first = from.is_none();
        let mut found = Found { searched: from.as_ref().map_or(0, |place| place.searched), ..Found::default() };
        let want = if self.filter.needs_records() { MOST_READ } else { self.limit.min(MOST_READ) };
        let mut asked = usize::from(is_first && !known.is_empty());
        for error_type in self.types(from.as_ref()) {
            let mut token = from.as_ref().filter(|from| from.error_type == error_type).and_then(|at| at.token.clone());
            loop {
                // One look more, and what is found by then must still be read.
                let readable = MOST_REQUESTS.saturating_sub(asked + 1) * RECORDS_A_READ;
                let room = want.min(readable).saturating_sub(found.candidates.len());
                // A page that is nearly full ends here, or one place left would be looked for key by key.
                if room <= want / 10 {
                    found.next = Some(Place { error_type, token, searched: found.searched });
                    return Ok(found.with(is_first, known));
                }
                asked += 1;
                let limit = if self.filter.object.is_some() || self.filter.id.is_some() { MOST_KEYS } else { room };
                let stretch = store.look(self.look(&error_type), token.as_ref(), limit).await?;
                let (rest, after) = found.take(self.filter, &known, &error_type, stretch.entries, room);
                token = if rest > 0 { after } else { stretch.next };
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(found.with(is_first, known))
    }

    fn look(&self, error_type: &'a ErrorType) -> Look<'a> {
        let (from, to) = self.filter.window(self.now);
        Look { connection: &self.connection.id, error_type, from, to, shards: self.connection.shards }
    }

    /// The types to look at, in the order of their names. One that is asked for by name is looked at whatever the directory says.
    fn types(&self, from: Option<&Place>) -> Vec<ErrorType> {
        let mut types: Vec<ErrorType> = if let Some(error_type) = &self.filter.error_type {
            vec![error_type.clone()]
        } else {
            let present = |entry: &&TypeEntry| entry.of(self.filter.object.as_ref()) > 0;
            self.directory.iter().filter(present).map(|entry| entry.error_type.clone()).collect()
        };
        types.retain(|error_type| from.is_none_or(|from| *error_type >= from.error_type));
        types.sort_unstable();
        types
    }

    /// The keys of records with just the external id that is wanted: they are read first, or a person who knows the whole id would
    /// have to page through the index for it.
    fn exact(&self) -> Vec<RecordKey> {
        let Some(start) = &self.filter.id else { return Vec::new() };
        let objects: BTreeSet<&ObjectName> = match &self.filter.object {
            Some(object) => BTreeSet::from([object]),
            None => self.directory.iter().flat_map(|entry| entry.records.keys()).collect(),
        };
        if objects.len() > self.limit.min(RECORDS_A_READ) {
            return Vec::new();
        }
        let key = |object: &ObjectName| RecordKey {
            connection: self.connection.id.clone(),
            object: object.clone(),
            id: start.whole().clone(),
        };
        objects.into_iter().map(key).collect()
    }
}

impl Found {
    /// Takes in the entries of one look, until there are `room` candidates more: how many are left, and where they begin.
    fn take(
        &mut self,
        filter: &Filter,
        known: &[RecordKey],
        error_type: &ErrorType,
        entries: Vec<AgedKey>,
        room: usize,
    ) -> (usize, Option<PageToken>) {
        let full = self.candidates.len() + room;
        let mut entries = entries.into_iter();
        for AgedKey { key, place, .. } in entries.by_ref() {
            if !filter.wants_object(&key) {
                continue;
            }
            self.searched += 1;
            if !filter.wants_id(&key) || known.contains(&key) {
                continue;
            }
            let after = place.clone();
            let place = Place { error_type: error_type.clone(), token: Some(place), searched: self.searched };
            self.candidates.push(Candidate { key, place });
            if self.candidates.len() == full {
                return (entries.len(), Some(after));
            }
        }
        (0, None)
    }

    /// With the keys of the very id on the first page.
    fn with(self, is_first: bool, known: Vec<RecordKey>) -> Self {
        Self { exact: if is_first { known } else { Vec::new() }, ..self }
    }
}
