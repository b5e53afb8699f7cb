//! A directory that this process has for what it plays, and through which the commands find it while it serves.
//!
//! Must not know: what is played.

use std::path::Path;

use rules::time::Timestamp;

use super::directory::{DataDir, Missing};
use super::endpoint::Endpoint;
use super::files::unusable;
use super::format::Format;
use super::lock::{self, Lock, Locking};
use super::token::Token;
use crate::exit::Failure;

/// The directory, locked as long as this lives.
#[derive(Debug)]
pub(crate) struct Claim {
    directory: DataDir,
    _lock: Lock,
}

impl Claim {
    /// Takes the directory at `path`, which is there and holds nothing yet. If this process is killed, time stands still in it at
    /// `as_of`.
    ///
    /// # Errors
    /// When another process has it, or its files cannot be written.
    pub(crate) fn of(path: &Path, as_of: Timestamp) -> Result<Self, Failure> {
        match lock::take(path).map_err(|error| unusable(path, &error))? {
            Locking::Taken(lock) => {
                Format::new(Some(as_of)).write(path)?;
                Ok(Self { directory: DataDir::open(path, Missing::Refuse)?, _lock: lock })
            }
            Locking::Held(holder) => Err(DataDir::open(path, Missing::Refuse)?.busy(holder)),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The token that a command shows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn token(&self) -> Result<Token, Failure> {
        self.directory.token()
    }

    /// Leaves word for the commands that this process listens at `url`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn announce(&self, url: &str) -> Result<(), Failure> {
        Endpoint::announce(self.path(), url).map_err(|error| unusable(self.path(), &error))
    }

    /// Takes the word back, and lets go; from now on time stands still there.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub(crate) fn release(self, as_of: Timestamp) -> Result<(), Failure> {
        Endpoint::withdraw(self.path()).map_err(|error| unusable(self.path(), &error))?;
        Format::new(Some(as_of)).write(self.path())
    }
}
