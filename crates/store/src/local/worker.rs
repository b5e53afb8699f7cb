//! The two threads of the database: one works, the other makes sure that what it committed is on the disk, and answers.
//!
//! The database runs with `synchronous = NORMAL`: a commit is appended to the write-ahead log and not synced, while
//! checkpoints sync log and file themselves (<https://www.sqlite.org/pragma.html#pragma_synchronous>). The log is synced here,
//! before the answer is given, once for all answers that wait; meanwhile the other thread works on. A later commit never
//! reaches the disk without the ones before it, because the log is read up to its first gap. Answers are given in the order of
//! the work, so whoever saw a commit is answered after it.
//!
//! There are two threads however much is asked at a time: each thread that ever worked would keep the memory of its largest
//! request.
//!
//! Must not know: what is asked, or what was written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use dynoxide::Database;
use tokio::sync::oneshot;

/// Something to do with the database.
pub(super) struct Job<A> {
    /// Whether it may commit something.
    pub(super) writes: bool,
    /// Does it.
    pub(super) work: Box<dyn FnOnce(&Database) -> A + Send>,
    /// Who is told: nothing once a sync has failed, because nobody knows then what is on the disk.
    pub(super) reply: oneshot::Sender<Option<A>>,
}

/// Work that is done and not answered yet.
struct Done<A> {
    wrote: bool,
    answer: A,
    reply: oneshot::Sender<Option<A>>,
}

/// The threads. Dropping it waits until they have done and answered what was asked, and lets go of the database.
pub(super) struct Worker<A> {
    jobs: Option<Sender<Job<A>>>,
    threads: Vec<JoinHandle<()>>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A sync failed. What the system kept of the log is not known any more, and later syncs would hide it.
    broken: AtomicBool,
    /// How often the log was synced.
    syncs: AtomicU64,
}

impl<A: Send + 'static> Worker<A> {
    /// Starts the threads over `database`, whose `log` is synced, if it has any.
    pub(super) fn start(database: Database, log: Option<File>) -> io::Result<Self> {
        let state = Arc::new(State::default());
        let (jobs, to_do) = channel();
        let (finished, done) = channel();
        let (working, syncing) = (Arc::clone(&state), Arc::clone(&state));
        let work =
            Builder::new().name("table".to_owned()).spawn(move || work(&database, &to_do, &finished, &working))?;
        let sync = move || log.as_ref().map_or(Ok(()), File::sync_data);
        let answer = Builder::new().name("table-log".to_owned()).spawn(move || answer_all(&done, sync, &syncing))?;
        Ok(Self { jobs: Some(jobs), threads: vec![work, answer], state })
    }

    /// Has a job done; whether there is still somebody to do it.
    pub(super) fn ask(&self, job: Job<A>) -> bool {
        self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Whether a sync failed, so that only a new start can tell what is on the disk.
    pub(super) fn is_broken(&self) -> bool {
        self.state.broken.load(Ordering::SeqCst)
    }

    /// How often the log was synced.
    #[cfg(test)]
    pub(super) fn syncs(&self) -> u64 {
        self.state.syncs.load(Ordering::SeqCst)
    }
}

impl<A> Drop for Worker<A> {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // One that panicked has told its askers by falling silent.
            drop(thread.join());
        }
    }
}

/// The log of a database that has been opened in WAL mode.
pub(super) fn log_beside(database: &Path) -> io::Result<File> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    File::options().write(true).open(PathBuf::from(log))
}

fn work<A>(database: &Database, jobs: &Receiver<Job<A>>, finished: &Sender<Done<A>>, state: &State) {
    while let Ok(Job { writes, work, reply }) = jobs.recv() {
        if state.broken.load(Ordering::SeqCst) {
            tell(reply, None);
            continue;
        }
        let done = Done { wrote: writes, answer: work(database), reply };
        if finished.send(done).is_err() {
            return;
        }
    }
}

