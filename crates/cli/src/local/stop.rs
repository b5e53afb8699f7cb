//! The end of a running `resync local`: a signal asks for it, everything that runs hears of it.
//!
//! Must not know: what runs.

use std::io;
use std::process;

use engine::run::Halt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

/// Whether and when it ends. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    halt: Halt,
    asked: watch::Sender<bool>,
}

impl Stop {
    /// Not yet.
    pub(super) fn new() -> Self {
        Self { halt: Halt::default(), asked: watch::Sender::new(false) }
    }

    /// What stops a run after the call that it is making.
    pub(super) fn halt(&self) -> &Halt {
        &self.halt
    }

    /// Asks everything to end.
    pub(super) fn ask(&self) {
        self.halt.stop();
        self.asked.send_replace(true);
    }

    /// Waits until it is asked for.
    pub(super) async fn asked(&self) {
        let mut asked = self.asked.subscribe();
        // It cannot be closed: this holds the other end of it.
        drop(asked.wait_for(|asked| *asked).await);
    }

    /// Ends everything in order at the first SIGTERM or SIGINT, and the process at once at the second.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub(super) fn at_signals(&self) -> io::Result<()> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(listen(self.clone(), terminate, interrupt));
        Ok(())
    }
}

async fn listen(stop: Stop, mut terminate: Signal, mut interrupt: Signal) {
    let mut next = async || {
        tokio::select! {
            _ = terminate.recv() => SignalKind::terminate(),
            _ = interrupt.recv() => SignalKind::interrupt(),
        }
    };
    next().await;
    info!("stopping after the calls that are under way; a second signal ends it at once");
    stop.ask();
    let signal = next().await;
    warn!("ended by a second signal; the next start recovers what was under way");
    // What a shell reports of a process that a signal ended.
    process::exit(128 + signal.as_raw_value());
}
