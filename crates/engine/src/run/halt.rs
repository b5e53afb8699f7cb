//! The halt: how a process that is to end asks its runs to stop. What is in flight lands; nothing more is sent.
//!
//! Must not know: signals, processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that stops runs. A clone is the same switch; a new one is off.
#[derive(Clone, Debug, Default)]
pub struct Halt(Arc<AtomicBool>);

impl Halt {
    /// Stops every run that was given this switch, for good.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether runs are to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
