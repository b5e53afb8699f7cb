//! The command line: subcommands, options and their help.
//!
//! Must not know: what the subcommands do.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  resync demo
  resync demo --keep /tmp/resync
  resync explain /tmp/resync billing/Invoice__c/INV-00008";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something failed; the message says what
  2  the command line is wrong
  3  an input file or setting is wrong or cannot be read; nothing was changed
  4  there is no such record or connection
  5  the demo's independent check found an invariant broken";

/// Retries failed CRM syncs under exact rules, within an API budget, and says why a record is not retrying.
#[derive(Debug, Parser)]
#[command(name = "resync", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play three days of retries on files of failed rows, against a simulated Salesforce
    Demo(DemoArgs),
    /// Say why a record of a kept demo is not retrying: every gate, its numbers, the next try
    Explain(ExplainArgs),
}

/// Loads files of failed rows into two connections, one per policy, and plays three days through the handlers that run in
/// the cloud: the schedules tick, a picklist is mended, Salesforce is down, the budget runs out, a password changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync demo                                    three days on the example files
  resync demo --json | jq '.connections[0]'      the summary alone, for scripts
  resync demo --records 10000                    more contacts
  resync demo --keep /tmp/resync                 keep the data, then:
  resync explain /tmp/resync billing/Invoice__c/INV-00008

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong or unreadable input, 5 an invariant was broken")]
pub(crate) struct DemoArgs {
    /// Print the summary alone, as JSON, to standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Rows of the first file to play (the contacts): fewer cut it, more are made up in its likeness
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) records: Option<u32>,
    /// The seed of everything that is made up: the same seed plays the same three days
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Keep the data in this directory, for `resync explain`; it is created and must be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Use the files that DIR/demo.json names instead of the built-in examples (docs/examples/demo.json shows the form)
    #[arg(long, value_name = "DIR")]
    pub(crate) examples: Option<PathBuf>,
}

/// Reads a kept demo and answers for one record: why is it not retrying, when will it be tried, what would help sooner.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync explain /tmp/resync marketing/Contact/C-00004
  resync explain /tmp/resync billing/Invoice__c/INV-00008 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no kept demo, 4 no such record or connection")]
pub(crate) struct ExplainArgs {
    /// The directory that `resync demo --keep` wrote
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The record: connection/object/external-id
    #[arg(value_name = "RECORD")]
    pub(crate) record: String,
    /// Print the explanation as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
