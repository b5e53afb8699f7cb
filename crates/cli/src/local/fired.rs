//! The ticks that were carried out, noted in the data directory so that a missed one is caught up after a restart.
//!
//! Must not know: when a tick is due, what is done at it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rules::time::Timestamp;
use tracing::warn;

use super::files;
use super::ticks::Job;

/// The file's name in the directory.
const FILE: &str = "ticks";

type Ticks = BTreeMap<Job, Timestamp>;

/// The last tick of each job that was carried out to its end.
#[derive(Debug)]
pub(super) struct Fired {
    path: PathBuf,
    ticks: Mutex<Ticks>,
}

impl Fired {
    /// What the directory holds. A file that cannot be understood is left out of account: each job's latest tick is then
    /// carried out, which at worst is once more.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let text = files::read_if_there(&path)?;
        let ticks = text.map_or_else(Ticks::new, |text| {
            serde_json::from_str(&text).unwrap_or_else(|problem| {
                warn!(path = %path.display(), error = %problem, "the noted ticks are damaged; the latest ones are repeated");
                super::ticks::JOBS.map(|job| (job, Timestamp::from_millis(0))).into()
            })
        });
        Ok(Self { path, ticks: Mutex::new(ticks) })
    }

    /// The last tick of `job`, if there was one.
    pub(super) fn last(&self, job: Job) -> Option<Timestamp> {
        self.ticks().get(&job).copied()
    }

    /// Notes that `tick` was carried out; never goes back.
    ///
    /// # Errors
    /// When it cannot be written; it is then written with the next one.
    pub(super) fn note(&self, job: Job, tick: Timestamp) -> io::Result<()> {
        self.set(job, |last| last.max(tick), tick)
    }

    /// Notes `tick` as the last one, also if that goes back: what was noted came from a wrong clock.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn reset(&self, job: Job, tick: Timestamp) -> io::Result<()> {
        self.set(job, |_| tick, tick)
    }

    fn set(&self, job: Job, change: impl FnOnce(Timestamp) -> Timestamp, first: Timestamp) -> io::Result<()> {
        let mut ticks = self.ticks();
        let last = ticks.get(&job).map_or(first, |last| change(*last));
        ticks.insert(job, last);
        let text = serde_json::to_string(&*ticks).expect("names and times are JSON");
        files::replace(&self.path, text.as_bytes())
    }

    fn ticks(&self) -> MutexGuard<'_, Ticks> {
        self.ticks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn what_was_noted_is_there_after_a_restart_and_an_earlier_tick_that_ends_later_changes_nothing() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let fired = Fired::read(directory.path()).expect("it is empty");
        assert_eq!(fired.last(Job::Due), None);
        fired.note(Job::Due, at("2026-03-02T09:40:00Z")).expect("it is written");
        fired.note(Job::Due, at("2026-03-02T09:20:00Z")).expect("it is written");
        let again = Fired::read(directory.path()).expect("it is read");
        assert_eq!((again.last(Job::Due), again.last(Job::Recent)), (Some(at("2026-03-02T09:40:00Z")), None));
        again.reset(Job::Due, at("2026-03-02T09:00:00Z")).expect("it is written");
        assert_eq!(again.last(Job::Due), Some(at("2026-03-02T09:00:00Z")));
    }

    #[test]
    fn a_damaged_note_makes_every_jobs_latest_tick_come_again_rather_than_never() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        std::fs::write(directory.path().join(FILE), "{\"due\":").expect("it is written");
        let fired = Fired::read(directory.path()).expect("it is there");
        assert!(super::super::ticks::JOBS.iter().all(|job| fired.last(*job) == Some(Timestamp::from_millis(0))));
    }
}
