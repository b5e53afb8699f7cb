//! The model on the command line: searches it, and shows what was found.
//!
//! Must not know: the protocol.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use model::bounds::Bounds;
use model::broken::Break;
use model::explore::{Explored, counterexample, explore};
use model::history::History;
use model::{invariants, partition};
use serde_json::{Value, json};

/// Tries every interleaving of the protocol of a run: runs, ingest, a person, Salesforce, and the faults between them.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  cargo run --release -p model                             everything that the tests search, one line for each part
  cargo run --release -p model -- --wide                   what takes too long for the tests, too
  cargo run --release -p model -- --variant no-quarantine  the shortest history that breaks a protocol without that rule
  cargo run --release -p model -- --list                   the parts, the invariants and the variants

It ends with 1 when an invariant is broken, when something that must be seen never was, or when a broken variant is not caught.
docs/ARCHITECTURE.md, \"The model\", says what is in the model and what is not.")]
struct Arguments {
    /// Switch one rule off, and show the histories that break an invariant.
    #[arg(long, value_name = "NAME", value_parser = variant)]
    variant: Option<Break>,
    /// Search what takes too long for the tests, too: some minutes.
    #[arg(long, conflicts_with = "variant")]
    wide: bool,
    /// Search only the parts whose name has this in it.
    #[arg(long, value_name = "TEXT", conflicts_with = "variant")]
    only: Option<String>,
    /// How many threads search. Without --variant a broken invariant's history need not be the shortest.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Write JSON: one object for each part, or for each broken invariant.
    #[arg(long)]
    json: bool,
    /// List the parts, the invariants and the variants, and search nothing.
    #[arg(long)]
    list: bool,
}

fn variant(text: &str) -> Result<Break, String> {
    let names = Break::ALL.map(Break::as_str).join(", ");
    let found = Break::ALL.into_iter().find(|rule| rule.as_str() == text);
    found.ok_or_else(|| format!("there is no such variant; write one of {names}"))
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut out = io::stdout().lock();
    let sound = match (arguments.list, arguments.variant) {
        (true, _) => list(&mut out),
        (false, Some(rule)) => break_it(&mut out, rule, arguments.json),
        (false, None) => search(&mut out, &arguments),
    };
    let sound = sound.context("the result cannot be written")?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(out: &mut impl Write) -> io::Result<bool> {
    for bounds in partition::narrow() {
        writeln!(out, "part       {}", bounds.name)?;
    }
    for bounds in partition::wide() {
        writeln!(out, "wide part  {}", bounds.name)?;
    }
    for invariant in invariants::all() {
        writeln!(out, "invariant  {}", invariant.name)?;
    }
    for rule in Break::ALL {
        writeln!(out, "variant    {}", rule.as_str())?;
    }
    Ok(true)
}

fn parts(arguments: &Arguments) -> Vec<Bounds> {
    let wide = if arguments.wide { partition::wide() } else { Vec::new() };
    let means = |bounds: &Bounds| arguments.only.as_ref().is_none_or(|text| bounds.name.contains(text));
    partition::narrow().into_iter().chain(wide).filter(means).collect()
}

fn search(out: &mut impl Write, arguments: &Arguments) -> io::Result<bool> {
    let mut sound = true;
    for bounds in parts(arguments) {
        let (explored, took) = timed(|| explore(&bounds, arguments.threads));
        sound &= explored.is_sound();
        if arguments.json {
            writeln!(out, "{}", as_json(&explored, took))?;
        } else {
            tell(out, &explored, took)?;
        }
        out.flush()?;
    }
    Ok(sound)
}

fn break_it(out: &mut impl Write, rule: Break, json: bool) -> io::Result<bool> {
    let mut caught = true;
    for (invariant, bounds) in rule.breaks() {
        let (history, took) = timed(|| counterexample(&bounds, invariant));
        caught &= history.is_some();
        if json {
            let (variant, seconds) = (rule.as_str(), took.as_secs_f64());
            let history = history.map(|history| history.0);
            let found = json!({ "variant": variant, "invariant": invariant, "history": history, "seconds": seconds });
            writeln!(out, "{found}")?;
        } else {
            tell_broken(out, rule, invariant, history.as_ref())?;
        }
    }
    Ok(caught)
}

fn tell(out: &mut impl Write, explored: &Explored, took: Duration) -> io::Result<()> {
    let Explored { name, states, depth, held, seen, .. } = explored;
    let (held, seen, seconds) = (held.len(), seen.len(), took.as_secs_f64());
    let verdict = if explored.is_sound() { "ok" } else { "BROKEN" };
    writeln!(
        out,
        "{verdict:<6} {states:>9} states, depth {depth}, {seconds:>5.1} s, {held} hold, {seen} seen: {name}"
    )?;
    for name in &explored.unseen {
        writeln!(out, "  never seen: {name}")?;
    }
    for (name, history) in &explored.broken {
        writeln!(out, "  broken: {name}\n{history}")?;
    }
    Ok(())
}

fn tell_broken(out: &mut impl Write, rule: Break, invariant: &str, history: Option<&History>) -> io::Result<()> {
    let rule = rule.as_str();
    match history {
        Some(history) => writeln!(out, "{rule} breaks {invariant}, in {} steps:\n{history}", history.0.len()),
        None => writeln!(out, "{rule} was NOT CAUGHT: it keeps {invariant}"),
    }
}

fn as_json(explored: &Explored, took: Duration) -> Value {
    let broken = explored.broken.iter().map(|(name, history)| json!({ "invariant": name, "history": history.0 }));
    json!({
        "name": explored.name,
        "states": explored.states,
        "transitions": explored.transitions,
        "depth": explored.depth,
        "seconds": took.as_secs_f64(),
        "held": explored.held,
        "broken": broken.collect::<Vec<_>>(),
        "seen": explored.seen,
        "unseen": explored.unseen,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a search is timed for whoever watches it; the model itself knows no clock"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed())
}
