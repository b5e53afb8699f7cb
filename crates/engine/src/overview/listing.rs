//! Lists failing records, page by page, with a bounded amount of work for each page.
//!
//! Must not know: how a page's place is written in an address.

use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::counts::Attempts;
use rules::gates::{is_expired, next_try};
use rules::ids::{ObjectName, RecordId, RecordKey};
use rules::record::{Record, State, Stored};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::latest;
use crate::parts::Ports;
use crate::ports::{Clock, DueRecords, ErrorTypes, PageToken, PortError, Read, Records};

/// The records that are read for one page at most, whether they fit the filter or not.
const MOST_SEARCHED: usize = 5_000;

/// The listings of an index that are asked for one page at most.
const MOST_ASKED: usize = 256;

/// Where a failing record stands, for a person. `Expired` is scheduled and past the recent policy's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// A schedule will try it.
    Scheduled,
    /// In the timeout queue.
    TimedOut,
    /// No schedule tries it.
    Held,
    /// Past the window: no sweep tries it.
    Expired,
}

impl LineState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::TimedOut, Self::Held, Self::Expired];

    /// The state's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::TimedOut => "timed_out",
            Self::Held => "held",
            Self::Expired => "expired",
        }
    }
}

/// Which failing records are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Of this error type alone.
    pub error_type: Option<ErrorType>,
    /// Of this object alone.
    pub object: Option<ObjectName>,
    /// In this state alone.
    pub state: Option<LineState>,
}

impl Filter {
    fn lets(&self, line: &Line) -> bool {
        let wanted = |error_type: &ErrorType| *error_type == line.error_type;
        self.error_type.as_ref().is_none_or(wanted)
            && self.object.as_ref().is_none_or(|object| *object == line.object)
            && self.state.is_none_or(|state| state == line.state)
    }
}

/// One failing record, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Connection, object and external id as one text.
    pub record: String,
    /// The object.
    pub object: ObjectName,
    /// The external id.
    pub external_id: RecordId,
    /// Where it stands.
    pub state: LineState,
    /// The type of its last error.
    pub error_type: ErrorType,
    /// The error's code.
    pub code: String,
    /// The error's message; it may quote the payload.
    pub message: String,
    /// Its tries, by kind.
    pub attempts: Attempts,
    /// The first failure of its current version.
    pub first_failed: Timestamp,
    /// The last failure.
    pub last_failed: Timestamp,
    /// When a schedule tries it next, as far as the record itself goes: never a tick that has passed.
    pub next_try: Option<Timestamp>,
}

/// A tick that has passed and found nobody means the next one.
fn not_passed(next: Timestamp, now: Timestamp) -> Timestamp {
    if next >= now { next } else { next_tick_after(now, TICK) }
}

impl Line {
    fn of(connection: &Connection, record: Record, now: Timestamp) -> Option<Self> {
        let state = match record.state {
            State::Resolved { .. } => return None,
            State::Scheduled(_) if is_expired(&connection.policy, &record, now) => LineState::Expired,
            State::Scheduled(_) => LineState::Scheduled,
            State::TimedOut { .. } => LineState::TimedOut,
            State::Held(_) => LineState::Held,
        };
        Some(Self {
            next_try: next_try(&connection.policy, &record, now).map(|next| not_passed(next, now)),
            record: record.key.to_string(),
            object: record.key.object,
            external_id: record.key.id,
            state,
            error_type: record.failure.error_type,
            code: record.failure.code,
            message: record.failure.message,
            attempts: record.attempts,
            first_failed: record.first_failed,
            last_failed: record.last_failed,
        })
    }
}

/// Where a listing goes on. The types are listed one after another in the order of their names, so that one that is new
/// meanwhile moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The error type.
    pub error_type: ErrorType,
    /// Where within the type; none at its beginning.
    pub token: Option<PageToken>,
}

/// One page. It may have fewer records than asked for, or none, before the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records: by error type, and within one by first failure as far as the index is in one piece.
    pub records: Vec<Line>,
    /// How many were looked at.
    pub searched: usize,
    /// How many of them were written by a newer version of the program; the log names them.
    pub unreadable: usize,
    /// Where to go on; none at the end.
    pub next: Option<Place>,
}

/// Lists failing records, at most `limit`. They come from an index that may lag, and each is read anew.
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
    let mut types = match &filter.error_type {
        Some(error_type) => vec![error_type.clone()],
        None => ports.store().error_types(&connection.id).await?,
    };
    let first = from.as_ref().map(|place| place.error_type.clone());
    types.retain(|error_type| first.as_ref().is_none_or(|first| error_type >= first));
    types.sort_unstable();
    let mut token = from.and_then(|place| place.token);
    let (mut page, mut asked) = (Page::default(), 0);
    let to = latest(ports.clock().now());
    for error_type in types {
        loop {
            let room = limit.saturating_sub(page.records.len());
            // A page that is nearly full ends here, or one place left would be looked for key by key.
            if room <= limit / 10 || page.searched >= MOST_SEARCHED || asked >= MOST_ASKED {
                page.next = Some(Place { error_type, token });
                return Ok(page);
            }
            asked += 1;
            let (one, begin) = (std::slice::from_ref(&error_type), Timestamp::from_millis(0));
            let found =
                ports.store().aged(&connection.id, one, begin, to, connection.shards, token.as_ref(), room).await?;
            add(ports, connection, filter, &found.keys, &mut page).await?;
            token = found.next;
            if token.is_none() {
                break;
            }
        }
    }
    Ok(page)
}

async fn add<P: Ports>(
    ports: &P,
    connection: &Connection,
    filter: &Filter,
    keys: &[RecordKey],
    page: &mut Page,
) -> Result<(), PortError> {
    let now = ports.clock().now();
    let mut lines = Vec::with_capacity(keys.len());
    for read in ports.store().read_each(keys).await? {
        match read {
            Ok(Read { stored: Stored::Record(record), .. }) => lines.extend(Line::of(connection, *record, now)),
            Ok(Read { stored: Stored::Success(_), .. }) => {}
            Err(problem) => {
                warn!(connection = %connection.id, %problem, "a record cannot be read");
                page.unreadable += 1;
            }
        }
    }
    lines.retain(|line| filter.lets(line));
    lines.sort_by(|one, other| (one.first_failed, &one.record).cmp(&(other.first_failed, &other.record)));
    page.searched += keys.len();
    page.records.extend(lines);
    Ok(())
}
