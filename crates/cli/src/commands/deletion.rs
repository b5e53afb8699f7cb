//! `resync delete`: deletes the failures of records, so that nobody tries them any more.
//!
//! Must not know: what is kept of them afterwards.

use super::plan::Action;
use super::requesting::RequestArgs;
use super::selection::SELECTING;
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
4 no such connection, record, error type or object, 7 busy, 8 you did not say yes, the plan is too old, too many open requests, the id is another
request's, or --wait with nothing running or a request that was cancelled"
)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    request: RequestArgs,
}

/// Asks for the deletion, and waits for it if it is to.
pub(crate) async fn delete(args: &DeleteArgs) -> Result<(), Failure> {
    args.request.carry_out(Action::Delete).await
}
