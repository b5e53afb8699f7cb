//! The recount: what the directory says of the numbers of records is counted anew from the index, once a night, because a crash
//! loses some of the changes that the numbers are kept by.
//!
//! Must not know: when a night is, or who is told how it went.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use rules::connection::Connection;
use rules::control::Control;
use rules::policy::Policy;
use rules::time::Timestamp;
use serde::Serialize;
use tracing::{error, info};

use crate::overview::latest;
use crate::parts::Ports;
use crate::ports::{
    Clock, Connections, Controls, DueRecords, ErrorTypes, Look, PortError, Queue, Recounted, Totals, TypeEntry,
};
use crate::run::Halt;

/// Connections that are counted at the same time.
const AT_A_TIME: usize = 4;

/// How often a connection with a run under way is looked at again.
const ROUNDS: usize = 20;

/// How long after.
const PAUSE: Duration = Duration::from_secs(30);

/// How long before the deadline counting ends.
const BEFORE_DEADLINE: Duration = Duration::from_secs(30);

/// Every record in the timeout queue is due within this time: nights are a day apart.
const NEXT_NIGHT_COMES_WITHIN: Duration = Duration::from_hours(48);

/// Keys of the timeout queue that are counted at a time.
const A_PAGE: usize = 10_000;

/// How a recount went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recount {
    /// Connections whose numbers are right now.
    pub counted: usize,
    /// Connections whose numbers stay as they were kept: runs were under way, or the time was up.
    pub left: usize,
    /// Connections of which the store could not tell; the log says why.
    pub failed: usize,
}

/// What came of counting one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Counted,
    /// A run is under way, which has changes in hand that it has not told yet.
    Busy,
    Late,
}

/// Until when it may go on.
#[derive(Clone, Debug)]
struct Limits<'a> {
    until: Timestamp,
    halt: &'a Halt,
}

impl Limits<'_> {
    fn are_reached(&self, now: Timestamp) -> bool {
        now >= self.until || self.halt.is_stopped()
    }
}

/// Counts the directories of all connections anew. A connection with a run under way is counted when that has ended. What fails
/// is said in the log and in the answer, and stops no other.
pub async fn recount<P: Ports>(ports: &P, deadline: Timestamp, halt: &Halt) -> Recount {
    let limits = Limits { until: deadline - BEFORE_DEADLINE, halt };
    let mut done = Recount::default();
    let mut waiting = match ports.store().connections().await {
        Ok(read) => read.into_iter().filter_map(Result::ok).collect::<Vec<_>>(),
        Err(problem) => {
            error!(%problem, "the connections could not be listed, so that nothing is counted anew");
            return Recount { failed: 1, ..done };
        }
    };
    for round in 0..ROUNDS {
        if round > 0 {
            ports.clock().wait(PAUSE).await;
        }
        waiting = done.go_round(ports, waiting, &limits).await;
        if waiting.is_empty() || limits.are_reached(ports.clock().now() + PAUSE) {
            break;
        }
    }
    done.left += waiting.len();
    info!(counted = done.counted, left = done.left, failed = done.failed, "directories counted anew");
    done
}

impl Recount {
    /// Counts each once; those with a run under way come back.
    async fn go_round<P: Ports>(
        &mut self,
        ports: &P,
        connections: Vec<Connection>,
        limits: &Limits<'_>,
    ) -> Vec<Connection> {
        let counts = stream::iter(connections).map(|connection| async {
            let outcome = recount_one(ports, &connection, limits).await;
            (connection, outcome)
        });
        let mut again = Vec::new();
        for (connection, outcome) in counts.buffered(AT_A_TIME).collect::<Vec<_>>().await {
            match outcome {
                Ok(Outcome::Counted) => self.counted += 1,
                Ok(Outcome::Late) => self.left += 1,
                Ok(Outcome::Busy) => again.push(connection),
                Err(problem) => {
                    error!(connection = %connection.id, %problem, "a directory could not be counted anew");
                    self.failed += 1;
                }
            }
        }
        again
    }
}

async fn recount_one<P: Ports>(ports: &P, connection: &Connection, limits: &Limits<'_>) -> Result<Outcome, PortError> {
    let store = ports.store();
    let before = store.control(&connection.id).await?;
    if is_running(&before, ports.clock().now()) {
        return Ok(Outcome::Busy);
    }
    let totals = store.totals(&connection.id).await?;
    for entry in store.directory(&connection.id).await? {
        let Some(counted) = count(ports, connection, &entry, limits).await? else {
            return Ok(Outcome::Late);
        };
        if counted == entry {
            continue;
        }
        // A run that began meanwhile may have changes in hand that it tells later, and that this count has in it already.
        if store.control(&connection.id).await?.epoch != before.epoch {
            return Ok(Outcome::Busy);
        }
        match store.set_counts(&connection.id, &counted).await? {
            Recounted::Done => {}
            Recounted::Changed => return Ok(Outcome::Busy),
        }
    }
    let Some(timed_out) = count_timed_out(ports, connection, limits).await? else {
        return Ok(Outcome::Late);
    };
    let added_up = Totals::of(&store.directory(&connection.id).await?, timed_out, totals.revision);
    if added_up == totals {
        return Ok(Outcome::Counted);
    }
    Ok(match store.set_totals(&connection.id, &added_up).await? {
        Recounted::Done => Outcome::Counted,
        Recounted::Changed => Outcome::Busy,
    })
}

fn is_running(control: &Control, now: Timestamp) -> bool {
    control.lease.as_ref().is_some_and(|lease| lease.until > now)
}

/// How many records the index has in the timeout queue; nothing when the time is up before its end. Only the interval policy has
/// one.
async fn count_timed_out<P: Ports>(
    ports: &P,
    connection: &Connection,
    limits: &Limits<'_>,
) -> Result<Option<u64>, PortError> {
    if let Policy::Recent(_) = connection.policy {
        return Ok(Some(0));
    }
    let (horizon, mut counted, mut after) = (ports.clock().now() + NEXT_NIGHT_COMES_WITHIN, 0, None);
    loop {
        if limits.are_reached(ports.clock().now()) {
            return Ok(None);
        }
        let id = &connection.id;
        let page = ports.store().due(id, Queue::TimedOut, horizon, connection.shards, after.as_ref(), A_PAGE).await?;
        counted += page.keys.len() as u64;
        after = page.next;
        if after.is_none() {
            return Ok(Some(counted));
        }
    }
}

/// What the index has of one type; nothing when the time is up before its end.
async fn count<P: Ports>(
    ports: &P,
    connection: &Connection,
    entry: &TypeEntry,
    limits: &Limits<'_>,
) -> Result<Option<TypeEntry>, PortError> {
    let (from, to) = (Timestamp::from_millis(0), latest(ports.clock().now()));
    let look = Look { connection: &connection.id, error_type: &entry.error_type, from, to, shards: connection.shards };
    let mut counted = TypeEntry { records: BTreeMap::new(), oldest: None, ..entry.clone() };
    let mut after = None;
    loop {
        if limits.are_reached(ports.clock().now()) {
            return Ok(None);
        }
        let stretch = ports.store().look(look, after.as_ref(), usize::MAX).await?;
        for aged in stretch.entries {
            counted.oldest = counted.oldest.into_iter().chain([aged.first_failed]).min();
            *counted.records.entry(aged.key.object).or_default() += 1;
        }
        after = stretch.next;
        if after.is_none() {
            return Ok(Some(counted));
        }
    }
}
