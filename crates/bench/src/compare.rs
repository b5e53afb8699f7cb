//! Side by side: the same run by Resync and by two programs in Python, alternately, each with a table and an org of its own.
//!
//! Must not know: how any of them works.

use std::process::Stdio;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::args::Peers;
use crate::figures::{Figures, Took};
use crate::spawn::Other;
use measured::plan::{CLIENT_ID, CLIENT_SECRET, CONNECTION, FIELD, OBJECT, Plan, PolicyKind, TABLE, USUAL_PAYLOAD};

/// Who runs, Resync first.
const CONTESTANTS: [&str; 3] = ["resync", "tuned", "straightforward"];

/// A figure that is compared: its name, and how it is read.
type Compared = (&'static str, fn(&Figures) -> f64);

#[expect(clippy::cast_precision_loss, reason = "counts of requests and bytes are far below 2^52")]
const COMPARED: [Compared; 7] = [
    ("CPU seconds", |figures| figures.cpu_seconds),
    ("peak memory, MB", |figures| figures.peak_rss_bytes as f64 / 1e6),
    ("wall seconds", |figures| figures.wall_seconds),
    ("write units", |figures| figures.write_units),
    ("read units", |figures| figures.read_units),
    ("DynamoDB requests", |figures| figures.dynamodb_requests as f64),
    ("Salesforce calls", |figures| figures.salesforce_calls as f64),
];

/// What a peer says that it took.
#[derive(Deserialize)]
struct Told {
    records: usize,
    cpu_seconds: f64,
    wall_seconds: f64,
    peak_rss_bytes: u64,
}

/// Runs all of them as often as asked, beginning each round with the next, and prints medians and ratios.
pub(crate) async fn side_by_side(args: &Peers) -> anyhow::Result<()> {
    let mut runs: [Vec<Figures>; 3] = Default::default();
    for round in 0..args.rounds {
        for turn in 0..CONTESTANTS.len() {
            let who = (round + turn) % CONTESTANTS.len();
            let figures = if who == 0 { resync(args).await? } else { peer(args, CONTESTANTS[who]).await? };
            eprintln!("{} {}", CONTESTANTS[who], serde_json::to_string(&figures)?);
            runs[who].push(figures);
        }
    }
    print(args, &runs);
    Ok(())
}

fn plan(args: &Peers) -> Plan {
    Plan {
        due: args.records,
        stored: 0,
        connections: 1,
        payload: USUAL_PAYLOAD,
        policy: PolicyKind::Interval,
        outcome: args.outcome,
        call_ms: args.call_ms,
        record_us: args.record_us,
        in_flight: args.in_flight,
    }
}

/// A process of its own, as the peers have one.
async fn resync(args: &Peers) -> anyhow::Result<Figures> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(own);
    command.args(["capacity", "--json", "--outcome", args.outcome.name()]);
    for (flag, value) in [
        ("--records", args.records.to_string()),
        ("--call-ms", args.call_ms.to_string()),
        ("--record-us", args.record_us.to_string()),
        ("--in-flight", args.in_flight.to_string()),
    ] {
        command.args([flag, &value]);
    }
    let output = command.stderr(Stdio::inherit()).output().await.context("running Resync")?;
    // A bar that it crossed is told on standard error; it is compared all the same.
    ensure!(!output.stdout.is_empty(), "Resync's run failed");
    serde_json::from_slice(&output.stdout).context("reading what Resync's run took")
}

async fn peer(args: &Peers, name: &str) -> anyhow::Result<Figures> {
    let plan = plan(args);
    let other = Other::start().await?;
    let settings = other.set_up(&plan).await?;
    let setting = json!({
        "address": other.address, "table": TABLE, "connection": CONNECTION, "object": OBJECT, "field": FIELD,
        "tick": plan.policy.tick().as_millis(), "shards": settings["shards"], "org": settings["target"]["login_url"],
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "in_flight": args.in_flight,
    });
    let told = run_python(args, name, &setting).await?;
    let counted = other.take().await?;
    other.stop().await?;
    ensure!(told.records == args.records, "{name} wrote {} of {} records", told.records, args.records);
    let seconds = std::time::Duration::from_secs_f64;
    let took =
        Took { cpu: seconds(told.cpu_seconds), wall: seconds(told.wall_seconds), peak_memory: told.peak_rss_bytes };
    Ok(Figures::of(args.records, &counted, took))
}

async fn run_python(args: &Peers, name: &str, setting: &Value) -> anyhow::Result<Told> {
    let program = format!("{}/peers/{name}.py", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(&args.python);
    command.arg(program).arg(setting.to_string()).stderr(Stdio::inherit()).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().await.with_context(|| format!("starting {}", args.python.display()))?;
    ensure!(output.status.success(), "the peer {name} failed");
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what the peer {name} took"))
}

fn print(args: &Peers, runs: &[Vec<Figures>; 3]) {
    println!(
        "{} records, {:?}, medians of {} alternated runs; ratios with their least and greatest",
        args.records, args.outcome, args.rounds
    );
    println!("| | Resync | tuned | straightforward | Resync / tuned | Resync / straightforward |");
    println!("|---|---|---|---|---|---|");
    for (what, figure) in COMPARED {
        let values = runs.each_ref().map(|runs| runs.iter().map(figure).collect::<Vec<f64>>());
        let medians = values.each_ref().map(|values| median(values.clone()));
        let [own, tuned, straightforward] = values;
        let (tuned, straightforward) = (ratio(&own, &tuned), ratio(&own, &straightforward));
        println!(
            "| {what} | {:.2} | {:.2} | {:.2} | {tuned} | {straightforward} |",
            medians[0], medians[1], medians[2]
        );
    }
}

/// The ratios of runs of the same round: the median, the least and the greatest.
fn ratio(own: &[f64], other: &[f64]) -> String {
    let mut ratios: Vec<f64> = own.iter().zip(other).map(|(own, other)| own / other).collect();
    ratios.sort_by(f64::total_cmp);
    let (least, greatest) = (ratios.first().copied().unwrap_or(f64::NAN), ratios.last().copied().unwrap_or(f64::NAN));
    format!("{:.3} ({least:.3}–{greatest:.3})", median(ratios))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len() % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        values => values[middle],
    }
}
