//! What was deleted stays readable in the database's file until that is rewritten: who deletes notes first that this is owed,
//! so that it is done also when the process dies in between.
//!
//! Must not know: what is deleted, or why.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use store::local::Embedded;
use tokio::sync::{RwLock, RwLockReadGuard};

use super::files;

/// The note's name in the directory.
const FILE: &str = "compaction-owed";

/// The note's text, for a person who finds it.
const NOTE: &str = "resync.db may still hold what was deleted; resync local rewrites it at its next start\n";

/// A table and the note that its file is to be rewritten. Clones are the same one.
#[derive(Clone)]
pub(super) struct Cleaning {
    table: Embedded,
    note: PathBuf,
    /// Shared by who deletes, and had alone by who rewrites: a note is never taken back for a deletion that came later.
    deleting: Arc<RwLock<()>>,
    /// Whether something was deleted, as far as is known; if not, the note alone is taken back.
    unclean: Arc<AtomicBool>,
}

/// The right to delete, held until the deletion is done. The file counts as unclean when it ends.
pub(super) struct Deleting<'a> {
    unclean: Option<&'a AtomicBool>,
    #[expect(dead_code, reason = "it is held, not read")]
    guard: RwLockReadGuard<'a, ()>,
}

impl Deleting<'_> {
    /// Ends it, when it is certain that nothing was deleted.
    pub(super) fn nothing(mut self) {
        self.unclean = None;
    }
}

impl Drop for Deleting<'_> {
    fn drop(&mut self) {
        if let Some(unclean) = self.unclean {
            unclean.store(true, Ordering::SeqCst);
        }
    }
}

impl Cleaning {
    /// Of the table in `directory`.
    pub(super) fn of(table: Embedded, directory: &Path) -> Self {
        let note = directory.join(FILE);
        let unclean = Arc::new(AtomicBool::new(note.exists()));
        Self { table, note, deleting: Arc::default(), unclean }
    }

    /// Notes on the disk that the file is to be rewritten; the deletion comes next.
    ///
    /// # Errors
    /// When it cannot be noted; then nothing is to be deleted.
    pub(super) async fn owe(&self) -> io::Result<Deleting<'_>> {
        let guard = self.deleting.read().await;
        if !self.is_owed()? {
            files::replace(&self.note, NOTE.as_bytes())?;
        }
        Ok(Deleting { unclean: Some(self.unclean.as_ref()), guard })
    }

    /// Rewrites the file if that is owed, also by a process before this one.
    ///
    /// # Errors
    /// When the file cannot be rewritten; it is then still owed.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        let _alone = self.deleting.write().await;
        if self.is_owed().context("looking whether the database's file is to be rewritten")? {
            if self.unclean.load(Ordering::SeqCst) {
                self.table.compact().await.context("removing what was deleted from the database's file")?;
                self.unclean.store(false, Ordering::SeqCst);
            }
            files::remove_if_there(&self.note).context("noting that the database's file was rewritten")?;
        }
        Ok(())
    }

    fn is_owed(&self) -> io::Result<bool> {
        self.note.try_exists()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use store::local::Place;
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn a_rewriting_that_failed_or_was_never_begun_is_owed_until_one_succeeds_also_after_a_restart() {
        let directory = TempDir::new().expect("a directory of the test's own");
        let (file, away) = (directory.path().join("resync.db"), directory.path().join("away"));
        let table = Embedded::open(Place::File(&file), "resync").await.expect("it is opened");
        let (first, note) = (Cleaning::of(table.clone(), directory.path()), directory.path().join(FILE));
        drop(first.owe().await.expect("it is noted"));
        fs::rename(&file, &away).expect("it is moved out of the way");
        fs::create_dir(&file).expect("it stands in the way");
        assert!(first.settle().await.is_err() && note.exists());
        fs::remove_dir(&file).expect("it is empty");
        fs::rename(&away, &file).expect("it is moved back");
        Cleaning::of(table, directory.path()).settle().await.expect("it is rewritten");
        assert!(!note.exists());
    }
}
