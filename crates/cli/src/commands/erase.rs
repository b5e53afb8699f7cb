//! `resync erase`: a person's right to erasure.
//!
//! Must not know: where traces of a record are.

use serde_json::json;

use super::ask::{of_record, show};
use super::errors::text;
use super::key::Key;
use super::meant::is_meant;
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Erases what is kept of one record: its payload, its error, its tries. The audit keeps a fingerprint of its name.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync erase marketing/Contact/C-00004 --yes

What Salesforce and the source keep is not touched, and a failure that is reported later comes in again.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such record or connection, 7 busy,
8 a send of it may still be committed; the message says until when")]
pub(crate) struct EraseArgs {
    /// The record: connection/object/external-id
    #[arg(value_name = "RECORD")]
    record: Key,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

/// Erases the record.
pub(crate) async fn erase(args: &EraseArgs) -> Result<(), Failure> {
    let key = &args.record;
    if !args.yes && !is_meant(format!("Erase everything that is kept of {key}? It cannot be brought back"))? {
        return Err(Failure::Conflict(format!("{key} was not erased, because you did not say yes")));
    }
    let route = Route::of(&["connections", &key.connection, "erasures"]);
    let wanted = json!({ "object": key.object, "external_id": key.id });
    let answer = of_record(&args.common, key, async |client| {
        let answer = client.post(route, &wanted).await?;
        match answer["erased"].as_bool() {
            Some(false) => Err(Failure::NotFound(format!("nothing is kept of {key}"))),
            Some(true) | None => Ok(answer),
        }
    })
    .await?;
    show(&args.common, &answer, || format!("{key} is erased. {}\n", text(&answer, "note")))
}
