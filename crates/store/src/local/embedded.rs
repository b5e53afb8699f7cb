//! The table inside this process, without a port that another user of the machine could reach.
//!
//! Must not know: what is kept in the table; who else may want the file (whoever opens it holds its lock).

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use dynoxide::Database;

use super::in_process::{Answer, InProcess};
use super::worker::{Worker, log_beside};
use super::{LocalFailure, Place, config, full, open};
use crate::table::create_table;

/// An endpoint that the SDK asks for; nothing is ever sent to it.
const NOWHERE: &str = "http://in-process.invalid";

const OPENING: &str = "opening the local database";
const SWEEPING: &str = "deleting what has expired";
const COMPACTING: &str = "making the local database smaller";

/// The table in this process. What was answered, as written or as found, is on the disk: the file is in WAL mode, and its log
/// is synced before an answer is given, once for all that wait. A clone is the same table.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    worker: Arc<Worker<Answer>>,
    file: Option<PathBuf>,
    name: String,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("file", &self.file).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the database, creating its file when it is not there, and in it the table `name`, unless it is there. Needs a
    /// tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be opened, the table cannot be created, or the disk is full.
    pub async fn open(place: Place<'_>, name: &str) -> Result<Self, LocalFailure> {
        let file = match place {
            Place::Memory => None,
            Place::File(path) => Some(path.to_owned()),
        };
        let path = file.clone();
        let (database, worker) = blocking(OPENING, move || {
            let (database, log) = match path.as_deref() {
                None => (open(Place::Memory)?, None),
                Some(path) => open_file(path).map(|(database, log)| (database, Some(log)))?,
            };
            let worker = Worker::start(database.clone(), log).map_err(|error| refused(OPENING, &error))?;
            Ok((database, worker))
        })
        .await??;
        let table = Self { database, worker: Arc::new(worker), file, name: name.to_owned() };
        create_table(&table.client(), name).await.map_err(LocalFailure::Table)?;
        Ok(table)
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A client's settings, complete, for a caller who wants to change some.
    #[must_use]
    pub fn config(&self) -> Builder {
        config(NOWHERE.to_owned()).http_client(InProcess(Arc::clone(&self.worker)))
    }

    /// A client.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// Whether a sync of the disk failed. From then on every request is refused: only a new start can tell what is on the disk.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.worker.is_broken()
    }

    /// Deletes what has expired, as `DynamoDB` does by itself; says how many items. Other requests go on meanwhile.
    ///
    /// # Errors
    /// When the database refuses, or the disk is full.
    pub async fn sweep_expired(&self) -> Result<usize, LocalFailure> {
        let database = self.database.clone();
        blocking(SWEEPING, move || database.sweep_ttl().map_err(|error| refused(SWEEPING, &error))).await?
    }

    /// Rewrites the file so that nothing that was deleted is left in it or in its log. Other requests wait meanwhile, and it
    /// needs as much room again as the file has.
    ///
    /// # Errors
    /// When the database refuses, or the disk is full.
    pub async fn compact(&self) -> Result<(), LocalFailure> {
        let (database, file) = (self.database.clone(), self.file.clone());
        blocking(COMPACTING, move || {
            database.vacuum().map_err(|error| refused(COMPACTING, &error))?;
            file.as_deref().map_or(Ok(()), empty_log)
        })
        .await?
    }
}

async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LocalFailure> {
    tokio::task::spawn_blocking(work).await.map_err(|ended| LocalFailure::Refused { doing, problem: ended.to_string() })
}

/// Opens the file with commits that are not synced one by one, and the log that syncs them.
fn open_file(path: &Path) -> Result<(Database, File), LocalFailure> {
    own(path)?;
    let database = open(Place::File(path))?;
    // Sets `synchronous = NORMAL`, whatever it is called.
    database.disable_bulk_loading().map_err(|error| refused(OPENING, &error))?;
    let log = log_beside(path).map_err(|error| refused(OPENING, &error))?;
    Ok((database, log))
}

/// Creates the file, unless it is there, so that no other user of the machine can read it; its log is created alike.
fn own(file: &Path) -> Result<(), LocalFailure> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem => LocalFailure::Full,
        _ => refused(OPENING, &error),
    })
}

/// Moves what is in the log into the file and cuts the log to nothing: it may still hold what was deleted.
fn empty_log(file: &Path) -> Result<(), LocalFailure> {
    let emptied = rusqlite::Connection::open(file)
        .and_then(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
    match emptied {
        Ok(0) => Ok(()),
        Ok(_) => Err(LocalFailure::Refused { doing: COMPACTING, problem: "its log is in use".to_owned() }),
        Err(error) => Err(refused(COMPACTING, &error)),
    }
}

fn refused(doing: &'static str, error: &impl std::fmt::Display) -> LocalFailure {
    let problem = error.to_string();
    if full::says_so(&problem) { LocalFailure::Full } else { LocalFailure::Refused { doing, problem } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_has_a_write_ahead_log_and_what_is_answered_as_written_was_synced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("resync.db");
        let table = Embedded::open(Place::File(&file), "resync").await.unwrap();
        let beside = rusqlite::Connection::open(&file).unwrap();
        let mode: String = beside.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        assert!(table.worker.syncs() > 0, "the table was created");
    }
}
