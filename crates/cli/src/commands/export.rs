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
use crate::client::{Chunks, Route};
use crate::exit::Failure;

/// Writes a connection's failing records as CSV or JSON lines. Payloads are left out; error messages may quote them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync export marketing
  resync export billing --object Invoice__c --format jsonl
  resync export marketing --type invalid-picklist --message \"Country\" --failed-from 2026-03-01T00:00:00Z
  resync export marketing --output failing.csv --force

A cell that a spreadsheet would take for a formula begins with an apostrophe.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong filter, file or data directory, 4 no such connection, 7 busy")]
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
    let route = args.filter.asked_of(Route::of(&["connections", &args.connection, "export"]).with("format", format));
    of_connection(&args.common, &args.connection, async |client| {
        let chunks = client.stream(route).await?;
        match &args.output {
            Some(path) => to_file(chunks, path, args.force).await,
            None => to_standard_output(chunks).await,
        }
    })
    .await
}

/// A reader that has seen enough ends it, and is no failure.
async fn to_standard_output(mut chunks: Chunks) -> Result<(), Failure> {
    while let Some(chunk) = chunks.next().await? {
        let mut out = io::stdout().lock();
        match out.write_all(&chunk).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("writing to standard output")?,
        }
    }
    Ok(())
}

async fn to_file(mut chunks: Chunks, path: &Path, force: bool) -> Result<(), Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::unusable(path, &error.to_string());
    if path.exists() && !force {
        return Err(unusable(&"it is there already; replace it by --force, or name another"));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|error| unusable(&error))?;
    while let Some(chunk) = chunks.next().await? {
        file.write_all(&chunk).map_err(|error| unusable(&error))?;
    }
    file.as_file().sync_all().map_err(|error| unusable(&error))?;
    let kept: Result<File, _> = if force { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).map_err(|error| unusable(&error.error))
}
