//! Where a running `resync local` is reached, as it leaves word in the data directory.
//!
//! Must not know: what it is asked.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files;
use super::lock::Pid;
use super::token::Token;

/// The file's name in the directory.
const FILE: &str = "endpoint";

/// A running `resync local`.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Its address, such as `http://127.0.0.1:40001`, without a slash at the end.
    pub(crate) url: String,
    /// What a request carries as `Authorization: Bearer …`.
    pub(crate) token: Token,
    /// The process.
    pub(crate) pid: Pid,
}

/// The file's content.
#[derive(Serialize, Deserialize)]
struct Word {
    url: String,
    pid: Pid,
}

impl Endpoint {
    /// The endpoint of the process `holder`, which holds the directory's lock; none while it starts or ends, or when it is
    /// another command, and none that a dead process left.
    ///
    /// # Errors
    /// When the directory's files cannot be read, or its token is damaged.
    pub(super) fn of_running(directory: &Path, holder: Pid) -> io::Result<Option<Self>> {
        let word = files::read_if_there(&directory.join(FILE))?;
        match word.and_then(|text| serde_json::from_str::<Word>(&text).ok()) {
            Some(Word { url, pid }) if pid == holder => Ok(Some(Self { url, token: Token::read(directory)?, pid })),
            Some(_) | None => Ok(None),
        }
    }

    /// Leaves word that this process listens at `url`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn announce(directory: &Path, url: &str) -> io::Result<()> {
        let word = Word { url: url.to_owned(), pid: Pid(std::process::id()) };
        let text = serde_json::to_string(&word).expect("a text and a number are JSON");
        files::replace(&directory.join(FILE), text.as_bytes())
    }

    /// Takes the word back, or removes what a dead process left. Only for who holds the lock.
    ///
    /// # Errors
    /// When the file is there and cannot be removed.
    pub(super) fn withdraw(directory: &Path) -> io::Result<()> {
        files::remove_if_there(&directory.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use functions::SystemEntropy;

    use super::*;

    #[test]
    fn only_the_word_of_the_process_that_holds_the_lock_counts() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let me = Pid(std::process::id());
        let found = |holder| Endpoint::of_running(directory.path(), holder).expect("the directory is there");
        assert!(found(me).is_none(), "nobody left word");
        Token::read_or_draw(directory.path(), &SystemEntropy).expect("it is written");
        Endpoint::announce(directory.path(), "http://127.0.0.1:40001").expect("it is written");
        assert_eq!(found(me).expect("it is announced").url, "http://127.0.0.1:40001");
        assert!(found(Pid(me.0 + 1)).is_none(), "a dead process left it");
        Endpoint::withdraw(directory.path()).expect("it is removed");
        assert!(found(me).is_none());
    }
}
