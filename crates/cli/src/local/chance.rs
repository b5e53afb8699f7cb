//! What a directory keeps of chance, in files that only its owner can read: 32 bytes in hexadecimal, drawn once.
//!
//! Must not know: what it is for.

use std::fmt;
use std::io;
use std::path::Path;

use engine::ports::Entropy;

use super::files;

/// 32 bytes of chance in hexadecimal. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Chance(String);

impl Chance {
    /// What the file at `path` holds; nothing when it is missing or damaged.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        Ok(files::read_if_there(path)?.and_then(|text| Self::parse(&text)))
    }

    /// What the file at `path` holds; drawn anew when it is missing or damaged. Only for who holds the directory's lock.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(super) fn read_or_draw(path: &Path, chance: &impl Entropy) -> io::Result<Self> {
        if let Some(kept) = Self::read(path)? {
            return Ok(kept);
        }
        let [a, b, c, d] = std::array::from_fn(|_| chance.number());
        let drawn = Self(format!("{a:016x}{b:016x}{c:016x}{d:016x}"));
        files::replace(path, drawn.0.as_bytes())?;
        Ok(drawn)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        whole.then(|| Self(text.to_owned()))
    }

    /// The digits themselves.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use functions::SystemEntropy;

    use super::*;

    #[test]
    fn what_was_drawn_is_kept_and_nobody_else_can_read_it() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        let file = directory.path().join("key");
        assert_eq!(Chance::read(&file).expect("nothing is there"), None);
        let drawn = Chance::read_or_draw(&file, &SystemEntropy).expect("it is written");
        assert_eq!(drawn.expose().len(), 64);
        assert_eq!(Chance::read_or_draw(&file, &SystemEntropy).expect("it is read"), drawn);
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(format!("{drawn:?}"), "Chance(…)");
    }
}
