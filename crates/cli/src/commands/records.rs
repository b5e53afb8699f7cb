//! `resync records`: a connection's failing records, one line each.
//!
//! Must not know: in which order the routes find them.

use serde_json::{Value, json};

use super::ask::{Told, of_connection, show, told};
use super::errors::text;
use super::filter::FilterArgs;
use super::table::Table;
use super::when::{counted, when_or};
use crate::args::Common;
use crate::client::{Client, Route};
use crate::exit::Failure;

/// The pages that are asked for at most, until as many records are found as are wanted.
const MOST_PAGES: usize = 100;

/// Lists a connection's failing records, those that fail longest first within each type of error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync records marketing
  resync records billing --object Invoice__c --state held
  resync records marketing --type invalid-picklist --message \"Country\"
  resync records marketing --id C-0001
  resync records marketing --limit 500 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong filter or data directory, 4 no such connection, error type
or object, 7 busy")]
pub(crate) struct RecordsArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    filter: FilterArgs,
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
    let told = of_connection(&args.common, &args.connection, async |client| {
        let answer = pages(client, args).await?;
        if records_of(&answer).is_empty()
            && answer["next"].is_null()
            && let Some(misspelt) = args.filter.misspelt(client, &args.connection).await?
        {
            return Err(misspelt);
        }
        told(client, answer).await
    })
    .await?;
    show(&args.common, &told.answer, || render(args, &told))
}

/// As many records as are asked for: a page may have fewer, or none, before the end.
async fn pages(client: &Client, args: &RecordsArgs) -> Result<Value, Failure> {
    let asked = args.filter.asked_of(client, Route::of(&["connections", &args.connection, "records"])).await?;
    let mut answer = page(client, &asked, usize::from(args.limit), args.cursor.as_deref()).await?;
    for _ in 1..MOST_PAGES {
        let missing = usize::from(args.limit).saturating_sub(records_of(&answer).len());
        let Some(next) = answer["next"].as_str().filter(|_| missing > 0).map(str::to_owned) else { break };
        let more = page(client, &asked, missing, Some(&next)).await?;
        answer = joined(&answer, &more);
    }
    Ok(answer)
}

async fn page(client: &Client, asked: &Route, limit: usize, cursor: Option<&str>) -> Result<Value, Failure> {
    client.get(asked.clone().with("limit", &limit.to_string()).with_some("cursor", cursor)).await
}

/// Two pages as one: how far the search came is told by the later one.
fn joined(before: &Value, after: &Value) -> Value {
    let records: Vec<&Value> = records_of(before).iter().chain(records_of(after)).collect();
    let unreadable = [before, after].iter().filter_map(|page| page["unreadable"].as_u64()).sum::<u64>();
    json!({
        "records": records, "searched": after["searched"], "of": after["of"], "unreadable": unreadable,
        "next": after["next"],
    })
}

fn records_of(answer: &Value) -> &[Value] {
    answer["records"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn render(args: &RecordsArgs, Told { answer, now }: &Told) -> String {
    let records = records_of(answer);
    let next = answer["next"].as_str();
    let shown = if records.is_empty() { nothing(args, next) } else { table(records, *now).text() };
    let Some(cursor) = next else { return shown };
    let (searched, of) = (counted(&answer["searched"]), counted(&answer["of"]));
    format!("{shown}\nSearched {searched} of {of}. There may be more: add --cursor {cursor}\n")
}

fn nothing(args: &RecordsArgs, next: Option<&str>) -> String {
    match (next, args.filter.is_given()) {
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
