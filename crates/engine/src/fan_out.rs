//! Fan-out: which connections a schedule's tick starts a run for. One event each, so that connections never wait for one
//! another.
//!
//! Must not know: who carries the runs out.

use futures::stream::{self, StreamExt};
use rules::connection::Connection;
use rules::control::Control;
use rules::events::{Outbound, RunRequested};
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::policy::Policy;
use rules::time::Timestamp;
use tracing::{error, info, warn};

use crate::control::change;
use crate::parts::Ports;
use crate::ports::{
    Clock, Connections, Controls, DueRecords, ErrorTypes, Events, PortError, Queue, UsageReports, causes,
};
use crate::run::closed_gates;

/// Connections that are looked at at the same time.
const AT_A_TIME: usize = 8;

/// The three schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every 20 minutes.
    Due,
    /// Every midnight.
    TimedOut,
    /// Twice a day.
    Recent,
}

/// What a tick means for one connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// A run is started.
    Start(Selection),
    /// There is work, and nothing may be sent: these gates are closed.
    Blocked(Vec<Gate>),
    /// There is nothing to do.
    Idle,
}

/// What a tick led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FannedOut {
    /// Runs that were started.
    pub started: Vec<RunRequested>,
    /// Connections with work that may not send anything, and why.
    pub blocked: Vec<(ConnectionId, Vec<Gate>)>,
    /// Connections that have nothing to do.
    pub idle: usize,
    /// Connections of which something cannot be read that says what to do; the others run all the same.
    pub unreadable: usize,
}

/// Looks at every connection and starts a run for each that has work. A night and a sweep are written down as owed first.
///
/// # Errors
/// When the connections cannot be listed, or the bus did not take the events.
pub async fn fan_out<P: Ports>(ports: &P, schedule: Schedule, tick: Timestamp) -> Result<FannedOut, PortError> {
    let connections = match schedule {
        // Whatever was changed in the last moment is looked at again in 20 minutes.
        Schedule::Due => ports.store().connections_lately().await?,
        Schedule::TimedOut | Schedule::Recent => ports.store().connections().await?,
    };
    let looks: Vec<_> = stream::iter(connections)
        .map(|connection| look_at(ports, schedule, tick, connection))
        .buffered(AT_A_TIME)
        .collect()
        .await;
    let mut fanned = FannedOut::default();
    for look in looks {
        fanned.take(look);
    }
    let events: Vec<Outbound> = fanned.started.iter().cloned().map(Outbound::RunRequested).collect();
    if !events.is_empty() {
        ports.events().publish(&events).await?;
    }
    info!(%tick, ?schedule, started = fanned.started.len(), blocked = fanned.blocked.len(), idle = fanned.idle, "fanned out");
    Ok(fanned)
}

impl FannedOut {
    /// Takes in what was seen of one connection; nothing when it cannot be read.
    fn take(&mut self, seen: Option<(ConnectionId, Look)>) {
        match seen {
            Some((connection, Look::Start(selection))) => self.started.push(RunRequested { connection, selection }),
            Some((connection, Look::Blocked(gates))) => {
                info!(%connection, gates = ?gates, "a connection with work is blocked");
                self.blocked.push((connection, gates));
            }
            Some((_, Look::Idle)) => self.idle += 1,
            None => self.unreadable += 1,
        }
    }
}

async fn look_at<P: Ports>(
    ports: &P,
    schedule: Schedule,
    tick: Timestamp,
    connection: Result<Connection, PortError>,
) -> Option<(ConnectionId, Look)> {
    let unreadable = |problem| error!(error = %causes(&problem), "a connection's settings cannot be read");
    let connection = connection.map_err(unreadable).ok()?;
    let unseen =
        |problem| error!(connection = %connection.id, error = %causes(&problem), "a connection cannot be looked at");
    let look = meaning(ports, schedule, tick, &connection).await.map_err(unseen).ok()?;
    Some((connection.id, look))
}

async fn meaning<P: Ports>(
    ports: &P,
    schedule: Schedule,
    tick: Timestamp,
    connection: &Connection,
) -> Result<Look, PortError> {
    Ok(match (schedule, &connection.policy) {
        (Schedule::Due, _) if connection.paused => deletions(ports, connection, tick).await?,
        (_, _) if connection.paused => Look::Idle,
        (Schedule::Due, _) => due(ports, connection, tick).await?,
        (Schedule::TimedOut, Policy::Interval(_)) => {
            let work = has_due(ports, connection, Queue::TimedOut, tick).await;
            owed_if(ports, connection, work, Selection::TimedOut { tick }).await?
        }
        (Schedule::Recent, Policy::Recent(policy)) => {
            let work = has_aged(ports, connection, policy.horizon(tick), tick).await;
            owed_if(ports, connection, work, Selection::Recent { tick }).await?
        }
        (Schedule::TimedOut, Policy::Recent(_)) | (Schedule::Recent, Policy::Interval(_)) => Look::Idle,
    })
}

