//! How a command fails: a text for a person on standard error, and an exit code for a script.
//!
//! Must not know: the commands.

use std::process::ExitCode;

use rules::fields::Mistakes;

/// Why a command did not do what it was asked. The exit codes are documented in `resync --help`.
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
    /// There is no such record or connection. Exit code 4.
    #[error("{0}")]
    NotFound(String),
    /// The check found invariants broken. Exit code 5.
    #[error("the check found {0} breaks of invariants (see above); this is a bug in resync")]
    Violations(usize),
    /// Something failed. Exit code 1.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// Tells the person, and gives the script its code.
    pub(crate) fn report(self) -> ExitCode {
        let code = match &self {
            Self::Other(_) => 1,
            Self::Input { .. } | Self::Unreadable { .. } => 3,
            Self::NotFound(_) => 4,
            Self::Violations(_) => 5,
        };
        match &self {
            Self::Other(error) => eprintln!("resync: {error:#}"),
            Self::Input { .. } | Self::Unreadable { .. } | Self::NotFound(_) | Self::Violations(_) => {
                eprintln!("resync: {self}");
            }
        }
        ExitCode::from(code)
    }
}
