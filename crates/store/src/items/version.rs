//! A source version as a short text: `n` and the number, or `t` and the time in milliseconds.
//!
//! Must not know: which of two is newer.

use rules::time::Timestamp;
use rules::version::SourceVersion;

/// The text.
pub(crate) fn write(version: SourceVersion) -> String {
    match version {
        SourceVersion::Number(number) => format!("n{number}"),
        SourceVersion::Time(time) => format!("t{}", time.as_millis()),
    }
}

/// Reads it.
pub(crate) fn read(text: &str) -> Option<SourceVersion> {
    let number = text.get(1..)?.parse().ok()?;
    match text.as_bytes().first()? {
        b'n' => Some(SourceVersion::Number(number)),
        b't' => Some(SourceVersion::Time(Timestamp::from_millis(number))),
        _ => None,
    }
}
