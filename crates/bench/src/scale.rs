//! Growth: what a run takes as more is due, as more is stored, and what a tick takes as there are more connections.
//!
//! Must not know: how a run is measured.

use std::process::ExitCode;

use anyhow::{Context, ensure};

use crate::args::Scale;
use crate::figures::Figures;

/// Records that are due while others are only stored.
const FEW: usize = 1_000;

/// Prints three tables. Each run is a process of its own, and says on its own which bars it crosses; whether one did is known at the end.
pub(crate) fn scale(args: &Scale) -> anyhow::Result<ExitCode> {
    let mut crossed = false;
    println!(
        "| due | stored | connections | write units | read units | DynamoDB requests | Salesforce calls | CPU s | wall s | peak MB | $ |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for &due in &args.due {
        row(due, 0, 1, &capacity(due, 0, &mut crossed)?);
    }
    for &stored in &args.stored {
        row(FEW, stored, 1, &capacity(FEW, stored, &mut crossed)?);
    }
    for &connections in &args.connections {
        for figures in idle(connections, &mut crossed)? {
            row(0, 0, connections, &figures);
        }
    }
    Ok(if crossed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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

fn capacity(due: usize, stored: usize, crossed: &mut bool) -> anyhow::Result<Figures> {
    let (due, stored) = (due.to_string(), stored.to_string());
    let lines = own(&["capacity", "--json", "--outcome", "failure", "--records", &due, "--stored", &stored], crossed)?;
    lines.into_iter().next().context("a run printed nothing")
}

/// Of each policy.
fn idle(connections: usize, crossed: &mut bool) -> anyhow::Result<Vec<Figures>> {
    own(&["idle", "--json", "--connections", &connections.to_string()], crossed)
}

/// What a run printed. One that measured nothing failed otherwise than by a bar.
fn own(arguments: &[&str], crossed: &mut bool) -> anyhow::Result<Vec<Figures>> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = std::process::Command::new(own);
    let output = command.args(arguments).stderr(std::process::Stdio::inherit()).output().context("starting a run")?;
    let text = String::from_utf8(output.stdout).context("reading what a run took")?;
    ensure!(!text.is_empty(), "a run failed: {arguments:?}");
    *crossed |= !output.status.success();
    text.lines().map(|line| serde_json::from_str(line).context("reading what a run took")).collect()
}
