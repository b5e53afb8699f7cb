//! `resync usage`: the API calls of the past 24 hours against the budget.
//!
//! Must not know: how calls are counted.

use std::fmt::Write;

use rules::time::Timestamp;
use serde_json::Value;

use super::ask::{Told, of_connection, promising, read, show};
use super::table::{Table, on_one_line};
use super::when::{count, counted, many, when_or};
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Shows the API calls of the past 24 hours: our own, those that the source reports, the cap, and the org's own figure; and when
/// what waits will have been tried.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync usage marketing
  resync usage marketing --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(crate) struct UsageArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Shows the usage.
pub(crate) async fn usage(args: &UsageArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name, "usage"]);
    let told =
        of_connection(&args.common, name, async |client| Ok(promising(client, read(client, route).await?))).await?;
    show(&args.common, &told.answer, || render(name, &told))
}

/// The usage in words.
pub(super) fn render(connection: &str, Told { answer, now }: &Told) -> String {
    let mut shown = format!("API calls of {connection} in the past 24 hours\n");
    let mut line = |name: &str, value: String| writeln!(shown, "  {name:<9} {value}").expect("a text takes a line");
    line("used", format!("{} of {}{}", counted(&answer["used"]), counted(&answer["cap"]), reserved(answer)));
    line("retries", counted(&answer["own"]));
    line("reported", format!("{} by the source", counted(&answer["reported"])));
    line("limit", limit(answer["api_limit"].as_u64()));
    line("org", org(answer, *now));
    if answer["used"].as_u64() >= answer["cap"].as_u64() {
        line("resumes", resumes(answer, *now));
    }
    let forecast = &answer["forecast"];
    line("waiting", waiting(forecast));
    line("clears", clears(forecast, *now));
    if let Some(stopped) = answer["stopped"].as_str() {
        line("stopped", on_one_line(stopped));
    }
    let buckets = answer["buckets"].as_array().map(Vec::as_slice).unwrap_or_default();
    if buckets.is_empty() {
        return shown;
    }
    let mut table = Table::new(&["20 MINUTES FROM", ">RETRIES", ">REPORTED"]);
    for bucket in buckets {
        table.row([when_or(&bucket["start"], *now, "-"), counted(&bucket["own"]), counted(&bucket["reported"])]);
    }
    format!("{shown}\n{}", table.text())
}

/// What of the used calls a run under way may give back.
fn reserved(answer: &Value) -> String {
    match answer["reserved_at_most"].as_u64() {
        None | Some(0) => String::new(),
        Some(calls) => format!("; a run is under way, up to {} of them are only reserved for it", count(calls)),
    }
}

/// When calls come back, for a budget that is used up.
fn resumes(answer: &Value, now: Timestamp) -> String {
    match &answer["resumes"] {
        Value::Null => "when the limit is raised".to_owned(),
        at => format!("{}, unless the source reports more calls until then", when_or(at, now, "-")),
    }
}

/// What waits, and what it takes to try it once.
fn waiting(forecast: &Value) -> String {
    let number = |field: &str| forecast[field].as_u64().unwrap_or(0);
    let queued = match number("timed_out_records") {
        0 => String::new(),
        records => format!(", {} of them in the timeout queue for the night", count(records)),
    };
    let (records, calls) = (many(number("waiting_records"), "record"), many(number("calls_needed"), "call"));
    format!("{records}{queued}; {calls} to try each once")
}

/// When all that waits will have been tried, if nothing else changes.
fn clears(forecast: &Value, now: Timestamp) -> String {
    match forecast["because"].as_str() {
        Some(because) => format!("nobody can tell: {because}"),
        None if forecast["clears"].is_null() => "nothing waits".to_owned(),
        None => format!("{} at the earliest", when_or(&forecast["clears"], now, "-")),
    }
}

/// A limit in words.
fn limit(limit: Option<u64>) -> String {
    limit.map_or_else(|| "none set; `resync limit` sets one".to_owned(), count)
}

fn org(answer: &Value, now: Timestamp) -> String {
    let org = &answer["org"];
    if org.is_null() {
        return "not known yet".to_owned();
    }
    format!("{} of {}, {}", counted(&org["used"]), counted(&org["limit"]), when_or(&org["at"], now, "-"))
}
