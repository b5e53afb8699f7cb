//! How many instructions the hot paths take, counted by callgrind: the same on every machine, however busy it is.
//!
//! A path is taken a few times and more often, in two runs, and the difference is divided: what comes before it cancels out.
//!
//! Must not know: what the paths do.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};
use measured::hot::{Batch, Path};

use crate::args::{Hot, Instructions};

/// The counts that are kept, by path and profile.
const KEPT: &str = include_str!("../instructions.tsv");

/// How often a path is taken in the shorter run, and in the longer one. Tables of hashes are seeded anew each time, which moves what
/// packing a single batch takes by several percent: many are taken, so that their average stands still.
const TIMES: (u64, u64) = (2, 42);

/// How much more than what is kept is taken for a change, in percent. Counts still differ by some tenths.
const TOLERANCE: f64 = 2.0;

/// The profile that this program was compiled by.
const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

/// Takes a path, for callgrind to look at.
pub(crate) fn hot(args: &Hot) -> anyhow::Result<ExitCode> {
    let batch = Batch::new()?;
    let path = Path::ALL.into_iter().find(|path| path.name() == args.path).context("there is no such path")?;
    let made: usize = (0..args.times).map(|_| std::hint::black_box(&batch).take(path)).sum();
    println!("{made}");
    Ok(ExitCode::SUCCESS)
}

/// Counts each path, for a record, and compares the counts with those that are kept.
pub(crate) fn instructions(args: &Instructions) -> anyhow::Result<ExitCode> {
    let kept = kept()?;
    let mut risen = false;
    for path in Path::ALL {
        let counted = a_record(path)?;
        let name = path.name();
        if args.keep {
            println!("{name}\t{PROFILE}\t{counted}");
            continue;
        }
        let before = *kept.get(name).with_context(|| format!("nothing is kept for {name} in the profile {PROFILE}"))?;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let change = (counted as f64 / before as f64 - 1.0) * 100.0;
        let mark = if change > TOLERANCE { "RISEN" } else { "ok" };
        println!("{name:<10} {counted:>8} instructions a record, {before:>8} kept, {change:>+6.1} %  {mark}");
        risen |= change > TOLERANCE;
    }
    Ok(if risen { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn kept() -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut kept = BTreeMap::new();
    for line in KEPT.lines().filter(|line| !line.starts_with('#')) {
        let [name, profile, count] = line.split('\t').collect::<Vec<_>>()[..] else { bail!("no count: {line}") };
        if profile == PROFILE {
            kept.insert(name, count.parse().context("reading a count")?);
        }
    }
    Ok(kept)
}

/// Two hundred records each time.
fn a_record(path: Path) -> anyhow::Result<u64> {
    let (few, more) = (count(path, TIMES.0)?, count(path, TIMES.1)?);
    Ok(more.saturating_sub(few) / ((TIMES.1 - TIMES.0) * 200))
}

fn count(path: Path, times: u64) -> anyhow::Result<u64> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(own);
    let output = command.args(["hot", path.name(), &times.to_string()]).output().context("starting valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, count) = collected.with_context(|| format!("valgrind told no count: {said}"))?;
    count.trim().parse().context("reading valgrind's count")
}
