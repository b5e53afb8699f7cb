//! The command line.
//!
//! Must not know: what a command does.

use clap::{Parser, Subcommand};

use measured::plan::{OutcomeKind, PolicyKind};

/// Measures what a run costs.
#[derive(Parser)]
#[command(name = "bench")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// One run of one connection whose records are all due.
    Capacity(Capacity),
    /// A tick that finds nothing to do.
    Idle(Idle),
    /// Growth, with what is due, with what is stored, and with connections.
    Scale(Scale),
    /// The same run by Resync and by two programs in Python, alternately.
    Peers(Peers),
    /// The bars: 50,000 records, and the others scaled. Fails when one is crossed.
    Bars(Bars),
    /// How many instructions the hot paths take, by callgrind. Fails when one takes 2 % more than is kept.
    Instructions(Instructions),
    /// Takes a hot path so many times.
    #[command(hide = true)]
    Hot(Hot),
    /// Holds the table, the bus and the org for the process that started it.
    #[command(hide = true)]
    Serve,
}

/// What a run meets.
#[derive(clap::Args, Clone)]
pub(crate) struct Capacity {
    /// How many records are due.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) records: usize,
    /// How many others are stored that are not due.
    #[arg(long, default_value_t = 0)]
    pub(crate) stored: usize,
    /// What Salesforce makes of them.
    #[arg(long, value_enum, default_value_t = OutcomeKind::Success)]
    pub(crate) outcome: OutcomeKind,
    /// The bytes of a payload as JSON; the usual makes an item of nearly 1 KB.
    #[arg(long)]
    pub(crate) size: Option<usize>,
    /// The connection's policy.
    #[arg(long, value_enum, default_value_t = PolicyKind::Interval)]
    pub(crate) policy: PolicyKind,
    /// Milliseconds that the org takes for a call. With any, waits are real.
    #[arg(long, default_value_t = 0)]
    pub(crate) call_ms: u64,
    /// Microseconds that the org takes for each record of a call.
    #[arg(long, default_value_t = 0)]
    pub(crate) record_us: u64,
    /// Calls in flight at most.
    #[arg(long, default_value_t = 4)]
    pub(crate) in_flight: u8,
    /// One line of JSON rather than a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// The most bytes of memory that the process may take.
    #[arg(long, default_value_t = 48_000_000)]
    pub(crate) most_memory: u64,
    /// The address of a `bench serve` that runs already, for tools that look at this process alone.
    #[arg(long, hide = true)]
    pub(crate) other: Option<String>,
    /// The bars alone.
    #[arg(long, conflicts_with = "json")]
    pub(crate) bars: bool,
}

/// What a tick without work meets.
#[derive(clap::Args, Clone)]
pub(crate) struct Idle {
    /// How many connections there are.
    #[arg(long, default_value_t = 100)]
    pub(crate) connections: usize,
    /// How many records each has that are not due.
    #[arg(long, default_value_t = 0)]
    pub(crate) records: usize,
    /// One line of JSON rather than a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How much there is.
#[derive(clap::Args, Clone)]
pub(crate) struct Scale {
    /// Records that are due.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    pub(crate) due: Vec<usize>,
    /// Records that are stored beside 1,000 that are due.
    #[arg(long, value_delimiter = ',', default_values_t = [0, 10_000, 100_000, 1_000_000])]
    pub(crate) stored: Vec<usize>,
    /// Connections that have nothing to do.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 10_000])]
    pub(crate) connections: Vec<usize>,
}

/// What is compared.
#[derive(clap::Args, Clone)]
pub(crate) struct Peers {
    /// How many records are due.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) records: usize,
    /// What Salesforce makes of them.
    #[arg(long, value_enum, default_value_t = OutcomeKind::Success)]
    pub(crate) outcome: OutcomeKind,
    /// How often each runs.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Milliseconds that the org takes for a call.
    #[arg(long, default_value_t = 0)]
    pub(crate) call_ms: u64,
    /// Microseconds that the org takes for each record of a call.
    #[arg(long, default_value_t = 0)]
    pub(crate) record_us: u64,
    /// Calls in flight at most.
    #[arg(long, default_value_t = 4)]
    pub(crate) in_flight: u8,
    /// A Python with the packages of `crates/bench/peers/requirements.txt`.
    #[arg(long, default_value = ".venv/peers/bin/python")]
    pub(crate) python: std::path::PathBuf,
}

/// What is done with the counts.
#[derive(clap::Args, Clone)]
pub(crate) struct Instructions {
    /// Prints them as they are kept.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// A path and how often it is taken.
#[derive(clap::Args, Clone)]
pub(crate) struct Hot {
    pub(crate) path: String,
    pub(crate) times: u64,
}

/// Which bars are looked at.
#[derive(clap::Args, Clone)]
pub(crate) struct Bars {
    /// All of them with 50,000 records, and none scaled.
    #[arg(long)]
    pub(crate) whole: bool,
}
