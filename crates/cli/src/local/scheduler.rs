//! Carries out each job's ticks on the wall clock: looks once a second, so that a sleeping machine is noticed when it wakes.
//!
//! A tick is noted when everything that it started has ended: a process that dies before does it again, which changes
//! nothing for what was done.
//!
//! Must not know: when a tick is due (`ticks`), what a job does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::ports::Clock;
use rules::time::Timestamp;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::fired::Fired;
use super::stop::Stop;
use super::ticks::{Decision, JOBS, Job};

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long after a tick that failed it is carried out again, if no later one came meanwhile.
const AGAIN: Duration = Duration::from_mins(5);

/// A tick that is carried out this late was missed.
const LATE: Duration = Duration::from_mins(1);

/// What carries a tick out.
pub(super) trait Work: Send + Sync + 'static {
    /// Does the job at this tick; tells whether all of it went in order.
    fn carry_out(&self, job: Job, tick: Timestamp) -> impl Future<Output = bool> + Send;
}

/// The scheduler.
pub(super) struct Scheduler<W, C> {
    work: Arc<W>,
    clock: C,
    fired: Arc<Fired>,
    started: BTreeMap<Job, Timestamp>,
    under_way: JoinSet<()>,
}

impl<W: Work, C: Clock + Copy + 'static> Scheduler<W, C> {
    /// Goes on after what was noted.
    pub(super) fn new(work: W, clock: C, fired: Fired) -> Self {
        let started = JOBS.into_iter().filter_map(|job| Some((job, fired.last(job)?))).collect();
        Self { work: Arc::new(work), clock, fired: Arc::new(fired), started, under_way: JoinSet::new() }
    }

    /// Carries out ticks until it is asked to stop. What is under way then is not noted, and done again at the next start.
    ///
    /// It begins with the latest tick of the 20-minute schedule, also if that was done: what a process before this one left
    /// is then taken up now and not in 20 minutes.
    pub(super) async fn run(mut self, stop: Stop) {
        let now = self.clock.now();
        let tick = Job::Due.latest(now);
        let is_missed = Job::Due.decide(self.started.get(&Job::Due).copied(), now) == Decision::Fire(tick);
        self.look(now);
        if !is_missed {
            self.carry_out(Job::Due, tick);
        }
        loop {
            tokio::select! {
                () = stop.asked() => return,
                () = self.clock.wait(LOOK) => {}
            }
            let now = self.clock.now();
            self.look(now);
            while self.under_way.try_join_next().is_some() {}
        }
    }

    fn look(&mut self, now: Timestamp) {
        for job in JOBS {
            match job.decide(self.started.get(&job).copied(), now) {
                Decision::Wait => {}
                Decision::Begin(tick) => self.begin(job, tick),
                Decision::Reset(tick) => {
                    warn!(?job, noted = ?self.started.get(&job), %now, "a clock was wrong: the noted tick lies ahead");
                    self.begin(job, tick);
                }
                Decision::Fire(tick) => {
                    if now.since(tick) > LATE {
                        info!(?job, %tick, "a tick was missed; the latest one is caught up");
                    }
                    self.fire(job, tick);
                }
            }
        }
    }

    fn begin(&mut self, job: Job, tick: Timestamp) {
        self.started.insert(job, tick);
        note(job, self.fired.reset(job, tick));
    }

    fn fire(&mut self, job: Job, tick: Timestamp) {
        self.started.insert(job, tick);
        self.carry_out(job, tick);
    }

    fn carry_out(&mut self, job: Job, tick: Timestamp) {
        let (work, clock, fired) = (Arc::clone(&self.work), self.clock, Arc::clone(&self.fired));
        self.under_way.spawn(async move {
            while !work.carry_out(job, tick).await {
                clock.wait(AGAIN).await;
                if job.latest(clock.now()) != tick {
                    return;
                }
            }
            note(job, fired.note(job, tick));
        });
    }
}

fn note(job: Job, noted: std::io::Result<()>) {
    if let Err(problem) = noted {
        error!(?job, error = %problem, "a tick could not be noted; if resync is restarted now, it is carried out again");
    }
}

#[cfg(test)]
mod tests;
