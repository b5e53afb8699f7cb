//! `resync completions`: what a shell needs to complete the command line.
//!
//! Must not know: the data directory.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::exit::Failure;
use crate::output;

/// Prints the completions of a shell, for its own place: the shell's manual says where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync completions bash > resync.bash
  resync completions zsh > _resync
  resync completions fish > resync.fish

Exit codes: 0 done, 1 failed, 2 wrong command line")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the completions.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "resync", &mut script);
    Ok(output::print(&String::from_utf8_lossy(&script))?)
}
