//! `resync records`: a connection's failing records, one line each.
//!
//! Must not know: in which order the routes find them.

use serde_json::Value;

use super::ask::{Told, of_connection, read, show};
use super::errors::text;
use super::table::Table;
use super::when::when_or;
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Lists a connection's failing records, those that fail longest first within each type of error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync records marketing
  resync records billing --object Invoice__c --state held
  resync records marketing --limit 500 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong filter or data directory, 4 no such connection, 7 busy")]
pub(crate) struct RecordsArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// Only those that fail with this type of error
    #[arg(long = "type", value_name = "TYPE")]
    error_type: Option<String>,
    /// Only those of this object
    #[arg(long, value_name = "OBJECT")]
    object: Option<String>,
    /// Only those in this state
    #[arg(long, value_name = "STATE", value_parser = ["scheduled", "timed_out", "held", "expired"])]
    state: Option<String>,
    /// How many at most, up to 500
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Go on where an earlier answer ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Lists the records.
pub(crate) async fn records(args: &RecordsArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name, "records"])
        .with("limit", &args.limit.to_string())
        .with_some("type", args.error_type.as_deref())
        .with_some("object", args.object.as_deref())
        .with_some("state", args.state.as_deref())
        .with_some("cursor", args.cursor.as_deref());
    let told = of_connection(&args.common, name, async |client| read(client, route).await).await?;
    show(&args.common, &told.answer, || render(args, &told))
}

fn render(args: &RecordsArgs, Told { answer, now }: &Told) -> String {
    let records = answer["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let next = answer["next"].as_str();
    let mut shown = if records.is_empty() { nothing(args, next) } else { table(records, *now).text() };
    if let Some(cursor) = next {
        shown += &["\nThere may be more: add --cursor ", cursor, "\n"].concat();
    }
    shown
}

fn nothing(args: &RecordsArgs, next: Option<&str>) -> String {
    let filtered = args.error_type.is_some() || args.object.is_some() || args.state.is_some();
    match (next, filtered) {
        (Some(_), _) => "None among those that were looked at so far.\n".to_owned(),
        (None, true) => format!("No failing record of {} fits; `resync errors {0}` counts all.\n", args.connection),
        (None, false) => format!("Nothing is failing in {}.\n", args.connection),
    }
}

fn table(records: &[Value], now: rules::time::Timestamp) -> Table {
    let mut table = Table::new(&["=RECORD", "STATE", "=TYPE", ">TRIES", "NEXT TRY", "MESSAGE"]);
    for record in records {
        let tries: u64 =
            record["attempts"].as_object().into_iter().flatten().filter_map(|(_, tries)| tries.as_u64()).sum();
        table.row([
            text(record, "record"),
            text(record, "state"),
            text(record, "error_type"),
            tries.to_string(),
            when_or(&record["next_try"], now, "none"),
            text(record, "message"),
        ]);
    }
    table
}
