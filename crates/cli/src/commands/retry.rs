//! `resync retry`: has records tried out of turn.
//!
//! Must not know: how they are tried, or when the gates open.

use super::plan::Action;
use super::requesting::RequestArgs;
use super::selection::SELECTING;
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
  resync retry --object Contact --failed-to 12h --connection marketing --yes --json

With --plan, what `resync plan` showed is carried out. The same --id again is the same request, so a script may repeat
itself. `resync retries` shows what was asked for.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong input or data directory, or nobody to ask and no --yes,
4 no such connection, record, error type or object, 7 busy, 8 you did not say yes, the plan is too old, too many open requests, the id is another
request's, or --wait with nothing running or a request that was cancelled"
)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    request: RequestArgs,
}

/// Asks for the retry, and waits for it if it is to.
pub(crate) async fn retry(args: &RetryArgs) -> Result<(), Failure> {
    args.request.carry_out(Action::Retry).await
}
