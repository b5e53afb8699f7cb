//! Records of cells out of bytes: CSV with any delimiter, in constant memory, exact about lines and about quotes that go wrong.
//!
//! Must not know: what a cell means, or that the first record is a header.

use std::io::{self, Read};

use crate::{LARGEST_ROW, MOST_COLUMNS};

/// How many bytes are read at once, and how many of them can be looked at before the first record.
const CHUNK: usize = 64 * 1024;

/// What is wrong with the form of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It is longer than a row may be; its cells are not kept.
    TooLarge,
    /// The file ends within a quote.
    Unclosed,
    /// Text follows a closing quote.
    Stray,
}

/// One record. It is filled again and again, so that reading a file allocates nothing per row.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The line that it begins in, from 1.
    pub(crate) line: u64,
    /// How many cells it has; all are counted, also those that are not kept.
    pub(crate) count: usize,
    /// What is wrong with its form.
    pub(crate) flaw: Option<Flaw>,
    length: usize,
}

impl Cells {
    /// The cell at `index`, unless it is not there or was not kept.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    /// The cells that are kept, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).filter_map(|index| self.get(index))
    }

    /// Whether there is nothing in it, as in the last rows of a sheet that was exported with its empty rows.
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.is_empty() && self.flaw.is_none()
    }

    fn begin(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        (self.line, self.count, self.length, self.flaw) = (line, 0, 0, None);
    }

    fn grow(&mut self) {
        self.length += 1;
        if self.length > LARGEST_ROW && self.flaw != Some(Flaw::TooLarge) {
            self.flaw = Some(Flaw::TooLarge);
            self.bytes.clear();
            self.ends.clear();
        }
    }

    fn push(&mut self, byte: u8) {
        if self.flaw != Some(Flaw::TooLarge) {
            self.bytes.push(byte);
        }
    }

    fn end_cell(&mut self) {
        self.count += 1;
        if self.flaw != Some(Flaw::TooLarge) && self.ends.len() <= MOST_COLUMNS {
            self.ends.push(self.bytes.len());
        }
    }
}

/// Where the machine stands within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// A quote within quotes: it closes them, or it is the first of two that mean one.
    QuoteSeen,
}

/// Reads records.
#[derive(Debug)]
pub(crate) struct Records<R> {
    source: R,
    delimiter: u8,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    line: u64,
    after_return: bool,
    position: u64,
}

impl<R: Read> Records<R> {
    /// Begins to read; the delimiter is a comma until another one is set.
    pub(crate) fn new(source: R) -> Self {
        let buffer = vec![0; CHUNK].into_boxed_slice();
        Self { source, delimiter: b',', buffer, at: 0, end: 0, line: 1, after_return: false, position: 0 }
    }

    /// The first bytes, as many as fit, without taking them.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    /// Passes over `bytes` that were peeked at, which hold `lines` line ends.
    pub(crate) fn skip(&mut self, bytes: usize, lines: u64) {
        self.at += bytes;
        self.position += bytes as u64;
        self.line += lines;
    }

    pub(crate) fn delimit_by(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// How many bytes of the file are behind.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Fills `cells` with the next record; false at the end of the file. Empty lines are passed over.
    pub(crate) fn next(&mut self, cells: &mut Cells) -> io::Result<bool> {
        let Some(first) = self.first_byte()? else {
            return Ok(false);
        };
        cells.begin(self.line);
        let mut state = State::CellStart;
        let mut next = Some(first);
        while let Some(byte) = next {
            let ended = self.step(byte, &mut state, cells);
            self.take(byte);
            if ended {
                return Ok(true);
            }
            next = self.byte()?;
        }
        cells.end_cell();
        if state == State::Quoted {
            cells.flaw = Some(Flaw::Unclosed);
        }
        Ok(true)
    }

    /// Takes one byte into the record; true when it ends it.
    fn step(&self, byte: u8, state: &mut State, cells: &mut Cells) -> bool {
        cells.grow();
        *state = match (*state, byte) {
            (State::CellStart | State::QuoteSeen, b'"') => {
                if *state == State::QuoteSeen {
                    cells.push(b'"');
                }
                State::Quoted
            }
            (State::Quoted, b'"') => State::QuoteSeen,
            (State::Quoted, _) => {
                cells.push(byte);
                State::Quoted
            }
            (_, b'\r' | b'\n') => {
                cells.end_cell();
                return true;
            }
            (_, _) if byte == self.delimiter => {
                cells.end_cell();
                State::CellStart
            }
            (before, _) => {
                if before == State::QuoteSeen {
                    cells.flaw.get_or_insert(Flaw::Stray);
                }
                cells.push(byte);
                State::Plain
            }
        };
        false
    }

    /// The first byte of the next record: what ends lines before it is passed over.
    fn first_byte(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b'\r' | b'\n') {
                return Ok(Some(byte));
            }
            self.take(byte);
        }
        Ok(None)
    }

    /// The next byte, not taken yet.
    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.end {
            (self.at, self.end) = (0, 0);
            loop {
                match self.source.read(&mut self.buffer) {
                    Ok(read) => break self.end = read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok((self.at < self.end).then(|| self.buffer[self.at]))
    }

    /// Takes the byte and counts lines: a line ends with LF, CR, or CR LF.
    fn take(&mut self, byte: u8) {
        self.at += 1;
        self.position += 1;
        let second_half = byte == b'\n' && self.after_return;
        self.after_return = byte == b'\r';
        if matches!(byte, b'\r' | b'\n') && !second_half {
            self.line += 1;
        }
    }
}

#[cfg(test)]
mod tests;
