//! `resync delete`: deletes the failures of records, so that nobody tries them any more.
//!
//! Must not know: what is kept of them afterwards.

use serde_json::json;

use super::ask::of_connection;
use super::carrying::Asking;
use super::meant::is_meant;
use super::plan::{self, Action};
use super::retry::finish;
use super::selection::{SELECTING, Selection};
use crate::args::Common;
use crate::exit::Failure;

/// Deletes the failures of records: some, or all that fit a description. Nobody tries them any more; what Salesforce and the
/// source hold is not touched, and a failure that is reported later comes in again. What would be deleted is always shown first.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("wanted").required(true).multiple(true).args(SELECTING).arg("plan"),
    after_help = "\
Examples:
  resync delete marketing/Contact/C-00004 --yes
  resync delete --type row-lock --connection marketing --yes
  resync delete --state scheduled --object Contact --connection marketing --yes --json

With --plan, what `resync plan --delete` showed is carried out. `resync retries` shows what was asked for, and cancels it.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong input or data directory, or nobody to ask and no --yes,
4 no such connection, 7 busy, 8 you did not say yes, the plan is too old, too many open requests, the id is another
request's, or --wait with nothing running or a request that was cancelled"
)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    selection: Selection,
    /// Carry out this plan, by the id that `resync plan --delete` gave
    #[arg(long, value_name = "ID", requires = "connection", conflicts_with_all = SELECTING)]
    plan: Option<String>,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    /// A name for the request, 1 to 64 letters, digits, - and _
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Wait until it is done
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    common: Common,
}

/// Asks for the deletion, and waits for it if it is to.
pub(crate) async fn delete(args: &DeleteArgs) -> Result<(), Failure> {
    let connection = args.selection.connection()?;
    let asking = Asking { connection, id: args.id.as_deref(), wait: args.wait, quiet: args.common.json };
    let asked = of_connection(&args.common, connection, async |client| {
        asking.ensure_waitable(client)?;
        let plan = if let Some(id) = &args.plan {
            json!(id)
        } else {
            let made = plan::make(client, connection, &args.selection, Action::Delete).await?;
            if plan::is_empty(&made.answer) {
                return Ok(Err(made.answer));
            }
            if !args.common.json {
                eprint!("{}", plan::words(&made));
            }
            made.answer["plan"]["id"].clone()
        };
        if !args.yes && !is_meant("Delete their failures? They cannot be brought back".to_owned())? {
            return Err(Failure::Conflict("nothing is deleted, because you did not say yes".to_owned()));
        }
        asking.ask(client, "deletions", &json!({ "plan": plan })).await.map(Ok)
    })
    .await?;
    finish(&args.common, &asking, asked)
}
