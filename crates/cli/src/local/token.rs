//! The token of a data directory: who can read it may use the system in it.
//!
//! Must not know: how it is sent, or checked.

use std::io;
use std::path::Path;

use engine::ports::Entropy;

use super::chance::Chance;

/// The file's name in the directory.
const FILE: &str = "token";

/// The token. Never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token(Chance);

impl Token {
    /// The one that the running `resync local` of the directory goes by; never another, which would lock everybody out.
    ///
    /// # Errors
    /// When the file cannot be read, is missing or damaged.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let damaged = || io::Error::other("the token in it is missing or damaged; stop and start resync local");
        Chance::read(&directory.join(FILE))?.map(Self).ok_or_else(damaged)
    }

    /// The directory's; a new one when it is missing or damaged. Only for who holds the lock.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(super) fn read_or_draw(directory: &Path, chance: &impl Entropy) -> io::Result<Self> {
        Chance::read_or_draw(&directory.join(FILE), chance).map(Self)
    }

    /// The token itself, for the one who sends it and the one who checks it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use functions::SystemEntropy;

    use super::*;

    #[test]
    fn a_damaged_token_is_left_by_who_reads_it_and_replaced_by_who_holds_the_lock() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let file = directory.path().join(FILE);
        assert!(Token::read(directory.path()).is_err_and(|error| error.to_string().contains("missing or damaged")));
        assert!(!file.exists(), "a reader creates none");
        fs::write(&file, "0123").expect("it is written");
        assert!(Token::read(directory.path()).is_err());
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "0123");
        let drawn = Token::read_or_draw(directory.path(), &SystemEntropy).expect("it is replaced");
        assert_eq!(Token::read(directory.path()).expect("it is whole"), drawn);
    }
}
