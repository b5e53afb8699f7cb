//! `resync connection list` and `show`: how connections stand.
//!
//! Must not know: how they are changed.

use rules::time::Timestamp;
use serde_json::Value;

use crate::args::Common;
use crate::client::{Client, Route};
use crate::commands::ask::{Told, of_connection, read, show as print, told, with};
use crate::commands::errors::text;
use crate::commands::table::{Table, on_one_line};
use crate::commands::when::{counted, many, when_or};
use crate::exit::Failure;

/// Lists the connections: policy, whether something stands against sending, and the API budget.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection list
  resync connection list --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 7 busy")]
pub(super) struct ListArgs {
    #[command(flatten)]
    common: Common,
}

/// Shows a connection's settings, and how it stands.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection show marketing
  resync connection show marketing --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(super) struct ShowArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Lists the connections.
pub(super) async fn list(args: &ListArgs) -> Result<(), Failure> {
    let client = Client::open(&args.common).await?;
    let told = with(client, async |client| told(client, client.get("/v1/connections").await?).await).await?;
    print(&args.common, &told.answer, || table(&told))
}

/// Shows one connection.
pub(super) async fn show(args: &ShowArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name]);
    let told = of_connection(&args.common, name, async |client| read(client, route).await).await?;
    print(&args.common, &told.answer, || settings(&told))
}

fn table(Told { answer, now }: &Told) -> String {
    let connections = answer["connections"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut shown = if connections.is_empty() {
        "There is no connection yet; `resync connection create` makes one.\n".to_owned()
    } else {
        let mut table =
            Table::new(&["=CONNECTION", "POLICY", "STANDS", ">CALLS USED OR RESERVED", ">CAP", ">OPEN RETRIES"]);
        for line in connections {
            let budget = &line["budget"];
            table.row([
                text(line, "id"),
                text(line, "policy"),
                stands(line["paused"] == true, line, *now),
                counted(&budget["used"]),
                counted(&budget["cap"]),
                counted(&line["open_requests"]),
            ]);
        }
        table.text()
    };
    match answer["unreadable"].as_u64() {
        None | Some(0) => {}
        Some(unreadable) => {
            shown += &["\n", &many(unreadable, "more connection"), " cannot be read; the log says why.\n"].concat();
        }
    }
    shown
}

/// What stands against sending, in words.
fn stands(paused: bool, standing: &Value, now: Timestamp) -> String {
    let (suspension, budget) = (&standing["suspension"], &standing["budget"]);
    if paused {
        "paused".to_owned()
    } else if !suspension.is_null() {
        format!("suspended: {}", text(suspension, "words"))
    } else if budget["used"].as_u64() >= budget["cap"].as_u64() {
        format!("budget used up, resumes {}", when_or(&budget["resumes"], now, "when the limit is raised"))
    } else {
        "ready".to_owned()
    }
}

fn settings(Told { answer, now }: &Told) -> String {
    let connection = &answer["connection"];
    let stands = stands(connection["paused"] == true, answer, *now);
    let mut lines = vec![("stands".to_owned(), stands)];
    flatten("", connection, &mut lines);
    let lines = lines.iter().filter(|(path, _)| path != "id");
    let shown: Vec<String> = lines.map(|(path, value)| format!("  {path:<32} {}\n", on_one_line(value))).collect();
    let name = text(connection, "id");
    format!("{name}\n{}`resync connection set {name} --setting PATH=VALUE` changes a setting.\n", shown.concat())
}

/// Every setting with its path.
fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, lines);
            }
        }
        Value::String(text) => lines.push((path.to_owned(), text.clone())),
        Value::Null => lines.push((path.to_owned(), "none".to_owned())),
        Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
            lines.push((path.to_owned(), value.to_string()));
        }
    }
}
