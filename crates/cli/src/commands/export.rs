//! `resync export`: a connection's failing records in a file, without their payloads.
//!
//! Must not know: the columns.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::ask::of_connection;
use super::filter::FilterArgs;
use crate::args::Common;
use crate::client::{Client, PAGE, Route};
use crate::exit::Failure;

/// Writes a connection's failing records as CSV or JSON lines. Payloads are left out; error messages may quote them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync export marketing
  resync export billing --object Invoice__c --format jsonl
  resync export marketing --type invalid-picklist --message \"Country\" --failed-from 3d
  resync export marketing --output failing.csv --force

A cell that a spreadsheet would take for a formula begins with an apostrophe.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong filter, file or data directory, 4 no such connection, error type
or object, 7 busy")]
pub(crate) struct ExportArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    filter: FilterArgs,
    /// The form; `--json` is short for jsonl
    #[arg(long, value_name = "FORMAT", default_value = "csv", value_parser = ["csv", "jsonl"])]
    format: String,
    /// Write to this file, which appears when it is whole, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    common: Common,
}

/// Writes the records.
pub(crate) async fn export(args: &ExportArgs) -> Result<(), Failure> {
    let format = if args.common.json { "jsonl" } else { &args.format };
    let route = Route::of(&["connections", &args.connection, "export"]).with("format", format).with("limit", PAGE);
    of_connection(&args.common, &args.connection, async |client| {
        if let Some(misspelt) = args.filter.misspelt(client, &args.connection).await? {
            return Err(misspelt);
        }
        let pages = Pages { client, asked: args.filter.asked_of(client, route).await? };
        match &args.output {
            Some(path) => pages.to_file(path, args.force).await,
            None => pages.to_standard_output().await,
        }
    })
    .await
}

/// Why a file is not written to its end.
enum Ended {
    /// Its reader has seen enough, which is no failure.
    Enough,
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The pages of one file.
struct Pages<'a> {
    client: &'a Client,
    asked: Route,
}

impl Pages<'_> {
    /// All of them, piece by piece, one after another.
    async fn write(&self, mut to: impl FnMut(&[u8]) -> Result<(), Ended>) -> Result<(), Ended> {
        let mut page = self.client.page(self.asked.clone()).await?;
        loop {
            while let Some(chunk) = page.body.next().await? {
                to(&chunk)?;
            }
            let Some(cursor) = page.next else { return Ok(()) };
            page = self.client.page(self.asked.clone().with("cursor", &cursor)).await?;
        }
    }

    async fn to_standard_output(&self) -> Result<(), Failure> {
        let written = self.write(|chunk| {
            let mut out = io::stdout().lock();
            match out.write_all(chunk).and_then(|()| out.flush()) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Ended::Enough),
                written => written.context("writing to standard output").map_err(|error| Ended::Failed(error.into())),
            }
        });
        done(written.await)
    }

    async fn to_file(&self, path: &Path, force: bool) -> Result<(), Failure> {
        let unusable = |error: &dyn std::fmt::Display| Failure::unusable(path, &error.to_string());
        if path.exists() && !force {
            return Err(unusable(&"it is there already; replace it by --force, or name another"));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|error| unusable(&error))?;
        done(self.write(|chunk| file.write_all(chunk).map_err(|error| Ended::Failed(unusable(&error)))).await)?;
        file.as_file().sync_all().map_err(|error| unusable(&error))?;
        let kept: Result<File, _> = if force { file.persist(path) } else { file.persist_noclobber(path) };
        kept.map(drop).map_err(|error| unusable(&error.error))
    }
}

fn done(written: Result<(), Ended>) -> Result<(), Failure> {
    match written {
        Ok(()) | Err(Ended::Enough) => Ok(()),
        Err(Ended::Failed(failure)) => Err(failure),
    }
}
