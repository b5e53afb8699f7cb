//! Whether the rows of a file can be reported as failures of records: each needs a key, and a file its parent's column.
//!
//! Must not know: how a file is read.

use rules::connection::Connection;
use rules::ids::RecordId;
use serde_json::Value;

use super::FileOfRows;
use crate::rows::FailedRow;

/// Checks a file; gives the first problem with its line.
pub(super) fn check(connection: &Connection, file: &FileOfRows) -> Result<(), String> {
    let Some(field) = connection.external_ids.get(&file.object) else {
        return Err(format!(
            "the connection {} sets no external id for {}; add it to external_ids",
            connection.id, file.object
        ));
    };
    let field = field.as_str();
    for row in &file.rows {
        let Some(value) = row.fields.get(field) else {
            return Err(format!(
                "line 1: the header has no column {field}, the external id of {}; add it",
                file.object
            ));
        };
        let id = value.as_str().ok_or_else(|| format!("line {}: the column {field} is empty; fill it in", row.line))?;
        RecordId::new(id)
            .map_err(|bad| format!("line {}: the column {field} {}; {}", row.line, bad.problem, bad.mend))?;
        if let Some(parent) = &file.parent {
            let id = row
                .fields
                .get(&parent.relation)
                .and_then(|reference| reference.get(&parent.key))
                .and_then(Value::as_str);
            if let Some(Err(bad)) = id.map(RecordId::new) {
                let column = format!("{}.{}", parent.relation, parent.key);
                return Err(format!("line {}: the column {column} {}; {}", row.line, bad.problem, bad.mend));
            }
        }
    }
    names_its_parents(file)
}

/// A misspelt column would silently leave every row without its parent.
fn names_its_parents(file: &FileOfRows) -> Result<(), String> {
    let Some(parent) = &file.parent else {
        return Ok(());
    };
    let named =
        |row: &FailedRow| row.fields.get(&parent.relation).is_some_and(|found| found.get(&parent.key).is_some());
    if file.rows.iter().any(named) {
        return Ok(());
    }
    let column = format!("{}.{}", parent.relation, parent.key);
    Err(format!("line 1: no row has the parent's column {column}; correct it in demo.json or in the header"))
}
