//! Plays seeds and says what became of them.
//!
//! Must not know: what a play is.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clap::Parser;
use serde::Serialize;
use sha2::{Digest, Sha256};
use simulation::{Crowd, Delays, Enumerated, Fairness, Fault, Heavy, Played, Which, enumerate, fairness, play};

/// Kinds of fault must be met so often in a thousand seeds.
const LEAST_HITS: u64 = 100;

/// After so many seeds it is told how far the plays are.
const TOLD: u64 = 250;

/// How often each record of the heavy connection is refused before it is saved, so that its runs write it back to the index, too.
const REFUSALS: u32 = 1;

/// The light connections beside it.
const LIGHT: usize = 40;

/// Plays the production code over services in memory, in virtual time, while everything breaks that may break.
#[derive(Parser)]
struct Arguments {
    /// How many seeds are played.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One seed alone, with the history of its first violation.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Threads; each plays a seed at a time.
    #[arg(long, default_value_t = 1)]
    threads: u64,
    /// Instead of seeds: a small scenario, of which each run dies at each of its awaits, and the one after it at each of its own.
    #[arg(long, conflicts_with_all = ["seeds", "from", "seed", "json"])]
    crashes: bool,
    /// Instead of seeds: a connection with so many due records beside 40 with few, without any fault; and how late these are by it.
    #[arg(long, value_name = "RECORDS", conflicts_with_all = ["seeds", "from", "seed", "crashes"])]
    fairness: Option<usize>,
    /// How many ticks and runs may be under way at a time then, as the template's `RunConcurrency` says: far fewer than connections.
    #[arg(long, default_value_t = 5, requires = "fairness")]
    ceiling: usize,
    /// Plays no more seeds once an invariant is violated.
    #[arg(long)]
    fail_fast: bool,
    /// One line of JSON for scripts.
    #[arg(long)]
    json: bool,
}

/// What the plays came to.
#[derive(Serialize)]
struct Summary {
    seeds: u64,
    days: f64,
    records: u64,
    violations: Vec<Violation>,
    faults: BTreeMap<Fault, u64>,
    /// Kinds of fault that were met too rarely for the plays to say much of them.
    rare: Vec<Fault>,
    trace_hash: String,
}

#[derive(Serialize)]
struct Violation {
    seed: u64,
    what: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.crashes {
        return crashes(arguments.threads);
    }
    if let Some(heavy) = arguments.fairness {
        let crowd = Crowd { heavy, light: LIGHT, refusals: REFUSALS, ceiling: arguments.ceiling.max(1), slow: None };
        return is_fair(&crowd, arguments.json);
    }
    let (from, seeds) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    let how = How {
        threads: arguments.threads.max(1),
        fail_fast: arguments.fail_fast,
        keeps_lines: arguments.seed.is_some(),
    };
    let played = play_all(from, seeds, &how);
    if !arguments.json {
        for line in played.iter().flat_map(|played| &played.history) {
            println!("{line}");
        }
    }
    let summary = summary(&played);
    let failed = !summary.violations.is_empty() || !summary.rare.is_empty();
    if arguments.json {
        println!("{}", serde_json::to_string(&summary).expect("a summary has texts for keys"));
    } else {
        tell(&summary);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn crashes(threads: u64) -> ExitCode {
    let threads = usize::try_from(threads).unwrap_or(1);
    let Enumerated { awaits, plays, violations } = enumerate(Which::Pairs { step: 1 }, threads);
    for what in &violations {
        println!("{what}");
    }
    println!("{awaits} awaits, {plays} plays, {} violations", violations.len());
    if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_fair(crowd: &Crowd, json: bool) -> ExitCode {
    let fairness = fairness(crowd);
    if json {
        println!("{}", serde_json::to_string(&fairness).expect("it has texts for keys"));
    } else {
        tell_fairness(&fairness);
    }
    if fairness.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell_fairness(fairness: &Fairness) {
    let Fairness { ceiling, heavy, beside, alone, violations } = fairness;
    let Heavy { records, seconds, ticks, runs, calls, missing } = heavy;
    println!(
        "heavy: {records} records in {seconds:.0} s: {ticks} ticks, {runs} runs, {calls} calls, {missing} missing"
    );
    for (when, delays) in [("beside it", beside), ("alone", alone)] {
        let Delays { records, median_seconds, most_seconds, late, missing, waits, given_up } = delays;
        println!(
            "light, {when}: {records} records, delayed by {median_seconds:.1} s (median) and {most_seconds:.1} s (most); \
             {late} by more than a tick, {missing} missing; {waits} waits for one of {ceiling} places, {given_up} given up"
        );
    }
    for what in violations {
        println!("{what}");
    }
}

/// How seeds are played.
struct How {
    threads: u64,
    fail_fast: bool,
    keeps_lines: bool,
}

/// Plays the seeds, some at a time, and tells on standard error how far it is; what they came to, in their order.
fn play_all(from: u64, seeds: u64, how: &How) -> Vec<Played> {
    let (next, ended, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let work = || {
        let mut played = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds || how.fail_fast && failed.load(Ordering::Relaxed) {
                return played;
            }
            let play = play(from + number, how.keeps_lines);
            for what in &play.violations {
                eprintln!("seed {}: {what}", play.seed);
            }
            failed.fetch_or(!play.violations.is_empty(), Ordering::Relaxed);
            let ended = ended.fetch_add(1, Ordering::Relaxed) + 1;
            if ended.is_multiple_of(TOLD) {
                eprintln!("{ended} of {seeds} seeds played");
            }
            played.push(play);
        }
    };
    let mut played: Vec<Played> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..how.threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a play does not panic")).collect()
    });
    played.sort_by_key(|played| played.seed);
    played
}

fn summary(played: &[Played]) -> Summary {
    let mut faults: BTreeMap<Fault, u64> = Fault::ALL.iter().map(|fault| (*fault, 0)).collect();
    let mut hash = Sha256::new();
    let mut violations = Vec::new();
    for play in played {
        hash.update(play.trace_hash);
        for (fault, hits) in &play.faults {
            *faults.entry(*fault).or_default() += hits;
        }
        violations.extend(play.violations.iter().map(|what| Violation { seed: play.seed, what: what.clone() }));
    }
    let seeds = played.len() as u64;
    let is_rare = |hits: u64| seeds >= 1_000 && hits * 1_000 < LEAST_HITS * seeds;
    let rare = faults.iter().filter(|(_, hits)| is_rare(**hits)).map(|(fault, _)| *fault).collect();
    Summary {
        seeds,
        days: played.iter().map(|play| play.days).sum(),
        records: played.iter().map(|play| play.records).sum(),
        violations,
        faults,
        rare,
        trace_hash: hexadecimal(&hash.finalize()[..8]),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn tell(summary: &Summary) {
    let Summary { seeds, days, records, violations, faults, rare, trace_hash } = summary;
    for (fault, hits) in faults {
        println!("{hits:>9}  {fault:?}");
    }
    for Violation { seed, what } in violations {
        println!("seed {seed}: {what}");
    }
    for fault in rare {
        println!("{fault:?} was met too rarely");
    }
    println!("{seeds} seeds, {days:.0} days, {records} records, {} violations, trace {trace_hash}", violations.len());
}
