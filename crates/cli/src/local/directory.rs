//! The data directory: where it is, that it is one, and who may use it.
//!
//! Must not know: what the system keeps in it.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use functions::SystemEntropy;

use super::chance::Chance;
use super::files::unusable;
use super::format::Format;
use super::lock::Pid;
use super::token::Token;
use crate::exit::Failure;

/// The database's file.
pub(crate) const DATABASE: &str = "resync.db";

/// The file of the key that secrets' versions are made with.
const KEY: &str = "key";

/// What happens when there is no data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is created.
    Create,
    /// It is an error.
    Refuse,
}

/// A data directory of a version that this one can read.
#[derive(Clone, Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    format: Format,
}

/// Where the data directory is: `data`, `$RESYNC_DATA`, `$XDG_DATA_HOME/resync`, or `~/.local/share/resync`.
///
/// # Errors
/// When none of them is given and there is no home directory.
pub(crate) fn locate(data: Option<&Path>) -> Result<PathBuf, Failure> {
    locate_in(data, |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn locate_in(data: Option<&Path>, look_up: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    // A relative XDG_DATA_HOME is to be ignored. Source: XDG Base Directory Specification, "Basics".
    let shared = || look_up("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let named = data.map(Path::to_owned).or_else(|| look_up("RESYNC_DATA"));
    let usual = || Some(shared().or_else(|| Some(look_up("HOME")?.join(".local/share")))?.join("resync"));
    named
        .or_else(usual)
        .ok_or_else(|| Failure::Wrong("there is no home directory; name a data directory by --data DIR".to_owned()))
}

impl DataDir {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// When it is not there and is not to be created, holds something else, or is of a newer version.
    pub(crate) fn open(path: &Path, missing: Missing) -> Result<Self, Failure> {
        if let Some(format) = Format::read(path)? {
            return Ok(Self { path: path.to_owned(), format });
        }
        if missing == Missing::Refuse {
            return Err(unusable(
                path,
                &"there is no data directory of resync; begin with `resync local` or `resync connection create`, or name \
                 another by --data",
            ));
        }
        Self::create(path)
    }

    fn create(path: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| unusable(path, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        if path.join(DATABASE).exists() {
            let problem = "it holds a database but not its file `format`; put that back from a copy of the directory, \
                           or name another directory by --data";
            return Err(unusable(path, &problem));
        }
        fs::create_dir_all(path.join("mappings")).map_err(failed)?;
        let format = Format::new(None);
        format.write(path)?;
        Ok(Self { path: path.to_owned(), format })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about itself.
    pub(crate) fn format(&self) -> &Format {
        &self.format
    }

    /// Its token, a new one when it is missing or damaged. Only for who holds the lock.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn token(&self) -> Result<Token, Failure> {
        Token::read_or_draw(&self.path, &SystemEntropy).map_err(|error| unusable(&self.path, &error))
    }

    /// The key of secrets' versions, apart from the token so that a new token changes no version. Only for who holds the lock.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn key(&self) -> Result<Chance, Failure> {
        Chance::read_or_draw(&self.path.join(KEY), &SystemEntropy).map_err(|error| unusable(&self.path, &error))
    }

    /// The failure of whoever finds that the process `holder` has the directory.
    pub(super) fn busy(&self, holder: Option<Pid>) -> Failure {
        let process = holder.map_or_else(|| "another process".to_owned(), |Pid(pid)| format!("process {pid}"));
        Failure::Busy(format!(
            "{process} uses the data directory {}; stop it, or wait until it is done",
            self.path.display()
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn located(data: Option<&str>, set: &[(&str, &str)]) -> Option<String> {
        let look_up = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value));
        locate_in(data.map(Path::new), look_up).ok().map(|path| path.display().to_string())
    }

    #[test]
    fn the_directory_is_the_named_one_or_the_environments_or_the_users() {
        let set = [("RESYNC_DATA", "/srv/r"), ("XDG_DATA_HOME", "/xdg"), ("HOME", "/home/ann")];
        assert_eq!(located(Some("here"), &set).as_deref(), Some("here"));
        assert_eq!(located(None, &set).as_deref(), Some("/srv/r"));
        assert_eq!(located(None, &set[1..]).as_deref(), Some("/xdg/resync"));
        assert_eq!(located(None, &set[2..]).as_deref(), Some("/home/ann/.local/share/resync"));
        assert_eq!(
            located(None, &[("XDG_DATA_HOME", "relative"), set[2]]).as_deref(),
            Some("/home/ann/.local/share/resync")
        );
        assert_eq!(located(None, &[]), None);
    }

    #[test]
    fn a_new_directory_is_its_owners_alone_and_is_opened_again_as_it_is() {
        let parent = tempfile::TempDir::new().expect("a directory of the test's own");
        let path = parent.path().join("a/b");
        assert!(DataDir::open(&path, Missing::Refuse).is_err());
        DataDir::open(&path, Missing::Create).expect("it is created");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o700);
        assert_eq!(DataDir::open(&path, Missing::Refuse).expect("it is there").format().as_of, None);
    }

    #[test]
    fn a_database_without_its_format_is_not_touched() {
        let directory = tempfile::TempDir::new().expect("a directory of the test's own");
        fs::write(directory.path().join(DATABASE), "").expect("it is written");
        let said = DataDir::open(directory.path(), Missing::Create).expect_err("it is refused").to_string();
        assert!(said.contains("not its file `format`"), "{said}");
    }
}
