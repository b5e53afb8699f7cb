//! `resync connection set`, `pause` and `resume`.
//!
//! Must not know: which settings are right.

use serde_json::{Value, json};

use super::settings::SettingsArgs;
use crate::args::Common;
use crate::client::Route;
use crate::commands::ask::{of_connection, show};
use crate::exit::Failure;

/// Changes some of a connection's settings and leaves the others as they are. A setting of null in a file goes back to its default.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection set marketing --api-limit 20000
  resync connection set marketing --external-id Account=Account_Key__c
  resync connection set marketing --setting policy.tries=5 --setting policy.nightly_at=01:00

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings or data directory, 4 no such connection, 7 busy,
8 the policy cannot be changed while records are failing")]
pub(super) struct SetArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    common: Common,
}

/// Pauses a connection: nothing is sent until it is resumed. Failures are still taken in.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection pause marketing

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(super) struct PauseArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Resumes a paused connection.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection resume marketing

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(super) struct ResumeArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    #[command(flatten)]
    common: Common,
}

/// Changes settings.
pub(super) async fn set(args: &SetArgs) -> Result<(), Failure> {
    if args.settings.is_empty() {
        return Err(Failure::Wrong("which setting? `resync connection set --help` lists the options".to_owned()));
    }
    let name = &args.connection;
    let change = Value::Object(args.settings.assemble()?);
    let route = Route::of(&["connections", name]);
    let answer = of_connection(&args.common, name, async |client| client.patch(route, &change).await).await;
    let answer = answer.map_err(|failure| args.settings.in_options(failure))?;
    show(&args.common, &answer, || {
        if answer["changed"] == true { format!("{name} is changed.\n") } else { format!("{name} was so already.\n") }
    })
}

/// Pauses.
pub(super) async fn pause(args: &PauseArgs) -> Result<(), Failure> {
    switch(
        &args.common,
        &args.connection,
        "pause",
        ["is paused; `resync connection resume` goes on", "was paused already"],
    )
    .await
}

/// Resumes.
pub(super) async fn resume(args: &ResumeArgs) -> Result<(), Failure> {
    switch(
        &args.common,
        &args.connection,
        "resume",
        ["goes on: what is due or was asked for at once, the rest at its schedule", "was not paused"],
    )
    .await
}

async fn switch(common: &Common, name: &str, action: &str, [done, already]: [&str; 2]) -> Result<(), Failure> {
    let route = Route::of(&["connections", name, action]);
    let answer = of_connection(common, name, async |client| client.post(route, &json!({})).await).await?;
    show(common, &answer, || format!("{name} {}.\n", if answer["changed"] == true { done } else { already }))
}
