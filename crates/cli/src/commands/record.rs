//! `resync record`: one record, its state, its last error and its last ten tries. Never its payload.
//!
//! Must not know: why it stands as it does; that is `resync explain`.

use std::fmt::Write;

use rules::time::Timestamp;
use serde_json::Value;

use super::ask::{Told, of_record, promising, read, show};
use super::errors::text;
use super::key::Key;
use super::table::{Table, on_one_line};
use super::when::{when, when_or};
use crate::args::Common;
use crate::exit::Failure;

/// Shows one record: its state, its last error, its last ten tries. The values of its payload are never shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync record marketing/Contact/C-00004
  resync record billing/Invoice__c/INV-00008 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such record or connection, 7 busy")]
pub(crate) struct RecordArgs {
    /// The record: connection/object/external-id
    #[arg(value_name = "RECORD")]
    record: Key,
    #[command(flatten)]
    common: Common,
}

/// Shows the record.
pub(crate) async fn record(args: &RecordArgs) -> Result<(), Failure> {
    let key = &args.record;
    let told =
        of_record(&args.common, key, async |client| Ok(promising(client, read(client, key.route()).await?))).await?;
    show(&args.common, &told.answer, || render(key, &told))
}

fn render(key: &Key, Told { answer, now }: &Told) -> String {
    let record = &answer["record"];
    if answer["succeeded_at"].is_string() {
        let synced = when_or(&answer["succeeded_at"], *now, "at an unknown time");
        return format!("{key}: no failure is known; its source synced it {synced}\n");
    }
    let failure = &record["failure"];
    let mut shown = format!("{key}\n");
    let mut line = |name: &str, value: String| writeln!(shown, "  {name:<13} {value}").expect("a text takes a line");
    line("state", state(&record["state"], answer["expired"] == true, *now));
    line("error", on_one_line(&format!("{} ({})", text(failure, "error_type"), text(failure, "code"))));
    line("message", on_one_line(&text(failure, "message")));
    line("first failed", when_or(&record["first_failed"], *now, "-"));
    line("last failed", when_or(&record["last_failed"], *now, "-"));
    line("next try", when_or(&answer["next_try"], *now, "none, as things stand"));
    line("parent", parent(&record["parent"]));
    if let Some(stopped) = answer["stopped"].as_str() {
        line("stopped", on_one_line(stopped));
    }
    shown + &tries(&record["tries"], *now) + &format!("`resync explain {key}` says why it is not retrying.\n")
}

/// A state with its data in words. A state is a name, or an object with one field, its name.
fn state(state: &Value, expired: bool, now: Timestamp) -> String {
    let (name, data) = match state.as_object().and_then(|state| state.iter().next()) {
        Some((name, data)) => (name.as_str(), data),
        None => (state.as_str().unwrap_or("-"), &Value::Null),
    };
    let said = match name {
        "scheduled" if data.is_object() => format!("scheduled for {}", when_or(&data["at"], now, "a tick")),
        "scheduled" => "scheduled for the next sweep".to_owned(),
        "timed_out" => format!("in the timeout queue, tried {}", when_or(&data["next"], now, "at night")),
        "held" => format!("held: {}", data.as_str().unwrap_or("-").replace('_', " ")),
        "resolved" => {
            format!("resolved, {}, {}", text(data, "how").replace('_', " "), when_or(&data["at"], now, "-"))
        }
        other => other.replace('_', " "),
    };
    if expired { format!("expired, was {said}") } else { said }
}

fn parent(parent: &Value) -> String {
    match (parent["object"].as_str(), parent["id"].as_str()) {
        (Some(object), Some(id)) => on_one_line(&format!("{object}/{id}")),
        (_, _) => "none".to_owned(),
    }
}

fn tries(tries: &Value, now: Timestamp) -> String {
    let tries = tries.as_array().map(Vec::as_slice).unwrap_or_default();
    if tries.is_empty() {
        return "It was never tried.\n".to_owned();
    }
    let mut table = Table::new(&["TRIED", "BY", "OUTCOME"]);
    for tried in tries.iter().rev() {
        table.row([
            tried["at"]
                .as_str()
                .and_then(|at| Timestamp::parse(at).ok())
                .map_or_else(|| "-".to_owned(), |at| when(at, now)),
            text(tried, "kind"),
            match text(tried, "outcome").as_str() {
                "timed_out" => "failed, into the timeout queue".to_owned(),
                outcome => outcome.replace('_', " "),
            },
        ]);
    }
    format!("\n{}\n", table.text())
}
