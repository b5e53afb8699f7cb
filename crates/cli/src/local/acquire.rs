//! Who gets the data directory: this process, or the `resync local` that has it.
//!
//! Must not know: what is done with it.

use std::io;
use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;

use super::directory::DataDir;
use super::endpoint::Endpoint;
use super::files::unusable;
use super::lock::{self, Lock, Locking};
use crate::exit::Failure;

/// How often a directory that another command has, or a `resync local` that starts or ends, is looked at.
const LOOKS: usize = 100;

/// How long apart.
const APART: Duration = Duration::from_millis(100);

/// Who has the directory.
#[derive(Debug)]
pub(super) enum Acquired {
    /// A `resync local`.
    Running(Endpoint),
    /// This process, from now on.
    Free(Lock),
}

/// Takes the directory, or finds the `resync local` that has it; waits some seconds for another command to end.
///
/// # Errors
/// When another process keeps the directory, or its files cannot be used.
pub(super) async fn acquire(directory: &DataDir) -> Result<Acquired, Failure> {
    let mut holder = None;
    for look in 0..LOOKS {
        if look > 0 {
            SystemClock.wait(APART).await;
        }
        match attempt(directory).map_err(|error| unusable(directory.path(), &error))? {
            Attempt::Done(acquired) => return Ok(acquired),
            Attempt::Held(pid) => holder = pid,
        }
    }
    Err(directory.busy(holder))
}

enum Attempt {
    Done(Acquired),
    Held(Option<lock::Pid>),
}

fn attempt(directory: &DataDir) -> io::Result<Attempt> {
    let path = directory.path();
    let pid = match lock::take(path)? {
        Locking::Taken(lock) => {
            Endpoint::withdraw(path)?;
            return Ok(Attempt::Done(Acquired::Free(lock)));
        }
        Locking::Held(pid) => pid,
    };
    let endpoint = pid.map(|pid| Endpoint::of_running(path, pid)).transpose()?.flatten();
    Ok(endpoint.map_or(Attempt::Held(pid), |endpoint| Attempt::Done(Acquired::Running(endpoint))))
}
