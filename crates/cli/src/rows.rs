//! Files of failed rows: CSV as Salesforce's tools write it, read into rows with their error.
//!
//! Must not know: connections, or what becomes of a row.

mod error_text;
mod format;
#[cfg(test)]
mod tests;

use csv::{ErrorKind, Position, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

pub(crate) use error_text::ErrorText;
use format::Format;

/// The most columns that a file may have: more than the fields that Salesforce allows an object. Source: Salesforce, App Limits.
const MOST_COLUMNS: usize = 2_000;

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
    #[error("the header has {0} columns, more than the {MOST_COLUMNS} of any object; check its delimiters")]
    TooWide(usize),
    #[error("a column of the header has no name; name it, or remove it")]
    NoName,
    #[error("the file has a header and no rows")]
    NoRows,
}

/// Reads a whole file.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<FailedRow>, BadFile> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(BadFile::Empty);
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = ReaderBuilder::new().from_reader(text);
    let header = reader.headers().map_err(|error| bad(&error, &mut lines))?.clone();
    let format = format(&header)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(&error, &mut lines))?;
        let line = lines.of(record.position());
        let error = ErrorText::parse(record.get(format.error_column()).unwrap_or_default());
        rows.push(FailedRow { line, error, fields: fields(format, &header, &record) });
    }
    if rows.is_empty() { Err(BadFile::NoRows) } else { Ok(rows) }
}

/// The format of a file with this header, which must be one that rows can be read by.
fn format(header: &StringRecord) -> Result<Format, BadFile> {
    if header.len() > MOST_COLUMNS {
        return Err(BadFile::TooWide(header.len()));
    }
    let format = Format::of(header).ok_or(BadFile::NoHeader)?;
    if header.iter().any(|name| name.trim().is_empty()) {
        return Err(BadFile::NoName);
    }
    match repeated(header) {
        Some(twice) => Err(BadFile::TwiceInHeader(twice)),
        None => Ok(format),
    }
}

/// Counts lines. The reader's own count is one behind where lines end in CR LF.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a position, which must not lie before the last one that was asked for.
    fn of(&mut self, position: Option<&Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        while let Some(&byte) = self.text.get(self.at)
            && (self.at < start || matches!(byte, b'\r' | b'\n'))
        {
            self.line += u64::from(byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

fn repeated(header: &StringRecord) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    header.iter().find(|name| !seen.insert(name.to_ascii_lowercase())).map(str::to_owned)
}

fn bad(error: &csv::Error, lines: &mut Lines<'_>) -> BadFile {
    let line = lines.of(error.position());
    match error.kind() {
        ErrorKind::Utf8 { .. } => BadFile::NotUtf8 { line },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            BadFile::Ragged { line, found: *len, expected: *expected_len }
        }
        _ => BadFile::Malformed { line, problem: "it is not CSV; check its quotes".to_owned() },
    }
}

fn fields(format: Format, header: &StringRecord, record: &StringRecord) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in header.iter().zip(record).filter(|(name, _)| !format.is_tools_own(name)) {
        put(&mut fields, name, value);
    }
    fields
}

/// An empty cell is null. A dotted name is a reference to a parent by its external id.
fn put(fields: &mut Map<String, Value>, name: &str, value: &str) {
    let value = if value.is_empty() { Value::Null } else { Value::from(value) };
    match name.split_once('.') {
        None if fields.get(name).is_some_and(Value::is_object) => {}
        None => drop(fields.insert(name.to_owned(), value)),
        Some(_) if value.is_null() => {}
        Some((relation, key)) => match fields.entry(relation).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(parent) => drop(parent.insert(key.to_owned(), value)),
            // A column named like the relation itself says less than the reference does.
            plain => *plain = Value::Object(Map::from_iter([(key.to_owned(), value)])),
        },
    }
}
