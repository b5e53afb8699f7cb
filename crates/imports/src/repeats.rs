//! Which external ids a file had already, on disk: a file of millions of rows is read in the same memory as a small one.
//!
//! Must not know: rows, or what is done about a repeated id.

use rules::ids::{ObjectName, RecordId, folded};
use rusqlite::{Connection, OptionalExtension, params};

/// The ids that were seen, each with its first line. It lives in a nameless temporary file that ends with it.
#[derive(Debug)]
pub(crate) struct Repeats {
    database: Connection,
}

impl Repeats {
    /// Nothing was seen yet.
    pub(crate) fn new() -> rusqlite::Result<Self> {
        // An empty name is SQLite's private temporary database: in its page cache while that holds it, then on disk.
        let database = Connection::open("")?;
        database.execute_batch(
            "PRAGMA temp_store = FILE; PRAGMA cache_size = -384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE seen (object TEXT NOT NULL, id TEXT NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (id, object))
               WITHOUT ROWID;
             BEGIN;",
        )?;
        Ok(Self { database })
    }

    /// Notes an id of `line`, and gives the line that had it before, if any. Ids and names of objects are compared as Salesforce
    /// does, without case (`rules::ids::folded`).
    pub(crate) fn note(&self, object: Option<&ObjectName>, id: &RecordId, line: u64) -> rusqlite::Result<Option<u64>> {
        let (object, folded) = folded(object.map_or("", ObjectName::as_str), id.as_str());
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        let mut note = self
            .database
            .prepare_cached("INSERT INTO seen (object, id, line) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
        if note.execute(params![object, folded, line])? == 1 {
            return Ok(None);
        }
        let mut first = self.database.prepare_cached("SELECT line FROM seen WHERE object = ?1 AND id = ?2")?;
        let first: Option<i64> = first.query_row(params![object, folded], |row| row.get(0)).optional()?;
        Ok(first.and_then(|line| u64::try_from(line).ok()))
    }
}

#[cfg(test)]
mod tests {
    use rules::ids::{ObjectName, RecordId};

    use super::Repeats;

    #[test]
    fn an_id_is_known_by_its_first_line_whatever_its_case_and_apart_for_each_object() {
        let repeats = Repeats::new().expect("a temporary file");
        let contact = ObjectName::new("Contact").expect("an object");
        let note = |object: Option<&ObjectName>, id: &str, line| {
            repeats.note(object, &RecordId::new(id).expect("an id"), line).expect("it is noted")
        };
        assert_eq!(note(None, "C-1", 2), None);
        assert_eq!(note(None, "c-1", 3), Some(2));
        assert_eq!(note(None, "C-1", 4), Some(2));
        assert_eq!(note(Some(&contact), "C-1", 5), None);
        assert_eq!(note(None, "C-2", 6), None);
        let shouted = ObjectName::new("CONTACT").expect("a name");
        assert_eq!(note(Some(&shouted), "c-1", 7), Some(5), "Salesforce takes both spellings for one object");
    }
}
