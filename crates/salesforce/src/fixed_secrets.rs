//! Credentials held in memory, for a local system and for tests; they can be changed while it runs.
//!
//! Must not know: who asks for them.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::ports::PortError;

use crate::secret::{Secret, Secrets};

/// There is no secret of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no secret named `{0}`")]
pub struct NoSuchSecret(pub String);

/// Secrets by name.
#[derive(Debug, Default)]
pub struct FixedSecrets(Mutex<BTreeMap<String, Secret>>);

impl FixedSecrets {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, name: impl Into<String>, secret: Secret) -> Self {
        self.put(name, secret);
        self
    }

    /// Adds a secret, or puts a new version in place of the old.
    pub fn put(&self, name: impl Into<String>, secret: Secret) {
        self.secrets().insert(name.into(), secret);
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secrets for FixedSecrets {
    fn fetch(&self, secret: &str) -> impl Future<Output = Result<Secret, PortError>> + Send {
        let found = self.secrets().get(secret).cloned();
        ready(found.ok_or_else(|| PortError::unavailable("reading the secret", NoSuchSecret(secret.to_owned()))))
    }
}
