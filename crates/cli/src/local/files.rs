//! Files that are there as a whole or not at all, for their owner only, also after the power fails.
//!
//! Must not know: what is in them.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::Mode;

use crate::exit::Failure;

/// Read and written by the owner, nobody else.
const PRIVATE: u32 = 0o600;

/// Makes every file that this process creates from now on its user's alone: the database and its log hold payloads.
pub(crate) fn keep_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Puts `content` into the file, in place of what was there. When this returns, it is on the disk.
///
/// # Errors
/// When it cannot be written; the old content is then still there.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// The file's text, or nothing when it is not there.
///
/// # Errors
/// When it is there and cannot be read.
pub(super) fn read_if_there(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file that may be gone already.
///
/// # Errors
/// When it is there and cannot be removed.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The failure of whoever needs the file or directory at `path`.
pub(super) fn unusable(path: &Path, problem: &dyn Display) -> Failure {
    Failure::unusable(path, &problem.to_string())
}
