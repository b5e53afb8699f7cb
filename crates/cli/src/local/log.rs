//! The log, on standard error: of a running `resync local` for a person or as JSON for a program, and of a command.
//!
//! Must not know: what is logged.

use std::env;
use std::io;

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts one for a command that opens the directory itself: what failed, so that a problem's id can be looked up.
pub(super) fn start_for_a_command() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::ERROR.into()).from_env_lossy();
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter).compact().with_target(false);
    // A command that opens the directory a second time has its log already.
    drop(log.with_ansi(false).try_init());
}

/// Starts it, on standard error. `RUST_LOG` comes before the settings' filter.
///
/// # Errors
/// When `RUST_LOG` cannot be understood, or a log was started before.
pub(super) fn start(filter: &str, json: bool) -> anyhow::Result<()> {
    let asked = env::var("RUST_LOG").ok().filter(|value| !value.is_empty());
    let filter = EnvFilter::try_new(asked.as_deref().unwrap_or(filter)).map_err(|_| {
        anyhow!("RUST_LOG is not a filter of log lines; set it to a level such as info, or leave it out")
    })?;
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter);
    let started = if json {
        log.json().flatten_event(true).try_init()
    } else {
        log.compact().with_target(false).with_ansi(false).try_init()
    };
    started.map_err(|problem| anyhow!("the log could not be started: {problem}"))
}
