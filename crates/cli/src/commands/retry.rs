//! `resync retry`: has records tried out of turn.
//!
//! Must not know: how they are tried, or when the gates open.

use std::io::IsTerminal;
use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use serde_json::{Value, json};

use super::ask::{of_connection, show};
use super::errors::text;
use super::key::Key;
use super::retries::{progress, words};
use crate::args::Common;
use crate::client::{Client, Route};
use crate::exit::Failure;

/// How often a request that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Has records tried out of turn, whatever their age, attempts or error type: some, all with one type of error, or all.
/// Never past the API budget, a pause or a suspension: those are waited for.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("wanted").required(true).args(["records", "error_type", "all"]),
    after_help = "\
Examples:
  resync retry marketing/Contact/C-00004
  resync retry billing/Invoice__c/INV-00008 billing/Invoice__c/INV-00016
  resync retry --type row-lock --connection marketing
  resync retry --all --object Contact --connection marketing --json

The same --id again is the same request, so a script may repeat itself. `resync retries` shows what was asked for.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong input or data directory, 4 no such connection, 7 busy,
8 too many open requests, the id is another request's, or --wait with nothing running or a request that was cancelled"
)]
pub(crate) struct RetryArgs {
    /// The records, all of one connection, 100 at most: connection/object/external-id
    #[arg(value_name = "RECORD")]
    records: Vec<Key>,
    /// All that fail with this type of error
    #[arg(long = "type", value_name = "TYPE", requires = "connection")]
    error_type: Option<String>,
    /// All that fail
    #[arg(long, requires = "connection")]
    all: bool,
    /// Of this connection
    #[arg(long, value_name = "CONNECTION", conflicts_with = "records")]
    connection: Option<String>,
    /// Of this object alone
    #[arg(long, value_name = "OBJECT", conflicts_with = "records")]
    object: Option<String>,
    /// A name for the request, 1 to 64 letters, digits, - and _
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Wait until it is done
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    common: Common,
}

/// Asks for the retry, and waits for it if it is to.
pub(crate) async fn retry(args: &RetryArgs) -> Result<(), Failure> {
    let name = connection(args)?;
    let (asked, runs) = of_connection(&args.common, name, async |client| {
        if args.wait && !client.is_running() {
            return Err(Failure::Conflict(
                "no `resync local` runs here, so there is nothing to wait for; start it, or leave out --wait"
                    .to_owned(),
            ));
        }
        let route = Route::of(&["connections", name, "resyncs"]);
        let asked = client.post_as(route, args.id.as_deref(), &wanted(args)).await?;
        let asked = if args.wait { wait(client, name, asked, args.common.json).await? } else { asked };
        Ok((asked, client.is_running()))
    })
    .await?;
    show(&args.common, &asked, || render(name, &asked, runs))?;
    match (args.wait, asked["request"]["state"].as_str()) {
        (true, Some("cancelled")) => Err(Failure::Conflict("it was cancelled before it was done".to_owned())),
        (_, _) => Ok(()),
    }
}

/// The one connection that is meant.
fn connection(args: &RetryArgs) -> Result<&str, Failure> {
    match (args.records.split_first(), &args.connection) {
        (Some((first, others)), _) => match others.iter().find(|other| other.connection != first.connection) {
            None => Ok(&first.connection),
            Some(other) => Err(Failure::Wrong(format!(
                "{first} and {other} are of two connections; ask for each connection's by themselves"
            ))),
        },
        (None, Some(connection)) => Ok(connection),
        (None, None) => Err(Failure::Wrong("which connection? name it by --connection".to_owned())),
    }
}

fn wanted(args: &RetryArgs) -> Value {
    let object = args.object.as_deref().map_or(json!({}), |object| json!({ "object": object }));
    let mut wanted = match (&args.error_type, args.all) {
        (Some(error_type), _) => json!({ "type": error_type }),
        (None, true) => json!({ "all": true }),
        (None, false) => json!({ "records": args.records.iter().map(Key::within).collect::<Vec<_>>() }),
    };
    if let (Some(wanted), Value::Object(object)) = (wanted.as_object_mut(), object) {
        wanted.extend(object);
    }
    wanted
}

/// Follows the request to its end. Who waits at a closed gate is told at once, on standard error: it may be a day.
async fn wait(client: &Client, connection: &str, asked: Value, quiet: bool) -> Result<Value, Failure> {
    let id = text(&asked["request"], "id");
    if !quiet && asked["waits_for"].as_array().is_some_and(|gates| !gates.is_empty()) {
        eprint!("{}", render(connection, &asked, true));
    }
    let bar = indicatif::ProgressBar::new_spinner();
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    loop {
        let now = client.get(Route::of(&["connections", connection, "resyncs", &id])).await?;
        bar.set_message(progress(&now["request"]["progress"]));
        bar.tick();
        if now["request"]["state"] != "open" {
            bar.finish_and_clear();
            return Ok(now);
        }
        SystemClock.wait(LOOK_EVERY).await;
    }
}

fn render(connection: &str, asked: &Value, runs: bool) -> String {
    let request = &asked["request"];
    let is_open = request["state"] == "open";
    let gates = asked["waits_for"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let local = (is_open && !runs).then_some("`resync local`, which does not run here; start it");
    let mut lines = vec![words(request)];
    lines.extend(gates.chain(local).map(|gate| format!("  waits for: {gate}")));
    let skipped = !is_open && request["progress"]["skipped"].as_u64() > Some(0);
    let why = "  skipped are records that do not fail any more or have lost their payload; `resync explain RECORD` says which";
    lines.extend(skipped.then(|| why.to_owned()));
    lines.extend(is_open.then(|| format!("`resync retries {connection} {}` follows it.", text(request, "id"))));
    lines.join("\n") + "\n"
}
