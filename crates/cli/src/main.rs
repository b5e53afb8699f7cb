//! The `resync` command: parses its arguments, runs one subcommand, and ends with a documented exit code.
//!
//! Must not know: any rule, or what a Lambda event looks like.

mod args;
mod demo;
mod exit;
mod explain;
mod output;
mod rows;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Explain(args) => explain::run(&args).await,
    };
    done.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
