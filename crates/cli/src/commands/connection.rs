//! `resync connection`: one source system into one Salesforce org, from its creation to its end.
//!
//! Must not know: what the settings mean; the routes check them.

mod change;
mod create;
mod delete;
mod list;
mod settings;
pub(super) mod test;
mod wizard;

use clap::Subcommand;

use crate::exit::Failure;

/// Creates, shows, changes, pauses, tests and deletes connections. A connection is one source system into one Salesforce org.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection create
  resync connection list
  resync connection show marketing
  resync connection test marketing

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings or data directory, 4 no such connection, 7 busy,
8 it cannot be done as things stand")]
pub(crate) struct ConnectionArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create a connection; without options, on a terminal, it asks for each setting
    Create(create::CreateArgs),
    /// List the connections and how each stands
    List(list::ListArgs),
    /// Show a connection's settings
    Show(list::ShowArgs),
    /// Change some of a connection's settings
    Set(change::SetArgs),
    /// Pause a connection: nothing is sent until it is resumed
    Pause(change::PauseArgs),
    /// Resume a paused connection
    Resume(change::ResumeArgs),
    /// Sign in and make one harmless call
    Test(test::TestArgs),
    /// Delete a connection that has no failing record left
    Delete(delete::DeleteArgs),
}

/// Runs one of them.
pub(crate) async fn connection(args: &ConnectionArgs) -> Result<(), Failure> {
    match &args.what {
        What::Create(args) => create::create(args).await,
        What::List(args) => list::list(args).await,
        What::Show(args) => list::show(args).await,
        What::Set(args) => change::set(args).await,
        What::Pause(args) => change::pause(args).await,
        What::Resume(args) => change::resume(args).await,
        What::Test(args) => test::test(args).await,
        What::Delete(args) => delete::delete(args).await,
    }
}
