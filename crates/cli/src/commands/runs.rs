//! `resync runs`: what a connection's last runs did.
//!
//! Must not know: how a run works.

use serde_json::Value;

use super::ask::{Told, of_connection, read, show};
use super::table::Table;
use super::when::{count, time, when_or};
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Lists a connection's last runs, the newest first: what each was asked to do, what it did, and why it stopped. It passed over
/// records that were not due, had changed or may still be committed; a request that leaves records alone counts others.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync runs marketing
  resync runs marketing --limit 5 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(crate) struct RunsArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// How many at most, up to 500
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    #[command(flatten)]
    common: Common,
}

/// Lists the runs.
pub(crate) async fn runs(args: &RunsArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name, "runs"]).with("limit", &args.limit.to_string());
    let told = of_connection(&args.common, name, async |client| read(client, route).await).await?;
    show(&args.common, &told.answer, || render(name, &told))
}

fn render(connection: &str, Told { answer, now }: &Told) -> String {
    let runs = answer["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if runs.is_empty() {
        return format!(
            "No run of {connection} has made a call or changed a record yet. One that only finds a gate closed leaves no report: \
             `resync doctor {connection}` says what is closed.\n"
        );
    }
    let head = [
        "STARTED",
        "OF",
        ">SECONDS",
        "STOPPED",
        ">CALLS",
        ">TRIED",
        ">RESOLVED",
        ">FAILED",
        ">UNKNOWN",
        ">PASSED OVER",
        ">DELETED",
    ];
    let mut table = Table::new(&head);
    for run in runs {
        let counts = ["api_calls", "tried", "resolved", "failed", "unknown", "passed_over", "deleted"];
        // A run that deleted nothing does not name that number.
        let counts = counts.map(|name| count(run[name].as_u64().unwrap_or(0)));
        let words = [when_or(&run["started"], *now, "-"), name(&run["selection"]), took(run), name(&run["stopped"])];
        table.row(words.into_iter().chain(counts));
    }
    table.text()
}

/// The name of a variant, which stands alone or as the one field of an object.
fn name(variant: &Value) -> String {
    let named = variant.as_object().and_then(|object| object.keys().next()).map(String::as_str);
    named.or_else(|| variant.as_str()).unwrap_or("-").replace('_', " ")
}

fn took(run: &Value) -> String {
    match (time(&run["started"]), time(&run["ended"])) {
        (Some(started), Some(ended)) => ended.since(started).as_secs().to_string(),
        (_, _) => "-".to_owned(),
    }
}
