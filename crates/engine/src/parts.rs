//! The ports bundled as one type, so that use cases are generic over one parameter.
//!
//! Must not know: which implementations are bundled.

use crate::ports::{Clock, Entropy, Events, Store, Targets};

/// All ports of one system.
pub trait Ports: Send + Sync {
    /// Where records, control items and the journal are.
    type Store: Store;
    /// The connections' Salesforces.
    type Targets: Targets;
    /// The event bus.
    type Events: Events;
    /// Time.
    type Clock: Clock;
    /// Chance.
    type Entropy: Entropy;

    /// The store.
    fn store(&self) -> &Self::Store;
    /// The Salesforces.
    fn targets(&self) -> &Self::Targets;
    /// The bus.
    fn events(&self) -> &Self::Events;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// Chance.
    fn entropy(&self) -> &Self::Entropy;
}

/// A bundle of ports.
#[derive(Clone, Debug)]
pub struct Parts<S, T, E, C, R> {
    /// The store.
    pub store: S,
    /// The Salesforces.
    pub targets: T,
    /// The bus.
    pub events: E,
    /// The clock.
    pub clock: C,
    /// Chance.
    pub entropy: R,
}

impl<S: Store, T: Targets, E: Events, C: Clock, R: Entropy> Ports for Parts<S, T, E, C, R> {
    type Store = S;
    type Targets = T;
    type Events = E;
    type Clock = C;
    type Entropy = R;

    fn store(&self) -> &S {
        &self.store
    }
    fn targets(&self) -> &T {
        &self.targets
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn clock(&self) -> &C {
        &self.clock
    }
    fn entropy(&self) -> &R {
        &self.entropy
    }
}
