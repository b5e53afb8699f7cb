//! The loop of an import: rows are read, gathered, sent, and their outcomes noted, one request after the other.
//!
//! Must not know: options for columns, or how the report is shown.

use std::io::Read;

use anyhow::anyhow;
use imports::{Broken, FailedRow, Reader, RefusedRow, Row};
use serde_json::Value;

use super::args::ImportArgs;
use super::batch::{Batch, Entry, Name, Outcome};
use super::progress::Progress;
use super::refused::RefusedFile;
use super::report::{Refusal, Report};
use super::source::Source;
use super::target::Target;
use crate::client::{Client, Route};
use crate::exit::Failure;

/// An import under way, and what it leaves behind.
#[derive(Debug)]
pub(super) struct Intake {
    /// What the audit knows it by.
    pub(super) name: Name,
    pub(super) source: Source,
    pub(super) target: Target,
    pub(super) report: Report,
    pub(super) refused: RefusedFile,
    /// The tool that wrote the file, where its header tells.
    pub(super) format: Option<&'static str>,
    /// Refused rows that are not in the file of them, because they are too large or their quotes went wrong.
    pub(super) unkept: u64,
}

impl Intake {
    /// Takes in all rows. When that breaks off, what came before is in, in the report and in the file of refused rows.
    pub(super) async fn take<R: Read>(
        &mut self,
        client: &Client,
        args: &ImportArgs,
        mut reader: Reader<R>,
    ) -> Result<(), Failure> {
        let progress = Progress::new(self.source.size());
        let taken = self.take_rows(client, args, &mut reader, &progress).await;
        progress.end();
        self.report.counts.skipped = reader.skipped();
        let kept = self.refused.finish();
        match (taken, kept) {
            (Err(broken_off), Err(unkept)) => {
                eprintln!("resync: {unkept}");
                Err(broken_off)
            }
            (taken, kept) => taken.and(kept),
        }
    }

    async fn take_rows<R: Read>(
        &mut self,
        client: &Client,
        args: &ImportArgs,
        reader: &mut Reader<R>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let mut batch = Batch::default();
        while let Some(row) = reader.next() {
            match row.map_err(|broken| self.broken(broken))? {
                Row::Failed(row) => match self.of_another_object(&row) {
                    Some((column, problem, mend)) => {
                        let (line, cells) = (row.line, reader.cells());
                        batch.refuse(RefusedRow { line, column: Some(column), problem, mend, cells });
                    }
                    None => batch.send(row, reader.cells(), &self.target),
                },
                Row::Refused(row) => batch.refuse(row),
            }
            if batch.is_full() {
                self.send(client, args, std::mem::take(&mut batch)).await?;
                progress.at(Reader::position(reader), self.report.rows());
            }
        }
        self.send(client, args, batch).await?;
        self.source.ensure_unchanged()
    }

    fn broken(&self, broken: Broken) -> Failure {
        let said = anyhow!(broken).context(format!("reading {}", self.source.path().display()));
        Failure::Other(said.context("the import broke off; what was taken in stays, so import the file again"))
    }

    /// What is wrong with a row that names another object than the file is imported as.
    fn of_another_object(&self, row: &FailedRow) -> Option<(String, String, String)> {
        let object = row.object.as_ref().filter(|object| **object != self.target.object)?;
        let problem = format!("names the object {object}, and the file is imported as {}", self.target.object);
        Some(("_".to_owned(), problem, format!("import the rows of {object} from a file of their own")))
    }

    /// Sends a batch and notes what became of its rows. A file that changed is noticed before its rows are sent.
    async fn send(&mut self, client: &Client, args: &ImportArgs, mut batch: Batch) -> Result<(), Failure> {
        let mut answer = Value::Null;
        if let Some(request) = batch.request(self.name, self.report.changed(), args.dry_run) {
            self.source.ensure_unchanged()?;
            let route = Route::of(&["connections", args.connection.as_str(), "imports"]);
            answer = client.post(route, &request).await?;
        }
        let results = answer["results"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut failed = None;
        for (entry, outcome) in batch.outcomes(results, &self.target)? {
            match outcome {
                Outcome::Accepted => self.report.counts.accepted += 1,
                Outcome::Updated => self.report.counts.updated += 1,
                Outcome::Unchanged => self.report.counts.unchanged += 1,
                Outcome::Refused(refusal) => self.refuse(&entry, &refusal)?,
                Outcome::Failed(detail) => failed = failed.or(Some((entry.line, detail))),
            }
        }
        match failed {
            None => Ok(()),
            Some((line, detail)) => Err(Failure::Other(anyhow!(
                "line {line} and perhaps later ones could not be taken in: {detail}; what was taken in stays, so import the \
                 file again"
            ))),
        }
    }

    fn refuse(&mut self, entry: &Entry, refusal: &Refusal) -> Result<(), Failure> {
        self.report.refuse(refusal)?;
        if entry.cells.is_empty() || !self.refused.write(&entry.cells, &refusal.words())? {
            self.unkept += u64::from(entry.cells.is_empty());
        }
        Ok(())
    }
}
