//! What a port may fail with.
//!
//! Must not know: the adapters' own errors; those are its source.

use std::error::Error;

/// A port did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The service behind it failed, or kept throttling, past a bounded number of tries.
    #[error("{doing} failed")]
    Unavailable {
        /// What was tried, such as `reading the control item`.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What is stored cannot be read by this version of the program.
    #[error("{what} cannot be read: {problem}")]
    Unreadable {
        /// What: a kind of item and its key.
        what: String,
        /// Why, such as `it was written by a newer version (format 3)`. Never a payload.
        problem: String,
    },
}

impl PortError {
    /// A service failed while `doing` something.
    pub fn unavailable(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { doing, source: source.into() }
    }
}

/// An error with all its causes, for a person. What adapters say of a failure holds neither payloads nor secrets.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
