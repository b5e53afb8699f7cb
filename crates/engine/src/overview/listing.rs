//! Lists failing records, page by page, with a bounded number of requests for each page.
//!
//! Must not know: how a page's place is written in an address.

mod search;

use std::collections::HashMap;

use rules::budget::Budget;
use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::gates::{Gate, of_connection};
use rules::ids::RecordKey;
use rules::record::{Record, Stored};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::filter::Filter;
use super::line::Line;
use crate::parts::Ports;
use crate::ports::{Clock, ErrorTypes, Facts, PageToken, PortError, Read, Records, Standings};
use search::{Candidate, Found, Search};

/// Where a listing goes on. The types are listed one after another in the order of their names, so that one that is new
/// meanwhile moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The error type.
    pub error_type: ErrorType,
    /// Where within the type; none at its beginning.
    pub token: Option<PageToken>,
    /// The records that were looked at before.
    pub searched: u64,
}

/// One page. It may have fewer records than asked for, or none, before the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records: by error type, and within one by first failure as far as the index is in one piece.
    pub records: Vec<Line>,
    /// How many were looked at, from the first page to this one.
    pub searched: u64,
    /// How many there are to be looked at, about: those of the types and the object that are wanted, as the directory has them.
    pub of: u64,
    /// How many of this page were written by a newer version of the program; the log names them.
    pub unreadable: usize,
    /// Where to go on; none at the end.
    pub next: Option<Place>,
}

/// Lists failing records, at most `limit`. They come from an index that may lag, and each is read anew. A page costs ten
/// requests at most, the connection's settings included.
///
/// # Errors
/// When the store fails or cannot read the place.
pub async fn list<P: Ports>(
    ports: &P,
    connection: &Connection,
    filter: &Filter,
    limit: usize,
    from: Option<Place>,
) -> Result<Page, PortError> {
    let facts = ports.store().facts(&connection.id).await?;
    let directory = ports.store().directory(&connection.id).await?;
    let now = ports.clock().now();
    let search = Search::new(connection, filter, &directory, limit, now);
    let Found { exact, candidates, searched, next } = search.find(ports.store(), from).await?;
    let keys: Vec<RecordKey> = candidates.iter().map(|candidate| candidate.key.clone()).collect();
    let mut page = Page { searched, next, ..Page::default() };
    let lines = Lines { connection, gates: gates(connection, &facts, now), filter, now };
    let mut read = lines.read(ports, &keys, &mut page).await?;
    page.records = if exact.is_empty() { Vec::new() } else { lines.exact(ports, &exact, &mut page).await? };
    let mut found: Vec<(Candidate, Line)> = Vec::new();
    for candidate in candidates {
        found.extend(read.remove(&candidate.key).map(|line| (candidate, line)));
    }
    let room = limit.saturating_sub(page.records.len());
    if found.len() > room {
        found.truncate(room);
        page.next = found.last().map(|(last, _)| last.place.clone());
        page.searched = page.next.as_ref().map_or(page.searched, |place| place.searched);
    }
    found.sort_by(|(one, first), (other, second)| {
        let of = |candidate: &Candidate, line: &Line| (candidate.place.error_type.clone(), line.first_failed);
        (of(one, first), &first.record).cmp(&(of(other, second), &second.record))
    });
    page.records.extend(found.into_iter().map(|(_, line)| line));
    page.of = search.of().max(page.searched);
    Ok(page)
}

fn gates(connection: &Connection, facts: &Facts, now: Timestamp) -> Vec<Gate> {
    let reported = facts.usage.total();
    of_connection(connection, &facts.control, &Budget::of(connection, &facts.control, &reported), now)
}

/// Makes records into the lines that are wanted.
struct Lines<'a> {
    connection: &'a Connection,
    gates: Vec<Gate>,
    filter: &'a Filter,
    now: Timestamp,
}

impl Lines<'_> {
    /// Reads these records: the lines of those that are wanted.
    async fn read<P: Ports>(
        &self,
        ports: &P,
        keys: &[RecordKey],
        page: &mut Page,
    ) -> Result<HashMap<RecordKey, Line>, PortError> {
        let mut lines = HashMap::with_capacity(keys.len());
        for read in ports.store().read_each(keys).await? {
            match read {
                Ok(Read { stored: Stored::Record(record), .. }) => {
                    let key = record.key.clone();
                    lines.extend(self.line(*record).map(|line| (key, line)));
                }
                Ok(Read { stored: Stored::Success(_), .. }) => {}
                Err(problem) => {
                    warn!(connection = %self.connection.id, %problem, "a record cannot be read");
                    page.unreadable += 1;
                }
            }
        }
        Ok(lines)
    }

    /// The records whose external id is just the one that is wanted, in the order of their objects.
    async fn exact<P: Ports>(&self, ports: &P, keys: &[RecordKey], page: &mut Page) -> Result<Vec<Line>, PortError> {
        let mut read = self.read(ports, keys, page).await?;
        Ok(keys.iter().filter_map(|key| read.remove(key)).collect())
    }

    fn line(&self, record: Record) -> Option<Line> {
        Line::of(self.connection, record, &self.gates, self.now).filter(|line| self.filter.lets(line))
    }
}