fn start_if(work: bool, selection: Selection) -> Look {
    if work { Look::Start(selection) } else { Look::Idle }
}

/// A night or a sweep, which no later tick would begin by itself: it is written down as owed before the event that starts it, so
/// that where the event is lost the next tick starts it. What cannot be written down the event alone still starts. Where the
/// store does not say whether there is work, it is taken for granted: a run that finds nothing is cheap, and a night that is left out is
/// late by a day. What this version cannot read it could not read in a run either.
async fn owed_if<P: Ports>(
    ports: &P,
    connection: &Connection,
    work: Result<bool, PortError>,
    selection: Selection,
) -> Result<Look, PortError> {
    match work {
        Ok(true) => {}
        Ok(false) => return Ok(Look::Idle),
        Err(problem @ PortError::Unreadable { .. }) => return Err(problem),
        Err(problem @ PortError::Unavailable { .. }) => {
            warn!(connection = %connection.id, ?selection, error = %causes(&problem), "whether there is work cannot be read, and a run is begun");
        }
    }
    let noted = change(ports, &connection.id, |control| {
        let owed = control.owed.clone().with(&selection);
        if owed == control.owed { Err(()) } else { Ok(Control { owed, ..control }) }
    });
    if let Err(problem) = noted.await {
        error!(connection = %connection.id, ?selection, error = %causes(&problem), "a night or a sweep is not written down");
    }
    Ok(Look::Start(selection))
}

/// What persons asked to be deleted needs no API call: neither a pause nor a closed gate keeps it back.
async fn deletions<P: Ports>(ports: &P, connection: &Connection, tick: Timestamp) -> Result<Look, PortError> {
    let control = ports.store().glance(&connection.id).await?;
    let owed = control.owed.next_deletion(ports.clock().now()).is_some();
    Ok(start_if(owed, Selection::Owed { tick }))
}

/// The 20-minute schedule, which only glances at the control item (a run reads it strongly, and what was written in the last moment
/// has an event of its own, or waits for the next tick), also starts what is owed, what a dead run left, and what is worth a probe, for either policy.
async fn due<P: Ports>(ports: &P, connection: &Connection, tick: Timestamp) -> Result<Look, PortError> {
    let control = ports.store().glance(&connection.id).await?;
    let now = ports.clock().now();
    if control.has_dead_lease(now) {
        return Ok(Look::Start(Selection::Due { tick }));
    }
    let is_due = match connection.policy {
        Policy::Interval(_) => has_due(ports, connection, Queue::Interval, tick).await?,
        Policy::Recent(_) => false,
    };
    let probe = control.suspension.as_ref().is_some_and(|suspension| suspension.worth_a_look(now));
    let selection = if is_due { Selection::Due { tick } } else { Selection::Owed { tick } };
    if probe {
        return Ok(Look::Start(selection));
    }
    if !is_due && !control.owed.ready(now) {
        return Ok(Look::Idle);
    }
    let usage = ports.store().usage(&connection.id).await?;
    let closed = closed_gates(connection, &control, &usage, now);
    let starts = closed.is_empty() || control.owed.next_deletion(now).is_some();
    Ok(if starts { Look::Start(selection) } else { Look::Blocked(closed) })
}

async fn has_due<P: Ports>(
    ports: &P,
    connection: &Connection,
    queue: Queue,
    tick: Timestamp,
) -> Result<bool, PortError> {
    let mut after = None;
    loop {
        let page = ports.store().due(&connection.id, queue, tick, connection.shards, after.as_ref(), 1).await?;
        match page.next {
            _ if !page.keys.is_empty() => return Ok(true),
            None => return Ok(false),
            next => after = next,
        }
    }
}

async fn has_aged<P: Ports>(
    ports: &P,
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> Result<bool, PortError> {
    let types = ports.store().error_types(&connection.id).await?;
    let swept: Vec<_> = types.into_iter().filter(|listed| !connection.policy.excludes(listed)).collect();
    let mut after = None;
    loop {
        let page = ports.store().aged(&connection.id, &swept, from, to, connection.shards, after.as_ref(), 1).await?;
        match page.next {
            _ if !page.keys.is_empty() => return Ok(true),
            None => return Ok(false),
            next => after = next,
        }
    }
}
