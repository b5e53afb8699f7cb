//! The file that is imported: when it was written, and whether it stays as it is while it is read.
//!
//! Must not know: what is in it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rules::events::{FAR_FUTURE, OLDEST};
use rules::ids::ObjectName;
use rules::time::Timestamp;

use crate::exit::Failure;

/// What tells that a file is another one than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }
    }

    fn modified(self) -> Timestamp {
        Timestamp::from_millis(self.seconds.saturating_mul(1_000).saturating_add(self.nanoseconds / 1_000_000))
    }
}

/// Where rows come from.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    /// Nothing for a stream, which has neither a date nor a size.
    stamp: Option<Stamp>,
}

impl Source {
    /// Opens the file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<(Self, Box<dyn Read>), Failure> {
        if path == Path::new("-") {
            let source = Self { path: PathBuf::from("standard input"), stamp: None };
            return Ok((source, Box::new(io::stdin())));
        }
        let unusable = |error: io::Error| Failure::unusable(path, &error.to_string());
        let file = File::open(path).map_err(unusable)?;
        let metadata = file.metadata().map_err(unusable)?;
        if metadata.is_dir() {
            return Err(Failure::unusable(path, "it is a directory; name a file of failed rows"));
        }
        let stamp = metadata.is_file().then(|| Stamp::of(&metadata));
        Ok((Self { path: path.to_owned(), stamp }, Box::new(file)))
    }

    /// What a person calls it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes, where it has one.
    pub(super) fn size(&self) -> Option<u64> {
        self.stamp.map(|stamp| stamp.size)
    }

    /// When its rows failed: as a person says, else when the file was last changed.
    pub(super) fn as_of(&self, said: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Failure> {
        let by = if said.is_some() { "--as-of says" } else { "it was last changed" };
        let Some(as_of) = said.or(self.stamp.map(Stamp::modified)) else {
            let mend = "it has no date; say when the rows failed, such as --as-of 2026-03-01T09:30:00Z";
            return Err(Failure::unusable(&self.path, mend));
        };
        if as_of + OLDEST < now {
            let days = OLDEST.as_secs() / 86_400;
            let problem = format!(
                "{by} {as_of}, more than {days} days ago, and what succeeded since is not known any more; sync these records \
                 anew in their source, or say by --as-of when they failed last"
            );
            return Err(Failure::unusable(&self.path, &problem));
        }
        if as_of > now + FAR_FUTURE {
            let problem = format!("{by} {as_of}, which is in the future; say when the rows failed by --as-of");
            return Err(Failure::unusable(&self.path, &problem));
        }
        Ok(as_of)
    }

    /// Fails when the file is not the one that was opened any more.
    pub(super) fn ensure_unchanged(&self) -> Result<(), Failure> {
        let Some(opened) = self.stamp else {
            return Ok(());
        };
        if fs::metadata(&self.path).is_ok_and(|metadata| Stamp::of(&metadata) == opened) {
            return Ok(());
        }
        let problem =
            "it changed while it was read; what was taken in until then stays, so import it again when it is whole";
        Err(Failure::unusable(&self.path, problem))
    }

    /// The object that SFDMU writes into its file's name, as in `Contact_upsert_target.csv`.
    pub(super) fn object_of_name(&self) -> Result<Option<ObjectName>, Failure> {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((object, operation)) = name.strip_suffix("_target.csv").and_then(|name| name.rsplit_once('_')) else {
            return Ok(None);
        };
        match operation {
            "insert" | "update" | "upsert" => Ok(ObjectName::new(object).ok()),
            "delete" | "hardDelete" | "deleteHierarchy" => {
                let problem = "its rows failed to be deleted, and a retry would write them; only upserts are retried";
                Err(Failure::unusable(&self.path, problem))
            }
            _ => Ok(None),
        }
    }
}
