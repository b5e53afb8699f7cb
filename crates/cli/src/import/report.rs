//! What became of the rows: counted, the refused ones told one by one, in the memory of a few of them.
//!
//! Must not know: files of rows, or the routes.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use anyhow::Context;
use serde::Serialize;

use crate::commands::on_one_line;
use crate::exit::Failure;

/// How many refused rows a person is shown.
const SHOWN: usize = 20;

/// A refused row, as scripts are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refusal {
    pub(super) line: u64,
    pub(super) column: Option<String>,
    pub(super) problem: String,
    pub(super) mend: String,
}

impl Refusal {
    /// What is wrong and how to mend it, without the line.
    pub(super) fn words(&self) -> String {
        let Self { line: _, column, problem, mend } = self;
        column.as_ref().map_or_else(
            || format!("{problem}; {mend}"),
            |column| format!("the column {} {problem}; {mend}", on_one_line(column)),
        )
    }
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) skipped: u64,
}

/// The report of an import.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) counts: Counts,
    pub(super) refused: u64,
    first: Vec<String>,
    /// All refusals as JSON, for scripts: on disk, because they may be as many as the rows.
    spool: Option<BufWriter<File>>,
}

impl Report {
    /// Nothing has come to anything yet.
    pub(super) fn new(json: bool) -> Result<Self, Failure> {
        let spool = if json {
            Some(BufWriter::new(tempfile::tempfile().context("making a temporary file for the report")?))
        } else {
            None
        };
        Ok(Self { counts: Counts::default(), refused: 0, first: Vec::new(), spool })
    }

    /// How many rows there were.
    pub(super) fn rows(&self) -> u64 {
        self.counts.accepted + self.counts.updated + self.counts.unchanged + self.refused
    }

    /// How many rows changed something.
    pub(super) fn changed(&self) -> u64 {
        self.counts.accepted + self.counts.updated
    }

    /// Notes a refused row.
    pub(super) fn refuse(&mut self, refusal: &Refusal) -> Result<(), Failure> {
        if self.first.len() < SHOWN {
            self.first.push(format!("line {}: {}", refusal.line, refusal.words()));
        }
        if let Some(spool) = &mut self.spool {
            let between = if self.refused == 0 { "" } else { "," };
            let text = serde_json::to_string(refusal).context("writing the report")?;
            write!(spool, "{between}{text}").context("writing the report to a temporary file")?;
        }
        self.refused += 1;
        Ok(())
    }

    /// The first refused rows and how many more there are, a line each.
    pub(super) fn refused_lines(&self) -> Vec<String> {
        let more = self.refused.saturating_sub(self.first.len() as u64);
        let mut lines: Vec<String> = self.first.iter().map(|line| on_one_line(line)).collect();
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    /// Writes the report as JSON.
    pub(super) fn write_json(self, out: &mut impl Write) -> Result<(), Failure> {
        let counts = serde_json::to_string(&self.counts).context("writing the report")?;
        let Some(spool) = self.spool else {
            return Ok(());
        };
        let mut refused = spool.into_inner().map_err(io::IntoInnerError::into_error).context("writing the report")?;
        let mut write = || {
            refused.rewind()?;
            write!(out, "{},\"refused\":[", counts.trim_end_matches('}'))?;
            io::copy(&mut refused, out)?;
            writeln!(out, "]}}")?;
            out.flush()
        };
        match write() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written.context("writing to standard output")?),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Counts, Refusal, Report, SHOWN};

    fn refusal(line: u64) -> Refusal {
        let text = |text: &str| text.to_owned();
        Refusal { line, column: Some(text("Key\n__c")), problem: text("is empty"), mend: text("fill it in") }
    }

    #[test]
    fn a_person_sees_the_first_refused_rows_and_how_many_more_there_are() {
        let mut report = Report::new(false).expect("it begins");
        for line in 2..=32 {
            report.refuse(&refusal(line)).expect("it is noted");
        }
        let lines = report.refused_lines();
        assert_eq!(lines[0], "line 2: the column Key __c is empty; fill it in");
        assert_eq!((lines.len(), lines[SHOWN].as_str()), (SHOWN + 1, "and 11 more"));
    }

    #[test]
    fn a_script_is_told_all_of_them() {
        let mut report = Report::new(true).expect("it begins");
        report.counts = Counts { accepted: 3, updated: 2, unchanged: 1, skipped: 4 };
        for line in 2..=32 {
            report.refuse(&refusal(line)).expect("it is noted");
        }
        assert_eq!(report.rows(), 37);
        let mut out = Vec::new();
        report.write_json(&mut out).expect("it is written");
        let read: Value = serde_json::from_slice(&out).expect("it is JSON");
        assert_eq!((&read["accepted"], &read["skipped"]), (&json!(3), &json!(4)));
        assert_eq!(read["refused"].as_array().map(Vec::len), Some(31));
        let first = json!({ "line": 2, "column": "Key\n__c", "problem": "is empty", "mend": "fill it in" });
        assert_eq!(read["refused"][0], first);
    }
}
