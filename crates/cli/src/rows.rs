//! Files of failed rows: CSV as Salesforce's tools write it, read into rows with their error.
//!
//! Must not know: connections, or what becomes of a row.

mod error_text;
mod format;

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

pub(crate) use error_text::ErrorText;
use format::Format;

/// One row that failed to sync.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FailedRow {
    /// Where it is in the file, from 1.
    pub(crate) line: u64,
    /// What it failed with.
    pub(crate) error: ErrorText,
    /// Its columns, those of the tool left out; `Account__r.Key__c` is the field `Key__c` of the object `Account__r`.
    pub(crate) fields: Map<String, Value>,
}

/// Why a file cannot be read. Nothing of it is used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFile {
    #[error("the file is empty; export the failed rows again")]
    Empty,
    #[error("line {line} is not UTF-8; save the file as UTF-8")]
    NotUtf8 { line: u64 },
    #[error("line {line} has {found} columns and the header {expected}; check its quotes and delimiters")]
    Ragged { line: u64, found: u64, expected: u64 },
    #[error("line {line}: {problem}")]
    Malformed { line: u64, problem: String },
    #[error(
        "the first line is not a header of a known tool; known are Bulk API 2.0 (sf__Id, sf__Error, …) and Data Loader (…, ERROR)"
    )]
    NoHeader,
    #[error("the header names the column {0} twice; rename one")]
    TwiceInHeader(String),
    #[error("the file has a header and no rows")]
    NoRows,
}

/// Reads a whole file.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<FailedRow>, BadFile> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(BadFile::Empty);
    }
    let mut reader = ReaderBuilder::new().from_reader(text);
    let header = reader.headers().map_err(bad)?.clone();
    let format = Format::of(&header).ok_or(BadFile::NoHeader)?;
    if let Some(twice) = repeated(&header) {
        return Err(BadFile::TwiceInHeader(twice));
    }
    let rows: Result<Vec<_>, _> = reader.records().map(|record| Ok(row(&format, &header, &record.map_err(bad)?))).collect();
    let rows = rows?;
    if rows.is_empty() { Err(BadFile::NoRows) } else { Ok(rows) }
}

fn repeated(header: &StringRecord) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    header.iter().find(|name| !seen.insert(name.to_ascii_lowercase())).map(str::to_owned)
}

fn bad(error: csv::Error) -> BadFile {
    let line = |position: &Option<csv::Position>| position.as_ref().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => BadFile::NotUtf8 { line: line(pos) },
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            BadFile::Ragged { line: line(pos), found: *len, expected: *expected_len }
        }
        _ => BadFile::Malformed {
            line: error.position().map_or(1, csv::Position::line),
            problem: "it is not CSV; check its quotes".to_owned(),
        },
    }
}

fn row(format: &Format, header: &StringRecord, record: &StringRecord) -> FailedRow {
    let mut fields = Map::new();
    for (name, value) in header.iter().zip(record).filter(|(name, _)| !format.is_tools_own(name)) {
        put(&mut fields, name, value);
    }
    let error = ErrorText::parse(record.get(format.error_column()).unwrap_or_default());
    FailedRow { line: record.position().map_or(0, csv::Position::line), error, fields }
}

/// An empty cell is null. A dotted name is a reference to a parent by its external id.
fn put(fields: &mut Map<String, Value>, name: &str, value: &str) {
    let value = if value.is_empty() { Value::Null } else { Value::from(value) };
    match name.split_once('.') {
        None => drop(fields.insert(name.to_owned(), value)),
        Some(_) if value.is_null() => {}
        Some((relation, key)) => {
            fields.insert(relation.to_owned(), Value::Object(Map::from_iter([(key.to_owned(), value)])));
        }
    }
}
