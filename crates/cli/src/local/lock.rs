//! The lock of a data directory: one process at a time, for as long as that process lives, however it ends.
//!
//! Must not know: what the process does.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file's name in the directory.
const FILE: &str = "lock";

/// A process's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Pid(pub(crate) u32);

/// The lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "it is open, and so locked, as long as this lives")] File);

/// What came of asking for it.
#[derive(Debug)]
pub(super) enum Locking {
    /// This process has it.
    Taken(Lock),
    /// Another has it; its number, unless it did not get to write it yet.
    Held(Option<Pid>),
}

/// Asks for the lock of `directory`, without waiting.
///
/// # Errors
/// When the file cannot be used.
pub(super) fn take(directory: &Path) -> io::Result<Locking> {
    let path = directory.join(FILE);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(std::process::id().to_string().as_bytes())?;
            Ok(Locking::Taken(Lock(file)))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            Ok(Locking::Held(holder.trim().parse().ok().map(Pid)))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_told_who_holds_the_lock_and_gets_it_when_the_first_lets_go() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let Locking::Taken(first) = take(directory.path()).expect("the directory is there") else {
            panic!("nobody else has it");
        };
        let held = take(directory.path()).expect("the directory is there");
        assert!(matches!(held, Locking::Held(Some(Pid(pid))) if pid == std::process::id()), "{held:?}");
        drop(first);
        assert!(matches!(take(directory.path()), Ok(Locking::Taken(_))));
    }
}
