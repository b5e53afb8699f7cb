//! `resync import`: takes in a file of failed rows, row by row, and reports what became of each that was not taken.
//!
//! Must not know: formats, or what an accepted row is kept as.

mod args;
mod batch;
mod intake;
mod mapping;
mod progress;
mod refused;
mod report;
mod source;
mod target;

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow};
use engine::ports::Entropy;
use functions::SystemEntropy;
use imports::{BadFile, Format, Reader, object_of};
use rules::ids::ObjectName;
use rules::time::Timestamp;

pub(crate) use args::ImportArgs;

use crate::client::{Client, Route};
use crate::commands::of_connection;
use crate::exit::Failure;
use crate::output;
use batch::Name;
use intake::Intake;
use mapping::Mapping;
use refused::{Place, RefusedFile};
use report::Report;
use source::Source;
use target::Target;

/// Imports a file.
///
/// # Errors
/// When the file cannot be used, the connection is not known, the import broke off, or rows were refused. Of an import that
/// broke off there is a report all the same: what was taken in stays.
pub(crate) async fn run(args: &ImportArgs) -> Result<(), Failure> {
    let mapping = Mapping::of(args)?;
    let (source, file) = Source::open(&args.file)?;
    let name = args.connection.as_str();
    let (done, taken) =
        of_connection(&args.common, name, async |client| import(client, args, &mapping, source, file).await).await?;
    let refused = done.report.refused;
    let printed = if args.common.json {
        done.report.write_json(&mut io::stdout().lock())
    } else {
        output::print(&words(args, &done, taken.is_err())).map_err(Failure::Other)
    };
    taken.and(printed)?;
    if refused == 0 { Ok(()) } else { Err(Failure::RowsRefused(refused)) }
}

/// What was taken in, and what broke it off.
async fn import(
    client: &Client,
    args: &ImportArgs,
    mapping: &Mapping,
    source: Source,
    file: Box<dyn Read>,
) -> Result<(Intake, Result<(), Failure>), Failure> {
    let shown = client.get(Route::of(&["connections", args.connection.as_str()])).await?;
    let started = now(client).await?;
    let as_of = source.as_of(args.as_of, started)?;
    let target = Target::of(mapping, &shown["connection"], &source, first_object(args, mapping)?, as_of)?;
    let place = Place::of(args.refused.as_deref(), &args.file, args.dry_run)?;
    let reader =
        Reader::open(file, &mapping.layout, &target.external_id).map_err(|bad| unusable(source.path(), bad))?;
    if !args.dry_run {
        mapping.save(args)?;
    }
    let mut intake = Intake {
        name: Name { id: SystemEntropy.number(), started },
        format: reader.format().map(Format::tool),
        refused: RefusedFile::new(place, &reader),
        report: Report::new(args.common.json)?,
        target: target.spelled_as(reader.header()),
        source,
        unkept: 0,
    };
    let taken = intake.take(client, args, reader).await;
    Ok((intake, taken))
}

/// The system's own time: a failure's age is judged by it.
async fn now(client: &Client) -> Result<Timestamp, Failure> {
    let system = client.get("/v1/system").await?;
    let now = system["now"].as_str().and_then(|now| Timestamp::parse(now).ok());
    Ok(now.context("the system does not say what time it is")?)
}

/// The object that the file's first row names, when no option does. Standard input cannot be read twice.
fn first_object(args: &ImportArgs, mapping: &Mapping) -> Result<Option<ObjectName>, Failure> {
    if mapping.object.is_some() || !args.file.is_file() {
        return Ok(None);
    }
    let object = File::open(&args.file).and_then(object_of);
    object.map_err(|error| Failure::unusable(&args.file, &error.to_string()))
}

fn unusable(path: &Path, bad: BadFile) -> Failure {
    match bad {
        BadFile::Broken(broken) => Failure::unusable(path, &format!("{:#}", anyhow!(broken))),
        problem => Failure::unusable(path, &problem.to_string()),
    }
}

/// The report for a person.
fn words(args: &ImportArgs, done: &Intake, broke_off: bool) -> String {
    let Intake { report, target, source, .. } = done;
    let counts = report.counts;
    let mut text = String::new();
    let mut line = |words: String| writeln!(text, "{words}").expect("a text takes a line");
    let dry = if args.dry_run { "dry run, nothing was changed: " } else { "" };
    let tool = done.format.map_or_else(String::new, |tool| format!(" ({tool})"));
    line(format!("{dry}{}{tool} into {}/{}", source.path().display(), args.connection, target.object));
    line(format!(
        "  {} accepted, {} updated, {} unchanged, {} refused",
        counts.accepted, counts.updated, counts.unchanged, report.refused
    ));
    if counts.skipped > 0 {
        line(format!("  {} passed over, because they succeeded or nothing is in them", counts.skipped));
    }
    if broke_off {
        line("  the import broke off before the end of the file".to_owned());
    }
    for refused in report.refused_lines() {
        line(format!("    {refused}"));
    }
    if let Some(path) = done.refused.path() {
        line(format!(
            "  the refused rows are in {}; mend them there, take out the others, and import that file",
            path.display()
        ));
    }
    if done.unkept > 0 {
        let (unkept, path) = (done.unkept, source.path().display());
        line(format!(
            "  {unkept} of the refused rows cannot be copied, so mend those in {path} itself and import it again"
        ));
    }
    text
}
