//! `resync retry`: has records tried out of turn.
//!
//! Must not know: how they are tried, or when the gates open.

use serde_json::{Value, json};

use super::ask::{of_connection, show};
use super::carrying::{Asked, Asking};
use super::meant::is_meant;
use super::plan::{self, Action};
use super::selection::{SELECTING, Selection};
use crate::args::Common;
use crate::client::Client;
use crate::exit::Failure;

/// Has records tried out of turn, whatever their age, attempts or error type: some, or all that fit a description. Never past
/// the API budget, a pause or a suspension: those are waited for. What a description means is shown first, and asked.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("wanted").required(true).multiple(true).args(SELECTING).arg("plan"),
    after_help = "\
Examples:
  resync retry marketing/Contact/C-00004
  resync retry billing/Invoice__c/INV-00008 billing/Invoice__c/INV-00016
  resync retry --type row-lock --connection marketing --yes
  resync retry --object Contact --older-than 12h --connection marketing --yes --json

With --plan, what `resync plan` showed is carried out. The same --id again is the same request, so a script may repeat
itself. `resync retries` shows what was asked for.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong input or data directory, or nobody to ask and no --yes,
4 no such connection, 7 busy, 8 you did not say yes, the plan is too old, too many open requests, the id is another
request's, or --wait with nothing running or a request that was cancelled"
)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    selection: Selection,
    /// Carry out this plan, by the id that `resync plan` gave
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

/// Asks for the retry, and waits for it if it is to.
pub(crate) async fn retry(args: &RetryArgs) -> Result<(), Failure> {
    let connection = args.selection.connection()?;
    let asking = Asking { connection, id: args.id.as_deref(), wait: args.wait, quiet: args.common.json };
    let asked = of_connection(&args.common, connection, async |client| {
        asking.ensure_waitable(client)?;
        match body(args, client, connection).await? {
            Body::Ask(body) => asking.ask(client, "resyncs", &body).await.map(Ok),
            Body::Nothing(plan) => Ok(Err(plan)),
        }
    })
    .await?;
    finish(&args.common, &asking, asked)
}

/// What is asked for, or the plan that means no record.
enum Body {
    Ask(Value),
    Nothing(Value),
}

async fn body(args: &RetryArgs, client: &Client, connection: &str) -> Result<Body, Failure> {
    if let Some(id) = &args.plan {
        return Ok(Body::Ask(json!({ "plan": id })));
    }
    if args.selection.is_named() {
        return Ok(Body::Ask(Value::Object(args.selection.wanted(client).await?)));
    }
    let made = plan::make(client, connection, &args.selection, Action::Retry).await?;
    if plan::is_empty(&made.answer) {
        return Ok(Body::Nothing(made.answer));
    }
    if !args.common.json {
        eprint!("{}", plan::words(&made));
    }
    if !args.yes && !is_meant("Retry them?".to_owned())? {
        return Err(Failure::Conflict("nothing is retried, because you did not say yes".to_owned()));
    }
    // Each plan is of an instant of its own: under one name a plan made anew would be another request.
    if args.id.is_some() {
        return Ok(Body::Ask(Value::Object(args.selection.wanted(client).await?)));
    }
    Ok(Body::Ask(json!({ "plan": made.answer["plan"]["id"] })))
}

/// Shows the request, or that there is nothing to do.
pub(super) fn finish(common: &Common, asking: &Asking<'_>, asked: Result<Asked, Value>) -> Result<(), Failure> {
    match asked {
        Ok(asked) => {
            show(common, &asked.answer, || asked.words(asking.connection))?;
            asked.ensure_done(asking)
        }
        Err(plan) => show(common, &plan, || format!("No failing record of {} is meant.\n", asking.connection)),
    }
}
