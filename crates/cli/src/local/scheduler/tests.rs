//! The scheduler over a clock that its waits move.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::*;

/// A clock that the scheduler's looks move on, and longer waits follow. Its copies are the same clock.
#[derive(Clone, Copy)]
struct Moved(&'static AtomicI64);

impl Moved {
    fn starting(at: Timestamp) -> Self {
        Self(Box::leak(Box::new(AtomicI64::new(at.as_millis()))))
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn since_boot(&self) -> Duration {
        Duration::ZERO
    }

    async fn wait(&self, span: Duration) {
        let end = self.now() + span;
        if span == LOOK {
            self.0.fetch_add(1_000, Ordering::SeqCst);
        }
        while self.now() < end {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
    }
}

/// Notes what it is asked to do, and fails as often as it is told.
struct Seen {
    ticks: Arc<Mutex<Vec<(Job, Timestamp)>>>,
    failures: AtomicI64,
}

impl Work for Seen {
    async fn carry_out(&self, job: Job, tick: Timestamp) -> bool {
        self.ticks.lock().expect("nobody panics").push((job, tick));
        self.failures.fetch_sub(1, Ordering::SeqCst) <= 0
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// Runs a scheduler on `directory` from `from` to `to`; gives what was carried out.
async fn played(directory: &TempDir, from: &str, to: &str, failures: i64) -> Vec<(Job, Timestamp)> {
    let clock = Moved::starting(at(from));
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let work = Seen { ticks: Arc::clone(&ticks), failures: AtomicI64::new(failures) };
    let fired = Fired::read(directory.path()).expect("the directory is there");
    let stop = Stop::new();
    let end = async {
        while clock.now() < at(to) {
            tokio::task::yield_now().await;
        }
        stop.ask();
    };
    tokio::join!(Scheduler::new(work, clock, fired).run(stop.clone()), end);
    std::mem::take(&mut *ticks.lock().expect("nobody panics"))
}

#[tokio::test]
async fn the_ticks_come_at_their_times_and_the_latest_due_one_at_the_start() {
    let directory = TempDir::new().expect("a directory of the test's own");
    let seen = played(&directory, "2026-03-02T11:15:00Z", "2026-03-02T11:50:00Z", 0).await;
    let expected = [
        (Job::Due, at("2026-03-02T11:00:00Z")),
        (Job::Due, at("2026-03-02T11:20:00Z")),
        (Job::Recent, at("2026-03-02T11:30:00Z")),
        (Job::Due, at("2026-03-02T11:40:00Z")),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_was_missed_while_nothing_ran_is_caught_up_once_after_the_restart() {
    let directory = TempDir::new().expect("a directory of the test's own");
    played(&directory, "2026-03-02T11:15:00Z", "2026-03-02T11:25:00Z", 0).await;
    let seen = played(&directory, "2026-03-04T13:05:00Z", "2026-03-04T13:10:00Z", 0).await;
    let of = |job| seen.iter().filter(|(seen, _)| *seen == job).map(|(_, tick)| *tick).collect::<Vec<_>>();
    assert_eq!(of(Job::TimedOut), [at("2026-03-04T00:00:00Z")]);
    assert_eq!(of(Job::Recent), [at("2026-03-04T11:30:00Z")]);
    assert_eq!(of(Job::Housekeeping), [at("2026-03-04T02:10:00Z")]);
    assert_eq!(of(Job::Due), [at("2026-03-04T13:00:00Z")], "the start adds nothing to what is caught up");
}

#[tokio::test]
async fn a_clock_that_was_put_back_over_a_restart_brings_no_tick_twice_but_the_starts_own() {
    let directory = TempDir::new().expect("a directory of the test's own");
    played(&directory, "2026-03-02T11:35:00Z", "2026-03-02T11:42:00Z", 0).await;
    let seen = played(&directory, "2026-03-02T11:38:00Z", "2026-03-02T12:01:00Z", 0).await;
    assert_eq!(seen, [(Job::Due, at("2026-03-02T11:20:00Z")), (Job::Due, at("2026-03-02T12:00:00Z"))]);
}

#[tokio::test]
async fn a_tick_that_failed_comes_again_and_is_noted_only_when_it_went_in_order() {
    let directory = TempDir::new().expect("a directory of the test's own");
    played(&directory, "2026-03-02T11:15:00Z", "2026-03-02T11:16:00Z", 0).await;
    let failing = played(&directory, "2026-03-02T23:55:00Z", "2026-03-03T00:00:30Z", i64::MAX).await;
    assert!(failing.contains(&(Job::TimedOut, at("2026-03-03T00:00:00Z"))), "{failing:?}");
    let again = played(&directory, "2026-03-03T00:10:00Z", "2026-03-03T00:11:00Z", 0).await;
    assert!(again.contains(&(Job::TimedOut, at("2026-03-03T00:00:00Z"))), "{again:?}");
    let never_again = played(&directory, "2026-03-03T00:12:00Z", "2026-03-03T00:13:00Z", 0).await;
    assert!(never_again.iter().all(|(job, _)| *job == Job::Due), "{never_again:?}");
}

#[tokio::test]
async fn a_tick_that_fails_for_a_while_is_carried_out_as_soon_as_it_can_be() {
    let directory = TempDir::new().expect("a directory of the test's own");
    let seen = played(&directory, "2026-03-02T12:00:30Z", "2026-03-02T12:19:00Z", 2).await;
    assert_eq!(seen, [(Job::Due, at("2026-03-02T12:00:00Z")); 3]);
}
