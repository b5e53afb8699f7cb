//! The schedules and the bus that starts runs: every tick is fanned out at its time, and every Run Requested is carried out,
//! at the same time as whatever else is going on.
//!
//! Must not know: the policies.

use std::time::Duration;

use engine::fan_out::{FannedOut, Schedule, fan_out};
use engine::ports::{Clock, PortError};
use engine::run::{Order, RunEnd, run};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rules::events::{Outbound, RunRequested};
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::time::Timestamp;

use super::world::{World, id};

/// How long an invocation may last.
const INVOCATION: Duration = Duration::from_mins(15);

/// How late an invocation starts after its tick or event.
const START: Duration = Duration::from_millis(700);

/// The most runs that one driving may start: more would be an endless loop.
const MOST_RUNS: usize = 2_000;

/// How a run ended; nothing when it died.
pub(crate) type Ended = Option<Result<RunEnd, PortError>>;

impl World {
    /// The order that the bus gives for this event.
    pub(crate) fn order(&self, connection: &ConnectionId, selection: Selection) -> Order {
        Order { connection: connection.clone(), selection, deadline: self.now() + INVOCATION, halt: self.halt.clone() }
    }

    /// Carries out one run of `acme` from here on.
    pub(crate) async fn run(&self, selection: Selection) -> Ended {
        self.carry_out(RunRequested { connection: id("acme"), selection }).await
    }

    /// Carries out one run, until it ends or its process dies.
    pub(crate) async fn carry_out(&self, requested: RunRequested) -> Ended {
        let order = self.order(&requested.connection, requested.selection);
        let ended = self.mortal.live(run(&self.parts, &order)).await;
        if let Some(Ok(RunEnd::Ran(report))) = &ended {
            let mut reports = self.reports.lock().expect("no test panics while it reports");
            reports.push((requested.connection, report.clone()));
        }
        ended
    }

    /// Fans a tick out now; what it started is carried out by the driving that goes on.
    pub(crate) async fn fan_out(&self, schedule: Schedule, tick: Timestamp) -> FannedOut {
        fan_out(&self.parts, schedule, tick).await.expect("the store works")
    }

    /// Lets time pass up to `end`, with every schedule's ticks on the way and whatever they start.
    pub(crate) async fn drive_until(&self, end: Timestamp) {
        let mut next = ticks_after(self.now() - START);
        let mut runs = FuturesUnordered::new();
        let mut started = 0;
        loop {
            for requested in self.newly_requested() {
                started += 1;
                assert!(started <= MOST_RUNS, "runs start one another without end: {requested:?}");
                runs.push(self.start(requested));
            }
            let horizon = end.min(next + START);
            tokio::select! {
                biased;
                Some(()) = runs.next(), if !runs.is_empty() => {}
                () = self.clock.wait(horizon.since(self.now())) => {
                    if self.now() >= end {
                        break;
                    }
                    self.tick(next).await;
                    next = ticks_after(next);
                }
            }
        }
        while runs.next().await.is_some() {}
    }

    /// The same for some time.
    pub(crate) async fn drive(&self, span: Duration) {
        self.drive_until(self.now() + span).await;
    }

    /// Everything that the schedules do at this tick.
    async fn tick(&self, tick: Timestamp) {
        let fan = |schedule| async move {
            if is_tick_of(schedule, tick) {
                self.fan_out(schedule, tick).await;
            }
        };
        futures::join!(fan(Schedule::Due), fan(Schedule::TimedOut), fan(Schedule::Recent));
    }

    async fn start(&self, requested: RunRequested) {
        self.clock.wait(START).await;
        if let Some(ended) = self.carry_out(requested).await {
            ended.expect("no port fails for good here");
        }
    }

    /// The Run Requested events that nobody has carried out yet.
    pub(crate) fn newly_requested(&self) -> Vec<RunRequested> {
        let published = self.published();
        let mut heard = self.heard.lock().expect("no test panics while it hears");
        let new = published[*heard..].iter();
        let requested = new.filter_map(|event| match event {
            Outbound::RunRequested(requested) => Some(requested.clone()),
            Outbound::RecordsRetried(_)
            | Outbound::RecordsTimedOut(_)
            | Outbound::BudgetSpent(_)
            | Outbound::PossibleOverwrite(_)
            | Outbound::ConnectionSuspended(_)
            | Outbound::ConnectionResumed(_) => None,
        });
        let requested = requested.collect();
        *heard = published.len();
        requested
    }
}

/// The first instant after `instant` at which some schedule ticks: all of them do so at a multiple of ten minutes.
fn ticks_after(instant: Timestamp) -> Timestamp {
    let ten = Duration::from_mins(10);
    let next = instant.floor(ten) + ten;
    let some = [Schedule::Due, Schedule::TimedOut, Schedule::Recent].into_iter().any(|one| is_tick_of(one, next));
    if some { next } else { next + ten }
}

fn is_tick_of(schedule: Schedule, instant: Timestamp) -> bool {
    let minute = instant.since(instant.floor(Duration::from_hours(24))).as_secs() / 60;
    match schedule {
        Schedule::Due => minute.is_multiple_of(20),
        Schedule::TimedOut => minute == 0,
        Schedule::Recent => minute == 11 * 60 + 30 || minute == 23 * 60 + 30,
    }
}
