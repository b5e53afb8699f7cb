//! Standard output: a reader that has seen enough, such as `head`, is no failure.
//!
//! Must not know: what is printed.

use std::io::{self, ErrorKind, Write};

use anyhow::Context;

/// Prints `text`, which ends its own lines.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("writing to standard output"),
    }
}
