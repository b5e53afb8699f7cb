//! Every connection's scripted Salesforce.
//!
//! Must not know: what is scripted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rules::connection::Connection;
use rules::ids::ConnectionId;

use super::FakeTarget;
use crate::ports::{Clock, PortError, Targets};

/// One [`FakeTarget`] per connection, made when it is first asked for. A clone is the same Salesforces.
#[derive(Clone)]
pub struct FakeTargets<C> {
    clock: C,
    state: Arc<Mutex<State<C>>>,
}

struct State<C> {
    targets: BTreeMap<ConnectionId, Arc<FakeTarget<C>>>,
    broken: BTreeSet<ConnectionId>,
}

impl<C: Clone> FakeTargets<C> {
    /// Salesforces whose requests take their time by `clock`.
    #[must_use]
    pub fn new(clock: C) -> Self {
        let state = State { targets: BTreeMap::new(), broken: BTreeSet::new() };
        Self { clock, state: Arc::new(Mutex::new(state)) }
    }

    /// The Salesforce of the connection of this name, to script it or to ask what it saw.
    #[must_use]
    pub fn target(&self, connection: &ConnectionId) -> Arc<FakeTarget<C>> {
        self.with(|state| {
            let target = state.targets.entry(connection.clone());
            Arc::clone(target.or_insert_with(|| Arc::new(FakeTarget::new(self.clock.clone()))))
        })
    }

    /// From now on no client can be made from this connection's settings.
    pub fn break_settings(&self, connection: &ConnectionId) {
        self.with(|state| state.broken.insert(connection.clone()));
    }

    fn with<T>(&self, work: impl FnOnce(&mut State<C>) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C: Clock + Clone> Targets for FakeTargets<C> {
    type Target = FakeTarget<C>;

    fn of(&self, connection: &Connection) -> Result<Arc<FakeTarget<C>>, PortError> {
        if self.with(|state| state.broken.contains(&connection.id)) {
            return Err(PortError::unavailable("making a client of Salesforce", "the fake's settings were broken"));
        }
        Ok(self.target(&connection.id))
    }
}
