//! `resync audit`: who changed what, and when.
//!
//! Must not know: what is audited.

use super::ask::{Told, ask, of_connection, read, show};
use super::errors::text;
use super::table::Table;
use super::when::{count, when_or};
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Lists who changed what, the newest first; an erased record is named by a fingerprint only.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync audit
  resync audit marketing --limit 5 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(crate) struct AuditArgs {
    /// Of this connection alone
    #[arg(value_name = "CONNECTION")]
    connection: Option<String>,
    /// How many at most, up to 1,000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
    #[command(flatten)]
    common: Common,
}

/// Lists the audit.
pub(crate) async fn audit(args: &AuditArgs) -> Result<(), Failure> {
    let route = Route::of(&["audit"])
        .with("limit", &args.limit.to_string())
        .with_some("connection", args.connection.as_deref());
    let told = match &args.connection {
        Some(name) => of_connection(&args.common, name, async |client| read(client, route).await).await?,
        None => ask(&args.common, async |client| read(client, route).await).await?,
    };
    show(&args.common, &told.answer, || render(&told))
}

fn render(Told { answer, now }: &Told) -> String {
    let entries = answer["audit"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return "Nothing was changed yet.\n".to_owned();
    }
    let mut table = Table::new(&["AT", "WHO", "WHAT", "=CONNECTION", "=SUBJECT", ">RECORDS"]);
    for entry in entries {
        table.row([
            when_or(&entry["at"], *now, "-"),
            text(entry, "who"),
            text(entry, "action").replace('_', " "),
            text(entry, "connection"),
            text(entry, "subject"),
            match entry["records"].as_u64() {
                None | Some(0) => "-".to_owned(),
                Some(records) => count(records),
            },
        ]);
    }
    table.text()
}
