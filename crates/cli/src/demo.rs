//! `resync demo`: loads files of failed rows into two connections, plays three days of retries, and shows the morning after in the
//! web console.
//!
//! Must not know: what a Lambda event looks like; the functions' own handlers are called with what they are sent.

mod bus;
mod check;
mod clock;
mod facts;
mod life;
mod made_up;
mod manifest;
mod morning;
mod org;
mod outcome;
mod play;
mod serve;
mod summary;
mod timeline;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use engine::ports::Clock;
use rules::time::Timestamp;
use tempfile::TempDir;

use crate::args::DemoArgs;
use crate::exit::Failure;
use crate::local::{self, Claim};
use crate::output;
use manifest::Source;
use play::Play;
use world::World;

/// When the play begins: a Saturday, 06:00 UTC; UK clocks change in the night that follows.
const START: &str = "2026-10-24T06:00:00Z";

/// Plays the demo.
pub(crate) async fn run(args: &DemoArgs) -> Result<(), Failure> {
    let listener = if args.serve { Some(serve::listen(args.port).await?) } else { None };
    let mut sources = manifest::read(args.examples.as_deref())?;
    resize(&mut sources, args);
    let start = Timestamp::parse(START).context("the start of the play")?;
    let place = Directory::of(args)?;
    let claim = place.as_ref().map(|place| Claim::of(place.path(), start)).transpose()?;
    let world = World::start(&sources, args.keep.as_deref(), start, args.seed).await?;
    let mut play = Play::new(&world, &sources, args.json);
    play.play().await?;
    let summary = outcome::summarise(&world, &sources, &play).await?;
    let timeline = play.timeline.render();
    let text = if args.json {
        serde_json::to_string(&summary).context("writing the summary")? + "\n"
    } else {
        format!("{timeline}{}{}", summary.render(), hint(args))
    };
    output::print(&text)?;
    if let (Some(listener), Some(claim)) = (listener, &claim) {
        morning::break_of_day(&world, &sources).await?;
        serve::serve(&world, listener, claim, args.json).await?;
    }
    claim.map(|claim| claim.release(world.clock.now())).transpose()?;
    world.stop().await;
    if summary.violations.is_empty() { Ok(()) } else { Err(Failure::Violations(summary.violations.len())) }
}

/// The directory of what is kept, or of what is served: through it the commands find the demo.
enum Directory {
    Kept(PathBuf),
    /// It is removed at the end.
    Served(TempDir),
}

impl Directory {
    fn of(args: &DemoArgs) -> Result<Option<Self>, Failure> {
        local::keep_private();
        match (&args.keep, args.serve) {
            (Some(directory), _) => {
                make_empty(directory)?;
                Ok(Some(Self::Kept(directory.clone())))
            }
            (None, true) => {
                let made = tempfile::Builder::new().prefix("resync-demo-").tempdir();
                Ok(Some(Self::Served(made.context("making a directory for what is served")?)))
            }
            (None, false) => Ok(None),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Served(directory) => directory.path(),
        }
    }
}

/// How to ask why a record is not retrying.
fn hint(args: &DemoArgs) -> String {
    let Some(directory) = &args.keep else {
        return "\nAdd --keep DIR to keep the data, then ask `resync explain RECORD --data DIR` why a record is not retrying.\n"
            .to_owned();
    };
    let record = if args.examples.is_some() { "CONNECTION/OBJECT/ID" } else { "billing/Invoice__c/INV-00008" };
    format!("\nWhy is a record not retrying?  resync explain {record} --data {}\n", directory.display())
}

/// Applies `--records` to the first file of the first connection.
fn resize(sources: &mut [Source], args: &DemoArgs) {
    if let (Some(wanted), Some(file)) = (args.records, sources.first_mut().and_then(|source| source.files.first_mut()))
    {
        made_up::resize(file, wanted as usize, args.seed);
    }
}

fn make_empty(directory: &Path) -> Result<(), Failure> {
    let unreadable = |problem: String| Failure::Unreadable { path: directory.display().to_string(), problem };
    fs::create_dir_all(directory).map_err(|error| unreadable(error.to_string()))?;
    let mut entries = fs::read_dir(directory).map_err(|error| unreadable(error.to_string()))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(unreadable("it is not empty; name a new directory".to_owned())),
    }
}
