//! `bench`: what a run costs, in requests, capacity units, money, time and memory.
//!
//! One process carries the run out, as a function does: the real engine, store and Salesforce client, over HTTP. A second one,
//! which it starts, holds the table, the bus and the org, and counts what reaches them, so that counting costs the first nothing.
//!
//! Must not know: any rule. What is due, what is sent and what an answer means is for the engine.

mod args;
mod bars;
mod clock;
mod commands;
mod compare;
mod figures;
mod instructions;
mod process;
mod run;
mod scale;
mod services;
mod spawn;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    match args.command {
        Command::Capacity(capacity) => commands::capacity(&capacity),
        Command::Idle(idle) => commands::idle(&idle),
        Command::Scale(scale) => scale::scale(&scale),
        Command::Peers(peers) => commands::peers(&peers),
        Command::Bars(bars) => commands::bars(&bars),
        Command::Instructions(args) => instructions::instructions(&args),
        Command::Hot(hot) => instructions::hot(&hot),
        Command::Serve => services::serve(),
    }
}
