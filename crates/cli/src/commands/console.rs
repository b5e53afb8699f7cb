//! `resync console`: a link that opens the web console once, and the browser that follows it.
//!
//! Must not know: how a link lets a browser in, or what the console shows.

use std::env;
use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::json;

use super::ask::{ask, show};
use crate::args::Common;
use crate::client::{Client, Place};
use crate::cloud::console::Console;
use crate::cloud::{Address, Deployment};
use crate::exit::Failure;

/// Opens the web console of the `resync local` that runs on the data directory, or with --url that of a deployment in AWS: this
/// command then signs what the browser asks, until Ctrl-C. The link is good for one use within a minute; whoever has it may do
/// all that the commands do.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync console
  resync console --no-open
  resync console --data /srv/resync --json
  resync console --url https://ID.lambda-url.eu-central-1.on.aws

Without a desktop, or with --no-open, it prints the link. Over SSH, forward the port first:
ssh -L PORT:127.0.0.1:PORT HOST, with the port that the link shows.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong data directory, 7 busy, 8 no resync local runs")]
pub(crate) struct ConsoleArgs {
    /// Print the link, and start no browser
    #[arg(long)]
    no_open: bool,
    #[command(flatten)]
    common: Common,
}

/// Asks for a link, and opens it.
pub(crate) async fn console(args: &ConsoleArgs) -> Result<(), Failure> {
    match Place::of(&args.common)? {
        Place::Cloud(address) => of_deployment(args, address).await,
        Place::Directory(_) => open_once(args, &ask(&args.common, link).await?, ""),
    }
}

/// Serves the console of a deployment on this machine, until a signal ends it.
async fn of_deployment(args: &ConsoleArgs, address: Address) -> Result<(), Failure> {
    let console = Console::of(Deployment::at(address, args.common.region.clone()).await?).await?;
    open_once(args, &console.link, "Ctrl-C ends it.\n")?;
    console.serve().await
}

fn open_once(args: &ConsoleArgs, url: &str, end: &str) -> Result<(), Failure> {
    let opened = !args.no_open && open(url);
    show(&args.common, &json!({ "url": url, "opened": opened }), || {
        let done = if opened { "The console opens in your browser; if it does not, open" } else { "Open" };
        format!("{done} this link within a minute. It works once.\n  {url}\n{end}")
    })
}

async fn link(client: &Client) -> Result<String, Failure> {
    let Some(base) = client.url() else {
        let said =
            "no `resync local` runs on the data directory, and the console is a part of it; start it and ask again";
        return Err(Failure::Conflict(said.to_owned()));
    };
    let answer = client.post("/v1/session", &json!({})).await?;
    let path = answer["open"].as_str().context("resync local gave no link; is it of this version?")?;
    Ok(format!("{base}{path}"))
}

/// Starts the desktop's browser, if there is a desktop.
fn open(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some()) {
        "xdg-open"
    } else {
        return false;
    };
    Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
