//! The file of refused rows: the same columns in the same order, then the problem, so that it can be mended and imported again.
//!
//! Must not know: why rows are refused.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use csv::{Writer, WriterBuilder};
use imports::{PROBLEM_COLUMN, Reader};

use crate::exit::Failure;

/// How many names are tried beside the file before a person is asked to tidy up.
const NAMES: usize = 100;

/// A file of refused rows, which is made when the first row is refused.
#[derive(Debug)]
pub(super) struct RefusedFile {
    place: Place,
    header: Vec<String>,
    delimiter: u8,
    /// The problem's column in the file that is read, when that is a mended one.
    problem: Option<usize>,
    writer: Option<(PathBuf, Writer<File>)>,
}

/// Where it is made.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Under this name, which must be free.
    Named(PathBuf),
    /// Beside the file that is read, under a name that is free.
    Beside(PathBuf),
    /// Nowhere.
    Nowhere,
}

impl Place {
    /// Where a person wants it. A dry run writes nothing that nobody asked for.
    pub(super) fn of(named: Option<&Path>, file: &Path, dry_run: bool) -> Result<Self, Failure> {
        match named {
            Some(path) if path.exists() => {
                Err(Failure::unusable(path, "it is there already; remove it, or name another file by --refused"))
            }
            Some(path) => Ok(Self::Named(path.to_owned())),
            None if dry_run => Ok(Self::Nowhere),
            None if file == Path::new("-") => Ok(Self::Beside(PathBuf::from("import"))),
            None => Ok(Self::Beside(file.to_owned())),
        }
    }

    fn create(&self) -> io::Result<Option<(PathBuf, File)>> {
        let create = |path: PathBuf| {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            Ok(Some((path, file)))
        };
        match self {
            Self::Nowhere => Ok(None),
            Self::Named(path) => create(path.clone()),
            Self::Beside(file) => {
                let numbered = (2..=NAMES).map(|number| format!("refused-{number}.csv"));
                for extension in std::iter::once("refused.csv".to_owned()).chain(numbered) {
                    match create(file.with_added_extension(extension)) {
                        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                        made => return made,
                    }
                }
                Err(io::Error::other("files of refused rows pile up beside the file; remove those that are done with"))
            }
        }
    }
}

impl RefusedFile {
    /// A file for the refused rows of `reader`, delimited as its file is.
    pub(super) fn new<R: Read>(place: Place, reader: &Reader<R>) -> Self {
        let header = reader.header();
        let problem = header.iter().position(|name| name.eq_ignore_ascii_case(PROBLEM_COLUMN));
        Self { place, header: header.to_vec(), delimiter: reader.delimiter(), problem, writer: None }
    }

    /// Where the rows are, once there are any.
    pub(super) fn path(&self) -> Option<&Path> {
        self.writer.as_ref().map(|(path, _)| path.as_path())
    }

    /// Writes a row; false when it goes nowhere.
    pub(super) fn write(&mut self, cells: &[Vec<u8>], problem: &str) -> Result<bool, Failure> {
        let unusable = |error: &dyn std::fmt::Display| {
            Failure::Other(anyhow::anyhow!("the refused rows cannot be written to a file: {error}"))
        };
        if self.writer.is_none() {
            let Some((path, file)) = self.place.create().map_err(|error| unusable(&error))? else {
                return Ok(false);
            };
            let mut writer = WriterBuilder::new().flexible(true).delimiter(self.delimiter).from_writer(file);
            let header: Vec<&[u8]> = self.header.iter().map(String::as_bytes).collect();
            put(&mut writer, header.into_iter(), self.problem, PROBLEM_COLUMN).map_err(|error| unusable(&error))?;
            self.writer = Some((path, writer));
        }
        let Some((_, writer)) = &mut self.writer else {
            return Ok(false);
        };
        // A row of another length has its cells elsewhere; all of them are kept.
        let old_problem = self.problem.filter(|_| cells.len() == self.header.len());
        let cells = cells.iter().map(Vec::as_slice);
        put(writer, cells, old_problem, problem).map_err(|error| unusable(&error))?;
        Ok(true)
    }

    /// Has all of it on the disk.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if let Some((path, writer)) = &mut self.writer {
            let written = writer.flush().and_then(|()| writer.get_ref().sync_all());
            written.map_err(|error| Failure::unusable(path, &error.to_string()))?;
        }
        Ok(())
    }
}

/// Writes the cells and, last, the problem; the cell at `without` is an older problem.
fn put<'a>(
    writer: &mut Writer<File>,
    cells: impl Iterator<Item = &'a [u8]>,
    without: Option<usize>,
    problem: &str,
) -> csv::Result<()> {
    for (_, cell) in cells.enumerate().filter(|(index, _)| Some(*index) != without) {
        writer.write_field(cell)?;
    }
    writer.write_field(problem)?;
    writer.write_record(None::<&[u8]>)
}
