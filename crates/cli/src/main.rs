//! The `resync` command: parses its arguments, runs one subcommand, and ends with a documented exit code.
//!
//! Must not know: any rule, or what a Lambda event looks like.

mod args;
mod client;
mod cloud;
mod commands;
mod demo;
mod exit;
mod explain;
mod import;
mod local;
mod output;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio::runtime::Builder;

use args::{Args, Command};
use exit::Failure;

/// Threads for work that blocks: opening, clearing and closing the table, and looking up a host. The table works on threads of
/// its own. Each costs memory, and without a bound their number would creep up with the length of the work.
const BLOCKING: usize = 4;

fn main() -> ExitCode {
    let command = Args::parse().command;
    let runtime = Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build();
    let done = runtime.context("starting the runtime").map_err(Failure::Other);
    done.and_then(|runtime| runtime.block_on(run(command))).map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Local(args) => local::run(&args).await,
        Command::Console(args) => commands::console(&args).await,
        Command::Connection(args) => commands::connection(&args).await,
        Command::Import(args) => import::run(&args).await,
        Command::Errors(args) => commands::errors(&args).await,
        Command::Records(args) => commands::records(&args).await,
        Command::Record(args) => commands::record(&args).await,
        Command::Explain(args) => explain::run(&args).await,
        Command::Plan(args) => commands::plan(&args).await,
        Command::Delete(args) => commands::delete(&args).await,
        Command::Retry(args) => commands::retry(&args).await,
        Command::Retries(args) => commands::retries(&args).await,
        Command::Usage(args) => commands::usage(&args).await,
        Command::Limit(args) => commands::limit(&args).await,
        Command::Suspension(args) => commands::suspension(&args).await,
        Command::Runs(args) => commands::runs(&args).await,
        Command::Export(args) => commands::export(&args).await,
        Command::Erase(args) => commands::erase(&args).await,
        Command::Audit(args) => commands::audit(&args).await,
        Command::Doctor(args) => commands::doctor(&args).await,
        Command::Retention(args) => commands::retention(&args).await,
        Command::Completions(args) => commands::completions(&args),
    }
}
