//! The executor: one thread, and chance decides who of those that can go on goes on next. At any await a process may die, or be frozen
//! for a while.
//!
//! Must not know: what the tasks do.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rules::time::Timestamp;

use crate::chance::Chance;
use crate::timeline::Timeline;

/// What is to happen to a process, by the number of its awaits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    /// It dies at this await.
    pub(crate) dies_at: Option<u64>,
    /// It is frozen at this await, for so long.
    pub(crate) freezes_at: Option<(u64, Duration)>,
    /// It is killed at this instant.
    pub(crate) killed_at: Option<Timestamp>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Done,
    /// Its fate: at an await, or at its deadline.
    Died,
}

/// A process that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) process: ProcessId,
    pub(crate) end: End,
    /// How many awaits it came to.
    pub(crate) awaits: u64,
}

/// A process's name: each has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProcessId(pub(crate) u64);

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
    fate: Fate,
    awaits: u64,
    frozen_until: Option<Timestamp>,
}

type Ready = Arc<Mutex<Vec<ProcessId>>>;

struct Alarm {
    process: ProcessId,
    ready: Ready,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.process) {
            ready.push(self.process);
        }
    }
}

/// The executor.
pub(crate) struct Executor {
    timeline: Timeline,
    chance: Chance,
    tasks: BTreeMap<ProcessId, Task>,
    ready: Ready,
}

impl Executor {
    /// An executor with no task.
    pub(crate) fn new(timeline: Timeline, chance: Chance) -> Self {
        Self { timeline, chance, tasks: BTreeMap::new(), ready: Ready::default() }
    }

    /// Starts a process.
    pub(crate) fn start(&mut self, process: ProcessId, fate: Fate, future: impl Future<Output = ()> + 'static) {
        let alarm = Arc::new(Alarm { process, ready: Arc::clone(&self.ready) });
        let waker = Waker::from(alarm);
        waker.wake_by_ref();
        if let Some(instant) = fate.killed_at {
            self.timeline.wake_at(instant, waker.clone());
        }
        self.tasks.insert(process, Task { future: Box::pin(future), waker, fate, awaits: 0, frozen_until: None });
    }

    /// Lets one of those that can go on go on; says who ended by it. Nothing when nobody can.
    pub(crate) fn step(&mut self) -> Option<Option<Ended>> {
        let process = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_empty() {
                return None;
            }
            let at = usize::try_from(self.chance.below(ready.len() as u64)).unwrap_or(0);
            ready.swap_remove(at)
        };
        let Some(task) = self.tasks.get_mut(&process) else { return Some(None) };
        let (end, awaits) = (task.go_on(&self.timeline), task.awaits);
        if end.is_some() {
            self.tasks.remove(&process);
        }
        Some(end.map(|end| Ended { process, end, awaits }))
    }
}

impl Task {
    fn go_on(&mut self, timeline: &Timeline) -> Option<End> {
        let now = timeline.now();
        if self.fate.killed_at.is_some_and(|instant| instant <= now) {
            return Some(End::Died);
        }
        if let Some(until) = self.frozen_until.filter(|until| *until > now) {
            timeline.wake_at(until, self.waker.clone());
            return None;
        }
        match self.future.as_mut().poll(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(()) => return Some(End::Done),
            Poll::Pending => self.awaits += 1,
        }
        if self.fate.dies_at == Some(self.awaits) {
            return Some(End::Died);
        }
        if let Some((_, span)) = self.fate.freezes_at.filter(|(at, _)| *at == self.awaits) {
            self.frozen_until = Some(now + span);
        }
        None
    }
}
