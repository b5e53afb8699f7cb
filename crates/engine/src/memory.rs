//! A store in memory: every port of the store, for tests and simulations, with the faults that a table has: indexes that
//! lag, throttled writes, requests that fail and replies that are lost.
//!
//! Must not know: `DynamoDB`. Shards are covered by having none: every listing reads all there is.

mod actions;
mod compare_and_set;
mod directory;
mod erasures;
mod faults;
mod index;
mod lists;
mod records;
mod state;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rules::ids::RecordKey;
use rules::record::Stored;

pub use faults::{Fails, Operation};

use crate::ports::PortError;
use state::State;

/// A store in memory. A clone is the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on listings answer from what the indexes hold at this moment, so that later writes make keys phantom,
    /// missing or out of date.
    pub fn freeze_indexes(&self) {
        self.with(|state| state.frozen = Some(state.indexes.clone()));
    }

    /// Listings are up to date again.
    pub fn thaw_indexes(&self) {
        self.with(|state| state.frozen = None);
    }

    /// The next `outcomes` outcomes that are to be written are throttled instead.
    pub fn throttle_outcomes(&self, outcomes: usize) {
        self.with(|state| state.faults.throttle(outcomes));
    }

    /// The next `requests` requests of this kind fail. It takes the place of what was asked for that kind before.
    pub fn fail_next(&self, operation: Operation, requests: usize, fails: Fails) {
        self.with(|state| state.faults.fail(operation, requests, fails));
    }

    /// How many requests of each kind were made, the failed ones included.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Operation, u64> {
        self.with(|state| state.faults.counts().clone())
    }

    /// All records and success marks, in the order of their keys. Not a request.
    #[must_use]
    pub fn all(&self) -> Vec<Stored> {
        self.with(|state| state.items.values().map(|item| item.stored.clone()).collect())
    }

    /// What is stored of one record. Not a request.
    #[must_use]
    pub fn stored(&self, key: &RecordKey) -> Option<Stored> {
        self.with(|state| state.items.get(key).map(|item| item.stored.clone()))
    }

    /// How many payloads are in items of their own. Not a request.
    #[must_use]
    pub fn payloads_apart(&self) -> usize {
        self.with(|state| state.apart.len())
    }

    /// Makes one request: counted, and failed before or after its effect if that was asked for.
    fn carry_out<T>(&self, operation: Operation, work: impl FnOnce(&mut State) -> T) -> Result<T, PortError> {
        self.with(|state| match state.faults.meet(operation) {
            None => Ok(work(state)),
            Some(Fails::BeforeEffect) => Err(operation.failed()),
            Some(Fails::AfterEffect) => {
                drop(work(state));
                Err(operation.failed())
            }
        })
    }

    /// A panic of another holder leaves no half-done change: every change is made of whole inserts and removals.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
