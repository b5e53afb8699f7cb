//! How a command fails: a text for a person on standard error, and an exit code for a script.
//!
//! Must not know: the commands.

use std::path::Path;
use std::process::ExitCode;

use rules::fields::Mistakes;

/// Why a command did not do what it was asked. The exit codes are documented in `resync --help` and docs/commands.md.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An input is wrong; nothing was done. Exit code 3.
    #[error("{what}:\n{mistakes}")]
    Input {
        /// The input.
        what: String,
        /// All its mistakes.
        mistakes: Mistakes,
    },
    /// A file or directory cannot be used. Exit code 3.
    #[error("{path} cannot be used: {problem}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why, and what to do.
        problem: String,
    },
    /// What was asked makes no sense, in words that name the mend; nothing was done. Exit code 3.
    #[error("{0}")]
    Wrong(String),
    /// There is no such record or connection. Exit code 4.
    #[error("{0}")]
    NotFound(String),
    /// The check found invariants broken. Exit code 5.
    #[error("the check found {0} breaks of invariants (see above); this is a bug in resync")]
    Violations(usize),
    /// Some rows of a file were refused; the report says which, and the others are in. Exit code 6.
    #[error("refused rows: {0}; the report says which")]
    RowsRefused(u64),
    /// Another process uses the data directory; the text names it. Exit code 7.
    #[error("{0}")]
    Busy(String),
    /// It cannot be done as things stand; the text says what stands against it. Exit code 8.
    #[error("{0}")]
    Conflict(String),
    /// Something failed. Exit code 1.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// The failure of a command that cannot use the file or directory at `path`.
    pub(crate) fn unusable(path: &Path, problem: &str) -> Self {
        Self::Unreadable { path: path.display().to_string(), problem: problem.to_owned() }
    }

    /// What the person is told.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Other(error) => format!("{error:#}"),
            Self::Input { .. }
            | Self::Unreadable { .. }
            | Self::Wrong(_)
            | Self::NotFound(_)
            | Self::Violations(_)
            | Self::RowsRefused(_)
            | Self::Busy(_)
            | Self::Conflict(_) => self.to_string(),
        }
    }

    /// Tells the person, and gives the script its code.
    pub(crate) fn report(self) -> ExitCode {
        eprintln!("resync: {}", self.words());
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Other(_) => 1,
            Self::Input { .. } | Self::Unreadable { .. } | Self::Wrong(_) => 3,
            Self::NotFound(_) => 4,
            Self::Violations(_) => 5,
            Self::RowsRefused(_) => 6,
            Self::Busy(_) => 7,
            Self::Conflict(_) => 8,
        }
    }
}
