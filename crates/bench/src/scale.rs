//! Growth: what a run takes as more is due, as more is stored, and what a tick takes as there are more connections.
//!
//! Must not know: how a run is measured.

use anyhow::{Context, ensure};

use crate::args::Scale;
use crate::figures::Figures;

/// Records that are due while others are only stored.
const FEW: usize = 1_000;

/// Prints three tables. Each run is a process of its own.
pub(crate) fn scale(args: &Scale) -> anyhow::Result<()> {
    println!(
        "| due | stored | connections | write units | read units | DynamoDB requests | Salesforce calls | CPU s | wall s | peak MB | $ |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for &due in &args.due {
        row(due, 0, 1, &capacity(due, 0)?);
    }
    for &stored in &args.stored {
        row(FEW, stored, 1, &capacity(FEW, stored)?);
    }
    for &connections in &args.connections {
        for figures in idle(connections)? {
            row(0, 0, connections, &figures);
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
fn row(due: usize, stored: usize, connections: usize, figures: &Figures) {
    println!(
        "| {due} | {stored} | {connections} | {} | {} | {} | {} | {:.2} | {:.2} | {:.1} | {:.4} |",
        figures.write_units,
        figures.read_units,
        figures.dynamodb_requests,
        figures.salesforce_calls,
        figures.cpu_seconds,
        figures.wall_seconds,
        figures.peak_rss_bytes as f64 / 1e6,
        figures.cost_usd,
    );
}

fn capacity(due: usize, stored: usize) -> anyhow::Result<Figures> {
    let (due, stored) = (due.to_string(), stored.to_string());
    let lines = own(&["capacity", "--json", "--outcome", "failure", "--records", &due, "--stored", &stored])?;
    lines.into_iter().next().context("a run printed nothing")
}

/// Of each policy.
fn idle(connections: usize) -> anyhow::Result<Vec<Figures>> {
    own(&["idle", "--json", "--connections", &connections.to_string()])
}

fn own(arguments: &[&str]) -> anyhow::Result<Vec<Figures>> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = std::process::Command::new(own);
    let output = command.args(arguments).stderr(std::process::Stdio::inherit()).output().context("starting a run")?;
    ensure!(output.status.success(), "a run failed: {arguments:?}");
    let text = String::from_utf8(output.stdout).context("reading what a run took")?;
    text.lines().map(|line| serde_json::from_str(line).context("reading what a run took")).collect()
}
