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
    pub(crate) death: Option<u64>,
    /// It is frozen at this await, for so long.
    pub(crate) freeze: Option<(u64, Duration)>,
    /// It is killed at this instant.
    pub(crate) end: Option<Timestamp>,
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

/// What a step of the executor came to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Nobody can go on.
    Idle,
    /// Somebody went on.
    WentOn,
    /// Somebody went on, and ended by it.
    Ended(Ended),
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
        if let Some(instant) = fate.end {
            self.timeline.wake_at(instant, waker.clone());
        }
        self.tasks.insert(process, Task { future: Box::pin(future), waker, fate, awaits: 0, frozen_until: None });
    }

    /// Lets one of those that can go on go on.
    pub(crate) fn step(&mut self) -> Step {
        let process = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_empty() {
                return Step::Idle;
            }
            let at = usize::try_from(self.chance.below(ready.len() as u64)).unwrap_or(0);
            ready.swap_remove(at)
        };
        let Some(task) = self.tasks.get_mut(&process) else { return Step::WentOn };
        let (end, awaits) = (task.go_on(&self.timeline), task.awaits);
        if end.is_some() {
            self.tasks.remove(&process);
        }
        end.map_or(Step::WentOn, |end| Step::Ended(Ended { process, end, awaits }))
    }
}

impl Task {
    fn go_on(&mut self, timeline: &Timeline) -> Option<End> {
        let now = timeline.now();
        if self.fate.end.is_some_and(|instant| instant <= now) {
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
        if self.fate.death == Some(self.awaits) {
            return Some(End::Died);
        }
        if let Some((_, span)) = self.fate.freeze.filter(|(at, _)| *at == self.awaits) {
            self.frozen_until = Some(now + span);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Plays processes that each note the time after every wait of a second, up to three of them.
    fn noted(fates: &[Fate]) -> Vec<(u64, i64)> {
        let timeline = Timeline::starting(Timestamp::from_millis(0));
        let mut executor = Executor::new(timeline.clone(), Chance::of(1, 1));
        let notes = Rc::new(RefCell::new(Vec::new()));
        for (number, fate) in fates.iter().enumerate() {
            let (notes, timeline, number) = (Rc::clone(&notes), timeline.clone(), number as u64);
            executor.start(ProcessId(number), *fate, async move {
                for _ in 0..3 {
                    timeline.sleep(Duration::from_secs(1)).await;
                    notes.borrow_mut().push((number, timeline.now().as_millis() / 1_000));
                }
            });
        }
        loop {
            while !matches!(executor.step(), Step::Idle) {}
            let Some(next) = timeline.next() else { break };
            timeline.advance_to(next);
        }
        notes.take()
    }

    #[test]
    fn time_stands_still_while_somebody_can_go_on_and_then_jumps() {
        let mut notes = noted(&[Fate::default(), Fate::default()]);
        assert!(notes.is_sorted_by_key(|(_, second)| *second));
        notes.sort_unstable();
        assert_eq!(notes, [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]);
    }

    #[test]
    fn a_process_that_dies_at_its_second_await_comes_no_further_and_the_other_goes_on() {
        let notes = noted(&[Fate { death: Some(2), ..Fate::default() }, Fate::default()]);
        let of = |process| notes.iter().filter(|(by, _)| *by == process).count();
        assert_eq!((of(0), of(1)), (1, 3));
    }

    #[test]
    fn a_process_that_is_frozen_goes_on_when_it_thaws() {
        let frozen = Fate { freeze: Some((2, Duration::from_mins(1))), ..Fate::default() };
        assert_eq!(noted(&[frozen]), [(0, 1), (0, 61), (0, 62)]);
    }

    #[test]
    fn a_process_is_ended_at_its_instant_even_while_it_waits() {
        let ended = Fate { end: Some(Timestamp::from_millis(2_500)), ..Fate::default() };
        assert_eq!(noted(&[ended]), [(0, 1), (0, 2)]);
    }
}
