//! `resync suspension`: why nothing is sent, and the way to have it tried again.
//!
//! Must not know: when a connection is suspended.

use super::ask::{Told, of_connection, read, show, told};
use super::errors::text;
use super::when::when_or;
use crate::args::Common;
use crate::client::Route;
use crate::exit::Failure;

/// Shows why a connection is suspended, since when, and when it is probed next; or clears the suspension.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync suspension marketing
  resync suspension marketing --clear

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such connection, 7 busy")]
pub(crate) struct SuspensionArgs {
    /// The connection
    #[arg(value_name = "CONNECTION")]
    connection: String,
    /// Lift it: the next run sends again, and suspends again when the cause is still there
    #[arg(long)]
    clear: bool,
    #[command(flatten)]
    common: Common,
}

/// Shows or clears the suspension.
pub(crate) async fn suspension(args: &SuspensionArgs) -> Result<(), Failure> {
    let name = &args.connection;
    let route = Route::of(&["connections", name, "suspension"]);
    let told = of_connection(&args.common, name, async |client| {
        if args.clear { told(client, client.delete(route).await?).await } else { read(client, route).await }
    })
    .await?;
    show(&args.common, &told.answer, || if args.clear { cleared(name, &told) } else { shown(name, &told) })
}

fn cleared(name: &str, Told { answer, .. }: &Told) -> String {
    if answer["cleared"] == true {
        format!("The suspension of {name} is cleared; what was asked for goes on at once, the rest at its schedule.\n")
    } else {
        format!("{name} was not suspended.\n")
    }
}

fn shown(name: &str, Told { answer, now }: &Told) -> String {
    let suspension = &answer["suspension"];
    if suspension.is_null() {
        return format!("{name} is not suspended.\n");
    }
    let goes_on = match suspension["goes_on"].as_str() {
        Some(when) => format!("none; it goes on {when}"),
        None => "none".to_owned(),
    };
    format!(
        "{name} is suspended: {}\n  since       {}\n  next probe  {}\n`resync suspension {name} --clear` lifts it now.\n",
        text(suspension, "words"),
        when_or(&suspension["since"], *now, "-"),
        when_or(&suspension["next_probe"], *now, &goes_on),
    )
}
