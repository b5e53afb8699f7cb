//! The command line: subcommands, the options that they share, and their help.
//!
//! Must not know: what the subcommands do.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cloud::{Address, Region};
use crate::commands::{
    AuditArgs, CompletionsArgs, ConnectionArgs, ConsoleArgs, DeleteArgs, DoctorArgs, EraseArgs, ErrorsArgs, ExportArgs,
    Key, LimitArgs, PlanArgs, RecordArgs, RecordsArgs, RetentionArgs, RetriesArgs, RetryArgs, RunsArgs, SuspensionArgs,
    UsageArgs,
};
use crate::import::ImportArgs;
use crate::local::LocalArgs;

const EXAMPLES: &str = "\
Examples:
  resync demo
  resync connection list
  resync errors marketing
  resync explain marketing/Contact/C-00004";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something failed; the message says what
  2  the command line is wrong
  3  an input file or setting is wrong or cannot be read; nothing was changed
  4  there is no such record or connection
  5  the demo's independent check found an invariant broken
  6  some rows of an imported file were refused; the others are in
  7  another process uses the data directory
  8  it cannot be done as things stand; the message says what stands against it";

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
    /// Run the schedules on this machine, until it is stopped
    Local(LocalArgs),
    /// Open the web console of the `resync local` that runs, or of a deployment in AWS
    Console(ConsoleArgs),
    /// Create, show, change, pause, test and delete connections
    Connection(ConnectionArgs),
    /// Take in a file of failed rows, as a sync tool wrote it
    Import(ImportArgs),
    /// Count a connection's failing records by type of error, with advice
    Errors(ErrorsArgs),
    /// List a connection's failing records
    Records(RecordsArgs),
    /// Show one record: its state, its last error, its last ten tries
    Record(RecordArgs),
    /// Say why a record is not retrying: every gate, its numbers, the next try
    Explain(ExplainArgs),
    /// Say what a retry or a deletion would do, and what it would cost
    Plan(PlanArgs),
    /// Have records tried out of turn: some, or all that fit a description
    Retry(RetryArgs),
    /// Delete the failures of records, so that nobody tries them any more
    Delete(DeleteArgs),
    /// List the retries and deletions that were asked for, follow one, or cancel it
    Retries(RetriesArgs),
    /// Show the API calls of the past 24 hours against the budget
    Usage(UsageArgs),
    /// Show, set or remove a connection's API limit
    Limit(LimitArgs),
    /// Show a connection's suspension, or clear it
    Suspension(SuspensionArgs),
    /// List a connection's last runs
    Runs(RunsArgs),
    /// Write a connection's failing records as CSV or JSON lines, without their payloads
    Export(ExportArgs),
    /// Erase what is kept of one record, for a person's right to erasure
    Erase(EraseArgs),
    /// List who changed what
    Audit(AuditArgs),
    /// Look at all that retries rest on, and say what is wrong and what to do
    Doctor(DoctorArgs),
    /// Show or set how long a connection's data is kept
    Retention(RetentionArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
}

/// What every command over the data takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The data directory; its `resync local` is asked when it runs [default: `$RESYNC_DATA`, or ~/.local/share/resync]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// In place of a directory, the function URL of a deployment in AWS; asked with your AWS credentials [default: `$RESYNC_URL`]
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub(crate) url: Option<Address>,
    /// The AWS region of the URL [default: the one in its host, or `$AWS_REGION`]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    /// Print the answer as JSON (docs/commands.md has the forms)
    #[arg(long)]
    pub(crate) json: bool,
}

/// Loads files of failed rows into two connections, one per policy, and plays three days through the handlers that run in
/// the cloud: the schedules tick, a picklist is mended, Salesforce is down, the budget runs out, a password changes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync demo                                    three days on the example files
  resync demo --json | jq '.connections[0]'      the summary alone, for scripts
  resync demo --records 2000                     more contacts
  resync demo --keep /tmp/resync                 keep the data, then:
  resync explain billing/Invoice__c/INV-00008 --data /tmp/resync
  resync demo --serve                            and then click through the morning after

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
    /// Keep the data in this directory, which the other commands then read with `--data`; it is created and must be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Use the files that DIR/demo.json names instead of the built-in examples (docs/examples/demo.json shows the form)
    #[arg(long, value_name = "DIR")]
    pub(crate) examples: Option<PathBuf>,
    /// Serve the web console after the three days, over the demo as it then stands, until Ctrl-C
    #[arg(long)]
    pub(crate) serve: bool,
    /// The console's port on 127.0.0.1; 0 for any that is free
    #[arg(long, value_name = "PORT", requires = "serve", default_value_t = 0)]
    pub(crate) port: u16,
}

/// Answers for one record: why is it not retrying, when will it be tried, what would help sooner.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync explain marketing/Contact/C-00004
  resync explain billing/Invoice__c/INV-00008 --json

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 unusable data directory, 4 no such record or connection, 7 busy")]
pub(crate) struct ExplainArgs {
    /// The record: connection/object/external-id
    #[arg(value_name = "RECORD")]
    pub(crate) record: Key,
    #[command(flatten)]
    pub(crate) common: Common,
}
