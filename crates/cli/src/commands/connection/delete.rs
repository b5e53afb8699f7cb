//! `resync connection delete`.
//!
//! Must not know: what stands against it.

use serde_json::json;

use crate::args::Common;
use crate::client::Route;
use crate::commands::ask::{of_connection, show};
use crate::commands::meant::is_meant;
use crate::exit::Failure;

/// Deletes a connection that has no failing record and no open retry left; it takes some seconds. What it resolved is forgotten in time.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync connection delete old --yes

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy,
8 it has failing records or open retries, or you did not say yes")]
pub(super) struct DeleteArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

/// Deletes the connection.
pub(super) async fn delete(args: &DeleteArgs) -> Result<(), Failure> {
    let name = &args.connection;
    if !args.yes && !is_meant(format!("Delete the connection {name}?"))? {
        return Err(Failure::Conflict(format!("{name} was not deleted, because you did not say yes")));
    }
    let route = Route::of(&["connections", name]);
    of_connection(&args.common, name, async |client| client.delete(route).await).await?;
    show(&args.common, &json!({ "deleted": true }), || {
        format!(
            "{name} is deleted. What it resolved is remembered for as long as it was to be kept: a new connection of this name \
             does not take the same versions in again.\n"
        )
    })
}