/// Answers what is done, each time all that waits, after one sync if any of it may have committed.
fn answer_all<A>(done: &Receiver<Done<A>>, sync: impl Fn() -> io::Result<()>, state: &State) {
    while let Ok(first) = done.recv() {
        let waiting: Vec<Done<A>> = std::iter::once(first).chain(done.try_iter()).collect();
        if !state.broken.load(Ordering::SeqCst) && waiting.iter().any(|done| done.wrote) {
            state.syncs.fetch_add(1, Ordering::SeqCst);
            if sync().is_err() {
                state.broken.store(true, Ordering::SeqCst);
            }
        }
        let broken = state.broken.load(Ordering::SeqCst);
        for Done { wrote: _, answer, reply } in waiting {
            tell(reply, (!broken).then_some(answer));
        }
    }
}

/// An asker that is gone needs no answer.
fn tell<A>(reply: oneshot::Sender<Option<A>>, answer: Option<A>) {
    drop(reply.send(answer));
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Option<u32>>;

    fn done(finished: &Sender<Done<u32>>, wrote: bool, answer: u32) -> Answer {
        let (reply, answered) = oneshot::channel();
        finished.send(Done { wrote, answer, reply }).unwrap();
        answered
    }

    #[test]
    fn a_commit_is_synced_and_a_look_at_what_is_synced_already_is_not() {
        for (wrote, expected) in [(false, 0), (true, 1)] {
            let (finished, waiting) = channel();
            let mut answered = done(&finished, wrote, 7);
            drop(finished);
            let state = State::default();
            answer_all(&waiting, || Ok(()), &state);
            assert_eq!(answered.try_recv().unwrap(), Some(7));
            assert_eq!(state.syncs.load(Ordering::SeqCst), expected, "wrote: {wrote}");
        }
    }

    #[test]
    fn commits_that_come_while_a_sync_is_under_way_share_the_next_one() {
        let (finished, waiting) = channel();
        let first = done(&finished, true, 0);
        let later = std::cell::RefCell::new((Some(finished), Vec::new()));
        let state = State::default();
        let sync = || {
            let (finished, answers) = &mut *later.borrow_mut();
            if let Some(finished) = finished.take() {
                answers.extend((1..=8).map(|number| done(&finished, true, number)));
            }
            Ok(())
        };
        answer_all(&waiting, sync, &state);
        let answers = std::iter::once(first).chain(later.into_inner().1);
        let told: Vec<_> = answers.map(|mut answer| answer.try_recv().unwrap()).collect();
        assert_eq!(told, (0..=8).map(Some).collect::<Vec<_>>());
        assert_eq!(state.syncs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn who_looked_after_a_commit_is_answered_after_its_sync() {
        let (finished, waiting) = channel();
        let answers = std::cell::RefCell::new([done(&finished, true, 1), done(&finished, false, 2)]);
        drop(finished);
        let sync = || {
            assert!(answers.borrow_mut().iter_mut().all(|answer| answer.try_recv().is_err()), "nobody is told yet");
            Ok(())
        };
        answer_all(&waiting, sync, &State::default());
        assert_eq!(answers.into_inner().map(|mut answer| answer.try_recv().unwrap()), [Some(1), Some(2)]);
    }

    #[test]
    fn after_a_sync_that_failed_nothing_is_done_and_nothing_is_said_to_be_on_the_disk_any_more() {
        let (finished, waiting) = channel();
        let before = [done(&finished, true, 1), done(&finished, false, 2)];
        let state = State::default();
        let late = std::cell::RefCell::new((Some(finished), None));
        let failing = || {
            let (finished, answer) = &mut *late.borrow_mut();
            *answer = finished.take().map(|finished| done(&finished, true, 3));
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        answer_all(&waiting, failing, &state);
        for mut answer in before.into_iter().chain(late.into_inner().1) {
            assert_eq!(answer.try_recv().unwrap(), None);
        }
        assert_eq!(state.syncs.load(Ordering::SeqCst), 1, "a later sync would hide what the failed one lost");
        let (jobs, to_do) = channel();
        let (reply, mut answered) = oneshot::channel();
        let work = Box::new(|_: &Database| panic!("nothing is done any more"));
        jobs.send(Job::<u32> { writes: true, work, reply }).unwrap();
        drop(jobs);
        work_over_nothing(&to_do, &state);
        assert_eq!(answered.try_recv().unwrap(), None);
    }

    fn work_over_nothing(jobs: &Receiver<Job<u32>>, state: &State) {
        let (finished, _done) = channel();
        work(&Database::memory().unwrap(), jobs, &finished, state);
    }
}
