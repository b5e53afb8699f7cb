//! How far an import is, on standard error and only where a person looks.
//!
//! Must not know: what is imported.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar where the size is known, a count otherwise.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins; nothing is shown where standard error is no terminal.
    pub(super) fn new(size: Option<u64>) -> Self {
        let (bar, form) = match size {
            Some(size) => (ProgressBar::new(size), "{bar:30} {bytes}/{total_bytes}  {msg}  {eta} left"),
            None => (ProgressBar::no_length(), "{spinner} {bytes}  {msg}"),
        };
        let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: bar.with_style(style) }
    }

    /// `bytes` were read and `rows` are done.
    pub(super) fn at(&self, bytes: u64, rows: u64) {
        self.bar.set_position(bytes);
        let rate = u128::from(rows) * 1_000 / self.bar.elapsed().as_millis().max(1);
        self.bar.set_message(format!("{rows} rows, {rate} rows/s"));
    }

    /// Takes it away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
