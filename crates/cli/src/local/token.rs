//! The token of a data directory: who can read it may use the system in it.
//!
//! Must not know: how it is sent, or checked.

use std::fmt;
use std::io;
use std::path::Path;

use engine::ports::Entropy;

use super::files;

/// The file's name in the directory.
const FILE: &str = "token";

/// 32 bytes of chance in hexadecimal. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// The directory's; a new one when it has none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(super) fn of(directory: &Path, chance: &impl Entropy) -> io::Result<Self> {
        let path = directory.join(FILE);
        if let Some(token) = files::read_if_there(&path)?.and_then(|text| Self::parse(&text)) {
            return Ok(token);
        }
        let [a, b, c, d] = std::array::from_fn(|_| chance.number());
        let token = Self(format!("{a:016x}{b:016x}{c:016x}{d:016x}"));
        files::replace(&path, token.0.as_bytes())?;
        Ok(token)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        whole.then(|| Self(text.to_owned()))
    }

    /// The token itself, for the one who sends it and the one who checks it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use functions::SystemEntropy;

    use super::*;

    #[test]
    fn a_directory_keeps_its_token_and_nobody_else_can_read_it() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let token = Token::of(directory.path(), &SystemEntropy).expect("it is written");
        assert_eq!(token.expose().len(), 64);
        assert_eq!(Token::of(directory.path(), &SystemEntropy).expect("it is read"), token);
        let mode = fs::metadata(directory.path().join(FILE)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_damaged_token_is_replaced_by_a_new_one() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        fs::write(directory.path().join(FILE), "0123").expect("it is written");
        assert_eq!(Token::of(directory.path(), &SystemEntropy).expect("it is replaced").expose().len(), 64);
    }
}
