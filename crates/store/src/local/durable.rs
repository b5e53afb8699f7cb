//! Group commit: a request is answered once what it wrote, or saw, is on the disk, and requests that wait at the same time
//! share one sync.
//!
//! The database runs with `synchronous = NORMAL`: a commit is appended to the write-ahead log and not synced, while
//! checkpoints sync log and file themselves (<https://www.sqlite.org/pragma.html#pragma_synchronous>). The log is synced here,
//! before the answer is given. A later commit never reaches the disk without the ones before it, because the log is read up
//! to its first gap.
//!
//! Must not know: what was written.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Counts of commits: how many were made, and how many of them are certainly on the disk.
#[derive(Debug, Default)]
struct Progress {
    /// Requests that may have committed by now and are not counted in `made` yet.
    begun: u64,
    made: u64,
    synced: u64,
    /// Whether somebody syncs just now.
    syncing: bool,
    /// A sync failed. What the system kept of the log is not known any more, and later syncs would hide it.
    broken: bool,
}

/// The log of one database file. A clone is the same log.
#[derive(Clone, Debug)]
pub(super) struct Durable(Arc<Log>);

#[derive(Debug)]
struct Log {
    file: File,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Durable {
    /// The log beside `database`, which must have been opened in WAL mode.
    pub(super) fn beside(database: &Path) -> io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let file = File::options().write(true).open(PathBuf::from(log))?;
        Ok(Self(Arc::new(Log { file, progress: Mutex::default(), changed: Condvar::new() })))
    }

    /// Begins a request, before it commits or reads anything; [`Durable::settle`] ends it. Refused after a sync that failed.
    pub(super) fn begin(&self, writes: bool) -> io::Result<()> {
        let mut progress = self.progress();
        if progress.broken {
            return Err(broken());
        }
        progress.begun += u64::from(writes);
        Ok(())
    }

    /// Returns when everything that the request committed or may have seen is on the disk. `wrote` says whether it was begun
    /// as one that writes. Blocks.
    pub(super) fn settle(&self, wrote: bool) -> io::Result<()> {
        self.settle_by(wrote, || self.0.file.sync_data())
    }

    /// Whether a sync failed, so that only a new start can tell what is on the disk.
    pub(super) fn is_broken(&self) -> bool {
        self.progress().broken
    }

    fn settle_by(&self, wrote: bool, sync: impl Fn() -> io::Result<()>) -> io::Result<()> {
        let mut progress = self.progress();
        // Whoever only looked while others were writing may have seen a commit that is not counted yet: it needs a sync that
        // begins from now on, like one that wrote.
        let needs_sync = wrote || progress.begun > 0;
        progress.begun -= u64::from(wrote);
        progress.made += u64::from(needs_sync);
        let mine = progress.made;
        while progress.synced < mine {
            if progress.broken {
                return Err(broken());
            }
            if progress.syncing {
                progress = self.0.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let made = progress.made;
            progress.syncing = true;
            drop(progress);
            let synced = sync();
            progress = self.progress();
            progress.syncing = false;
            match &synced {
                Ok(()) => progress.synced = made,
                Err(_) => progress.broken = true,
            }
            self.0.changed.notify_all();
            synced?;
        }
        Ok(())
    }

    /// How many commits were made.
    #[cfg(test)]
    pub(super) fn made(&self) -> u64 {
        self.progress().made
    }

    /// Whether all of them are on the disk.
    #[cfg(test)]
    pub(super) fn is_settled(&self) -> bool {
        let progress = self.progress();
        progress.synced == progress.made
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier sync of the disk failed")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    fn log() -> (tempfile::TempDir, Durable) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.db-wal"), "").unwrap();
        let durable = Durable::beside(&folder.path().join("a.db")).unwrap();
        (folder, durable)
    }

    #[test]
    fn a_commit_is_synced_once_and_a_look_at_what_is_synced_already_is_not() {
        let (_folder, log) = log();
        let syncs = AtomicUsize::new(0);
        let sync = || {
            syncs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        for (wrote, expected) in [(false, 0), (true, 1), (false, 1), (true, 2)] {
            log.begin(wrote).unwrap();
            log.settle_by(wrote, sync).unwrap();
            assert_eq!(syncs.load(Ordering::SeqCst), expected, "wrote: {wrote}");
        }
    }

    #[test]
    fn commits_that_come_while_a_sync_is_under_way_share_the_next_one() {
        let (_folder, log) = log();
        let syncs = AtomicUsize::new(0);
        let (started, first_sync) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let gone = Mutex::new(gone);
        let sync = || {
            if syncs.fetch_add(1, Ordering::SeqCst) == 0 {
                started.send(()).unwrap();
                gone.lock().unwrap().recv().unwrap();
            }
            Ok(())
        };
        let write = || {
            log.begin(true).unwrap();
            log.settle_by(true, sync)
        };
        thread::scope(|scope| {
            let first = scope.spawn(write);
            first_sync.recv().unwrap();
            let later: Vec<_> = (0..8).map(|_| scope.spawn(write)).collect();
            while log.progress().made < 9 {
                thread::yield_now();
            }
            go.send(()).unwrap();
            for commit in later.into_iter().chain([first]) {
                commit.join().unwrap().unwrap();
            }
        });
        assert_eq!(syncs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn who_looks_while_another_is_writing_waits_for_a_sync_too() {
        let (_folder, log) = log();
        let syncs = AtomicUsize::new(0);
        let sync = || {
            syncs.fetch_add(1, Ordering::SeqCst);
            Ok(())
        };
        log.begin(true).unwrap();
        log.begin(false).unwrap();
        log.settle_by(false, sync).unwrap();
        assert_eq!(syncs.load(Ordering::SeqCst), 1, "the writer may have committed already");
        log.settle_by(true, sync).unwrap();
        assert_eq!(syncs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn after_a_sync_that_failed_nothing_is_begun_and_nothing_is_said_to_be_on_the_disk_any_more() {
        let (_folder, log) = log();
        let failing = || Err(io::Error::from(io::ErrorKind::StorageFull));
        log.begin(true).unwrap();
        log.begin(true).unwrap();
        assert_eq!(log.settle_by(true, failing).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(log.settle_by(true, || Ok(())).is_err(), "a later sync would hide what the failed one lost");
        assert!(log.begin(true).is_err() && log.begin(false).is_err() && log.is_broken());
    }
}
