//! `resync local`, and the data directory that every command works on: a command talks to the running `resync local`, or
//! opens the directory itself when none runs.
//!
//! Must not know: any rule, or what a command asks.

mod acquire;
mod board;
mod bus;
mod caller;
mod chance;
mod claim;
mod cleaning;
mod clock;
mod config;
mod directory;
mod endpoint;
mod files;
mod fired;
mod format;
mod lock;
mod log;
mod running;
mod runs;
mod scheduler;
mod secrets;
mod serve;
mod stop;
mod system;
mod ticks;
mod token;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::exit::Failure;
use acquire::{Acquired, acquire};
pub(crate) use caller::user;
pub(crate) use claim::Claim;
pub(crate) use config::{Config, SIMULATOR_SECRET};
pub(crate) use directory::{DATABASE, DataDir, Missing, locate};
pub(crate) use endpoint::Endpoint;
pub(crate) use files::keep_private;
pub(crate) use lock::Pid;
pub(crate) use system::{System, TABLE};
pub(crate) use ticks::Job;
pub(crate) use token::Token;

/// A command that opens the directory a second time has warned already.
static WARNED: Once = Once::new();

/// How a command reaches the system.
#[derive(Debug)]
pub(crate) enum Access {
    /// A `resync local` runs; it is asked over its socket.
    Running(Endpoint),
    /// None runs. The directory is locked for this command until [`System::close`].
    Stopped(Box<System>),
}

/// The system in a data directory that is there: `data`, or the usual place ([`directory::locate`]).
///
/// # Errors
/// When there is no data directory, it is of a newer version, another process keeps it, or it cannot be opened.
pub(crate) async fn access(data: Option<&Path>) -> Result<Access, Failure> {
    open(data, Missing::Refuse).await
}

/// As [`access`], for a command that a newcomer may begin with: a data directory that is not there is created.
///
/// # Errors
/// As [`access`], and when it cannot be created.
pub(crate) async fn access_or_create(data: Option<&Path>) -> Result<Access, Failure> {
    open(data, Missing::Create).await
}

async fn open(data: Option<&Path>, missing: Missing) -> Result<Access, Failure> {
    keep_private();
    let directory = DataDir::open(&directory::locate(data)?, missing)?;
    Ok(match acquire(&directory).await? {
        Acquired::Running(endpoint) => Access::Running(endpoint),
        Acquired::Free(lock) => {
            log::start_for_a_command();
            let config = Config::read(&directory, None)?;
            let system = System::open(directory, lock, &config).await?;
            WARNED.call_once(|| system.secrets.exposed().iter().for_each(|warning| eprintln!("warning: {warning}")));
            Access::Stopped(Box::new(system))
        }
    })
}

/// The directory's settings in `resync.toml`, for a command that needs to know of the simulator in it.
///
/// # Errors
/// When there is no data directory, or its settings are wrong.
pub(crate) fn config(data: Option<&Path>) -> Result<Config, Failure> {
    Config::read(&DataDir::open(&directory::locate(data)?, Missing::Create)?, None)
}

/// Runs Resync on this machine: the schedules on the wall clock, the same handlers as in the cloud, and an interface on
/// 127.0.0.1 that the other commands use. It goes on where a killed one stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  resync local
  resync local --data /srv/resync --config /etc/resync.toml
  resync local --json 2>>resync.log

Stop it with Ctrl-C or SIGTERM: the call that is under way is finished first. A second signal, a
second later or more, ends it at once.

Exit codes: 0 stopped by a signal, 1 failed, 2 wrong command line, 3 wrong settings or directory,
7 another process uses the directory")]
pub(crate) struct LocalArgs {
    /// The data directory [default: ~/.local/share/resync]
    #[arg(long, value_name = "DIR", env = "RESYNC_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The settings [default: resync.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE", env = "RESYNC_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Write the log as JSON, one line for each event, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs until a signal stops it.
///
/// # Errors
/// When the directory is another process's or cannot be used, the settings are wrong, or a port is taken.
pub(crate) async fn run(args: &LocalArgs) -> Result<(), Failure> {
    keep_private();
    let directory = DataDir::open(&directory::locate(args.data.as_deref())?, Missing::Create)?;
    if directory.format().as_of.is_some() {
        let problem = "it holds what a demo kept, which is for looking only; name another directory by --data";
        return Err(files::unusable(directory.path(), &problem));
    }
    let config = Config::read(&directory, args.config.as_deref())?;
    log::start(&config.log, args.json)?;
    let lock = match acquire(&directory).await? {
        Acquired::Running(endpoint) => return Err(directory.busy(Some(endpoint.pid))),
        Acquired::Free(lock) => lock,
    };
    let system = System::open(directory, lock, &config).await?;
    running::run(system, &config, args.json).await
}
