//! Every connection's Salesforce: one client each, kept between runs until its settings change.
//!
//! Must not know: when a connection runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::ports::{Clock, PortError, Targets};
use rules::connection::{Connection, Target};
use rules::ids::ConnectionId;

use crate::client::SalesforceTarget;
use crate::reach::Reach;
use crate::secret::Secrets;

/// The clients, by connection: a token or a connection pool is never shared between two.
pub struct SalesforceTargets<S, C> {
    secrets: Arc<S>,
    clock: Arc<C>,
    reach: Reach,
    kept: Mutex<BTreeMap<ConnectionId, Kept<S, C>>>,
}

struct Kept<S, C> {
    settings: Target,
    timeout: Duration,
    client: Arc<SalesforceTarget<S, C>>,
}

impl<S: Secrets, C: Clock> SalesforceTargets<S, C> {
    /// Clients that sign in with these secrets and, where a flow needs the time, by this clock.
    #[must_use]
    pub fn new(secrets: Arc<S>, clock: Arc<C>) -> Self {
        Self { secrets, clock, reach: Reach::ThisMachine, kept: Mutex::default() }
    }

    /// The same for a process in the cloud, whose own machine has the interface that starts it, and no org: a login there is out of
    /// reach.
    #[must_use]
    pub fn in_the_cloud(self) -> Self {
        Self { reach: Reach::Public, ..self }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Kept<S, C>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, connection: &Connection) -> Result<Kept<S, C>, PortError> {
        let client = SalesforceTarget::new(connection, Arc::clone(&self.secrets), Arc::clone(&self.clock), self.reach)?;
        let (settings, timeout) = (connection.target.clone(), connection.request_timeout());
        Ok(Kept { settings, timeout, client: Arc::new(client) })
    }
}

impl<S, C> Kept<S, C> {
    fn fits(&self, connection: &Connection) -> bool {
        self.settings == connection.target && self.timeout == connection.request_timeout()
    }
}

impl<S: Secrets, C: Clock> Targets for SalesforceTargets<S, C> {
    type Target = SalesforceTarget<S, C>;

    fn of(&self, connection: &Connection) -> Result<Arc<Self::Target>, PortError> {
        let mut kept = self.kept();
        if let Some(fitting) = kept.get(&connection.id).filter(|kept| kept.fits(connection)) {
            return Ok(Arc::clone(&fitting.client));
        }
        let made = self.make(connection)?;
        let client = Arc::clone(&made.client);
        kept.insert(connection.id.clone(), made);
        Ok(client)
    }
}

impl<S, C> fmt::Debug for SalesforceTargets<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SalesforceTargets").finish_non_exhaustive()
    }
}
