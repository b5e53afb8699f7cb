//! One record of cells as a row that failed: the checks of its form, its id, its error and its fields.
//!
//! Must not know: the rows before it, or the file.

use std::str;

use rules::ids::{BadName, ObjectName, RecordId};
use rules::version::SourceVersion;
use serde_json::{Map, Value};

use crate::cells::{Cells, Flaw};
use crate::columns::{Columns, ErrorAt};
use crate::error_text::{ErrorText, Fields};
use crate::layout::Empty;
use crate::row::FailedRow;
use crate::version::version;
use crate::{LARGEST_ROW, LONGEST_CELL};

/// How Bulk API and Data Loader write that a field is to be emptied. Source: Bulk API 2.0, Valid CSV Record Rows.
const NULL: &str = "#N/A";

/// What is wrong with a row: its column, if it is one; the problem; the mend.
pub(crate) struct Wrong {
    pub(crate) column: Option<usize>,
    pub(crate) problem: String,
    pub(crate) mend: String,
}

impl Wrong {
    fn row(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { column: None, problem: problem.into(), mend: mend.into() }
    }

    pub(crate) fn cell(column: usize, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { column: Some(column), problem: problem.into(), mend: mend.into() }
    }

    fn name(column: usize, bad: &BadName) -> Self {
        Self::cell(column, bad.problem, bad.mend)
    }
}

/// The row of these cells, or nothing when it succeeded.
pub(crate) fn failed(columns: &Columns, cells: &Cells) -> Result<Option<FailedRow>, Wrong> {
    sound(columns, cells)?;
    let Some(error) = error(columns, cells)? else {
        return Ok(None);
    };
    let mend = "fill it in; it tells the record apart";
    let external_id = id(cells, columns.key)?.ok_or_else(|| Wrong::cell(columns.key, "is empty", mend))?;
    Ok(Some(FailedRow {
        line: cells.line,
        external_id,
        object: columns.object.map(|column| object(cells, column)).transpose()?.flatten(),
        error,
        fields: fields(columns, cells)?,
        parent: columns.parent.map(|column| id(cells, column)).transpose()?.flatten(),
        version: columns.version.map(|column| source_version(cells, column)).transpose()?,
    }))
}

/// The external id in a cell, unless that is empty.
fn id(cells: &Cells, column: usize) -> Result<Option<RecordId>, Wrong> {
    let value = text(cells, column)?;
    let id = (!value.is_empty()).then(|| RecordId::new(value)).transpose();
    id.map_err(|bad| Wrong::name(column, &bad))
}

fn source_version(cells: &Cells, column: usize) -> Result<SourceVersion, Wrong> {
    let mend = "write a whole number that grows, or a time such as 2026-03-01T09:30:00Z";
    version(text(cells, column)?).ok_or_else(|| Wrong::cell(column, "is not a version", mend))
}

/// Whether the row has the form that its header asks for.
fn sound(columns: &Columns, cells: &Cells) -> Result<(), Wrong> {
    match cells.flaw {
        Some(Flaw::TooLarge) => {
            let problem = format!("has more than {LARGEST_ROW} bytes");
            return Err(Wrong::row(
                problem,
                "check its quotes; larger rows can only be loaded into Salesforce by other means",
            ));
        }
        Some(Flaw::Unclosed) => {
            let problem = "begins a quote that is never closed, so nothing after it was read";
            return Err(Wrong::row(problem, "close the quote, or write it twice, and import the file again"));
        }
        Some(Flaw::Stray) => {
            let problem = "has text after a closing quote";
            return Err(Wrong::row(problem, "write quotes within a cell twice (\"\")"));
        }
        None => {}
    }
    if cells.count == columns.names.len() {
        return Ok(());
    }
    let problem = format!("has {} columns and the header {}", cells.count, columns.names.len());
    Err(Wrong::row(problem, "check its quotes and delimiters"))
}

fn text(cells: &Cells, column: usize) -> Result<&str, Wrong> {
    let cell = cells.get(column).unwrap_or_default();
    str::from_utf8(cell).map_err(|_| Wrong::row("is not UTF-8", "save the file as UTF-8"))
}

/// The row's error, or nothing when it has none.
fn error(columns: &Columns, cells: &Cells) -> Result<Option<ErrorText>, Wrong> {
    let given = |column: Option<usize>| column.map_or(Ok(""), |column| text(cells, column));
    Ok(match columns.error {
        ErrorAt::Tool { format, error, status } => {
            let error = text(cells, error)?;
            let style = if format.brackets_fields() { Fields::Bracketed } else { Fields::BeforeDashes };
            format.failed(given(status)?, error).then(|| ErrorText::read(error, style))
        }
        ErrorAt::Text(column) => {
            Some(text(cells, column)?).filter(|text| !text.trim().is_empty()).map(ErrorText::parse)
        }
        ErrorAt::Parts { code, message } => {
            let (code, message) = (given(code)?, given(message)?);
            let empty = code.trim().is_empty() && message.trim().is_empty();
            (!empty).then(|| ErrorText::of_parts(code, message))
        }
    })
}

fn object(cells: &Cells, column: usize) -> Result<Option<ObjectName>, Wrong> {
    object_named(text(cells, column)?).map_err(|bad| Wrong::name(column, &bad))
}

/// The object that a cell such as `[Contact]` names.
pub(crate) fn object_named(cell: &str) -> Result<Option<ObjectName>, BadName> {
    let name = cell.trim().trim_start_matches('[').trim_end_matches(']');
    (!name.is_empty()).then(|| ObjectName::new(name)).transpose()
}

fn fields(columns: &Columns, cells: &Cells) -> Result<Map<String, Value>, Wrong> {
    let mut fields = Map::new();
    for (column, target) in &columns.fields {
        match (text(cells, *column)?, columns.empty) {
            ("", Empty::LeftOut) => {}
            ("", Empty::Null) | (NULL, _) => target.put(&mut fields, Value::Null),
            (value, _) if value.len() > LONGEST_CELL && value.chars().count() > LONGEST_CELL => {
                let problem = format!("has more than {LONGEST_CELL} characters");
                return Err(Wrong::cell(*column, problem, "shorten it; no text field of Salesforce holds more"));
            }
            (value, _) => target.put(&mut fields, Value::from(value)),
        }
    }
    Ok(fields)
}
