//! The token at hand, until an answer refuses it.
//!
//! Must not know: how a token is obtained, what is asked with it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use crate::allow::Origin;

/// A token and the one place that it is sent to.
pub(crate) struct Session {
    /// The token.
    pub(crate) token: SecretString,
    /// The org that gave it.
    pub(crate) org: Origin,
}

/// At most one session.
#[derive(Default)]
pub(crate) struct SessionSlot(Mutex<Option<Arc<Session>>>);

impl SessionSlot {
    /// The session, if there is one that no answer has refused.
    pub(crate) fn current(&self) -> Option<Arc<Session>> {
        self.slot().clone()
    }

    /// Keeps a new session in place of any other.
    pub(crate) fn keep(&self, session: Session) {
        *self.slot() = Some(Arc::new(session));
    }

    /// Drops `refused`; a newer session, obtained while the answer was on its way, stays.
    pub(crate) fn refuse(&self, refused: &Arc<Session>) {
        let mut slot = self.slot();
        if slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, refused)) {
            *slot = None;
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSlot").field("signed_in", &self.current().is_some()).finish()
    }
}
