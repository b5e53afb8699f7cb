//! Recognises a full disk, or one that cannot be written, in what the database says.
//!
//! Must not know: what was to be written.

/// The code of the error that the table answers with. It is none of `DynamoDB`'s, and nothing sends it again.
pub(crate) const CODE: &str = "DiskFull";

/// What `SQLite` calls it, in small letters: `SQLITE_FULL`, `SQLITE_IOERR`, `SQLITE_READONLY` and `SQLITE_CANTOPEN`
/// (<https://www.sqlite.org/rescode.html>), with its own message and with that of the library around it.
const TEXTS: [&str; 6] = [
    "disk is full",
    "database is full",
    "disk i/o error",
    "write a readonly database",
    "open database file",
    "open the database file",
];

/// Whether the text of an error says so.
pub(super) fn says_so(text: &str) -> bool {
    let text = text.to_lowercase();
    TEXTS.iter().any(|known| text.contains(known))
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn every_way_in_which_sqlite_says_that_it_cannot_write_is_recognised() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR, ffi::SQLITE_READONLY, ffi::SQLITE_CANTOPEN] {
            let error = |message: Option<&str>| {
                rusqlite::Error::SqliteFailure(ffi::Error::new(code), message.map(str::to_owned)).to_string()
            };
            assert!(says_so(&error(None)), "{}", error(None));
        }
        for message in ["database or disk is full", "disk I/O error", "attempt to write a readonly database"] {
            assert!(says_so(&format!("Internal error: {message}")), "{message}");
        }
    }

    #[test]
    fn other_errors_of_the_database_are_not_taken_for_it() {
        assert!(!says_so("database is locked"));
        assert!(!says_so("The conditional request failed"));
    }
}
