//! What ends a run at once: a failed port, or the discovery that another run took the lease.
//!
//! Must not know: how the run cleans up.

use crate::ports::PortError;

/// Why a run cannot go on.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// A port failed.
    Port(PortError),
    /// Another epoch holds the connection: nothing may be written any more.
    Deposed,
}

impl From<PortError> for Interrupt {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}
