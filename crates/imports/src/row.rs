//! What a file gives: rows that failed to sync, and rows that cannot be used.
//!
//! Must not know: how a file is read.

use std::fmt;

use rules::ids::{ObjectName, RecordId};
use rules::version::SourceVersion;
use serde_json::{Map, Value};

use crate::error_text::ErrorText;

/// One row of a file, those that succeeded left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// It failed to sync.
    Failed(FailedRow),
    /// It cannot be used.
    Refused(RefusedRow),
}

/// One row that failed to sync. Its `Debug` form shows no values.
#[derive(Clone, PartialEq)]
pub struct FailedRow {
    /// Where it is in the file, from 1.
    pub line: u64,
    /// The value of its external-id field.
    pub external_id: RecordId,
    /// Its object, where the file names it (the column `_` of Salesforce Inspector).
    pub object: Option<ObjectName>,
    /// What it failed with.
    pub error: ErrorText,
    /// The fields to write, without the external id; `Account__r.Key__c` is the field `Key__c` of the object `Account__r`.
    pub fields: Map<String, Value>,
    /// The external id of its parent, where a column for it was named and holds one.
    pub parent: Option<RecordId>,
    /// The source's version, where a column for it was named.
    pub version: Option<SourceVersion>,
}

impl fmt::Debug for FailedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedRow")
            .field("line", &self.line)
            .field("code", &self.error.code)
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

/// One row that cannot be used. Its `Debug` form shows no values.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Where it is in the file, from 1.
    pub line: u64,
    /// The column that is wrong; nothing when it is the row as a whole.
    pub column: Option<String>,
    /// What is wrong, such as `is empty`. Never quotes a cell.
    pub problem: String,
    /// How to put it right.
    pub mend: String,
    /// Its cells as they are in the file; none when it is too large to keep, or when a quote in it went wrong: written anew, it
    /// would look sound.
    pub cells: Vec<Vec<u8>>,
}

impl fmt::Debug for RefusedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedRow({self})")
    }
}

impl fmt::Display for RefusedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}: the column {column} {}; {}", self.line, self.problem, self.mend),
            None => write!(f, "line {} {}; {}", self.line, self.problem, self.mend),
        }
    }
}
