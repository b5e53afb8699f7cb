//! Reads a file of failed rows: one row at a time, each by itself, in constant memory.
//!
//! Must not know: what becomes of a row.

use std::io::Read;
use std::str;

use rules::ids::FieldName;

use crate::cells::{Cells, Flaw, Records};
use crate::columns::{Columns, ErrorAt};
use crate::failed::{Wrong, failed};
use crate::format::Format;
use crate::layout::{Delimiter, Layout};
use crate::problem::{BadFile, Broken};
use crate::repeats::Repeats;
use crate::row::{RefusedRow, Row};
use crate::{MOST_COLUMNS, sniff};

/// A file that is being read. As an iterator it gives its rows, those left out that the file says have succeeded.
#[derive(Debug)]
pub struct Reader<R> {
    records: Records<R>,
    columns: Columns,
    cells: Cells,
    seen: Repeats,
    skipped: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header. `external_id` is the field that tells rows apart.
    ///
    /// # Errors
    /// When the file cannot be used at all.
    pub fn open(source: R, layout: &Layout, external_id: &FieldName) -> Result<Self, BadFile> {
        let mut records = Records::new(source);
        let start = sniff::start(records.peek().map_err(Broken::from)?)?;
        records.skip(start.skip, start.lines);
        records.delimit_by(layout.delimiter.map_or(start.delimiter, Delimiter::byte));
        let mut cells = Cells::default();
        if !records.next(&mut cells).map_err(Broken::from)? {
            return Err(BadFile::Empty);
        }
        let columns = Columns::decide(header(&cells)?, cells.count, layout, external_id)?;
        Ok(Self { records, columns, cells, seen: Repeats::new().map_err(Broken::from)?, skipped: 0 })
    }

    /// The names of the columns, as the header has them.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.columns.names
    }

    /// The format that the header told, unless the caller said where the errors are.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match self.columns.error {
            ErrorAt::Tool { format, .. } => Some(format),
            ErrorAt::Text(_) | ErrorAt::Parts { .. } => None,
        }
    }

    /// How many rows were passed over so far: those that succeeded, and those with nothing in them.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many bytes of the file were read so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.records.position()
    }

    /// What stands between two cells.
    #[must_use]
    pub fn delimiter(&self) -> u8 {
        self.records.delimiter()
    }

    /// The cells of the row that was given last, as they are in the file. None when they are too many or too long to keep, or
    /// when a quote went wrong: such a row, written anew, would look sound.
    #[must_use]
    pub fn cells(&self) -> Vec<Vec<u8>> {
        let kept = self.cells.flaw.is_none() && self.cells.iter().count() == self.cells.count;
        if kept { self.cells.iter().map(<[u8]>::to_vec).collect() } else { Vec::new() }
    }

    fn row(&mut self) -> Result<Option<Row>, Broken> {
        while self.records.next(&mut self.cells)? {
            if self.cells.is_blank() {
                self.skipped += 1;
                continue;
            }
            let row = match failed(&self.columns, &self.cells) {
                Ok(None) => {
                    self.skipped += 1;
                    continue;
                }
                Ok(Some(row)) => match self.seen.note(row.object.as_ref(), &row.external_id, row.line)? {
                    None => Row::Failed(row),
                    Some(first) => self.refuse(repeated(self.columns.key, first)),
                },
                Err(wrong) => self.refuse(wrong),
            };
            return Ok(Some(row));
        }
        Ok(None)
    }

    fn refuse(&self, wrong: Wrong) -> Row {
        let Wrong { column, problem, mend } = wrong;
        let column = column.and_then(|column| self.columns.names.get(column)).cloned();
        Row::Refused(RefusedRow { line: self.cells.line, column, problem, mend, cells: self.cells() })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Row, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

fn repeated(key: usize, first: u64) -> Wrong {
    let problem = format!("is the external id of line {first} too");
    Wrong::cell(key, problem, "keep the row that is right; the first one was taken")
}

/// The header's names. A header that is too wide or too long has none; how many columns there are says so.
fn header(cells: &Cells) -> Result<Vec<String>, BadFile> {
    match cells.flaw {
        Some(Flaw::TooLarge) if cells.count > MOST_COLUMNS => Err(BadFile::TooWide(cells.count)),
        Some(Flaw::Unclosed | Flaw::Stray | Flaw::TooLarge) => Err(BadFile::BrokenHeader { line: cells.line }),
        None => {
            let name = |cell: &[u8]| str::from_utf8(cell).map(|name| name.trim().to_owned());
            let names: Result<Vec<String>, _> = cells.iter().map(name).collect();
            names.map_err(|_| BadFile::NotUtf8 { line: cells.line })
        }
    }
}
