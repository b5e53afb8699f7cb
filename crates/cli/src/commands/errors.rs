//! `resync errors`: what a connection's records fail with, and what an administrator can do about it.
//!
//! Must not know: how errors are told apart.

use serde_json::Value;

use super::ask::{Told, of_connection, read, show};
use super::table::Table;
use super::when::{counted, many, when_or};
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Counts a connection's failing records by type of error: how many, since when, and what helps.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync errors marketing
  resync errors billing --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(crate) struct ErrorsArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Shows the errors.
pub(crate) async fn errors(args: &ErrorsArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name, "errors"]);
    let (told, looking_only) = of_connection(&args.common, name, async |client| {
        Ok((read(client, route).await?, client.is_for_looking_only()))
    })
    .await?;
    show(&args.common, &told.answer, || render(name, &told, looking_only))
}

/// The table, and the commands that go on from it: what would be refused is not among them.
fn render(connection: &str, Told { answer, now }: &Told, looking_only: bool) -> String {
    let records = answer["records"].as_u64().unwrap_or(0);
    if records == 0 {
        let import = format!(" `resync import FILE --connection {connection}` takes in failed rows.");
        return format!("Nothing is failing in {connection}.{}\n", if looking_only { "" } else { &import });
    }
    let mut table = Table::new(&["=TYPE", ">RECORDS", "OLDEST", "GROUP", "ADVICE"]);
    for error in answer["errors"].as_array().into_iter().flatten() {
        table.row([
            text(error, "type"),
            counted(&error["records"]),
            when_or(&error["oldest"], *now, "-"),
            text(error, "group"),
            advice(error),
        ]);
    }
    let all = many(records, "failing record");
    let list = format!("`resync records {connection} --type TYPE` lists them");
    let retry = format!(", `resync retry --type TYPE --connection {connection}` tries them now");
    format!("{}\n{all} in all. {list}{}.\n", table.text(), if looking_only { "" } else { &retry })
}

fn advice(error: &Value) -> String {
    let excluded = if error["excluded"] == true { "not retried by a schedule; " } else { "" };
    format!("{excluded}{}", text(error, "advice"))
}

/// The text that a field holds; `-` when it holds none.
pub(super) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or("-").to_owned()
}
