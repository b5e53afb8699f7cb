//! A tiny scripted Salesforce: a test decides every answer, and the fake remembers every call.
//!
//! Must not know: what a try changes. It holds no records; `v`, the field that samples carry, is all it reads of a payload.

mod log;
pub mod reply;
mod script;
mod targets;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rules::time::Timestamp;

pub use log::{AnswerKind, Call, Overlap, Requests, SentRecord};
pub use targets::FakeTargets;

use crate::ports::{Clock, LoginAnswer, PortError, ProbeAnswer, Reply, SyncTarget, UpsertAnswer, UpsertRequest};
use log::Log;
use script::Script;

/// The most records that one batch may have.
const LARGEST_BATCH: usize = 200;

/// One connection's scripted Salesforce. Without a script it signs in, is up, and saves everything, in 250 ms a request.
/// A clone is the same Salesforce.
pub struct FakeTarget<C> {
    clock: C,
    state: Arc<Mutex<State>>,
}

impl<C: Clone> Clone for FakeTarget<C> {
    fn clone(&self) -> Self {
        Self { clock: self.clock.clone(), state: Arc::clone(&self.state) }
    }
}

#[derive(Default)]
struct State {
    script: Script,
    log: Log,
    signed_in: bool,
}

impl<C> FakeTarget<C> {
    /// A Salesforce that nobody signed in to yet.
    #[must_use]
    pub fn new(clock: C) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// From now on `answer` decides what a batch comes to, from the request, its number (the first is 1) and the time.
    pub fn answer_with(
        &self,
        answer: impl Fn(&UpsertRequest, u64, Timestamp) -> Reply<UpsertAnswer> + Send + Sync + 'static,
    ) {
        self.with(|state| state.script.upsert = Arc::new(answer));
    }

    /// The next batch gets this answer, after those already set for the batches before it.
    pub fn answer_next(&self, answer: Reply<UpsertAnswer>) {
        self.with(|state| state.script.upserts.push_back(answer));
    }

    /// The next login gets this answer, after those already set for the logins before it.
    pub fn login_next(&self, answer: Reply<LoginAnswer>) {
        self.with(|state| state.script.logins.push_back(answer));
    }

    /// The next probe gets this answer, after those already set for the probes before it.
    pub fn probe_next(&self, answer: Reply<ProbeAnswer>) {
        self.with(|state| state.script.probes.push_back(answer));
    }

    /// From now on every login that no answer is set for gets this one.
    pub fn login_always(&self, answer: Reply<LoginAnswer>) {
        self.with(|state| state.script.login = answer);
    }

    /// From now on every probe that no answer is set for gets this one.
    pub fn probe_always(&self, answer: Reply<ProbeAnswer>) {
        self.with(|state| state.script.probe = answer);
    }

    /// How long every request takes from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.with(|state| state.script.latency = latency);
    }

    /// The version of the credentials from now on.
    pub fn set_secret_version(&self, version: &str) {
        self.with(|state| version.clone_into(&mut state.script.secret));
    }

    /// The next `reads` readings of the secret fail.
    pub fn fail_secret(&self, reads: usize) {
        self.with(|state| state.script.failing_secrets = reads);
    }

    /// The token is forgotten, as in an invocation that starts cold.
    pub fn sign_out(&self) {
        self.with(|state| state.signed_in = false);
    }

    /// Every batch that was sent, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.with(|state| state.log.calls.clone())
    }

    /// How many requests of each kind were made.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.with(|state| state.log.requests)
    }

    /// Records that were in two batches at the same time. A batch whose outcome nobody knows, and one that was cut off, may
    /// be committed up to `late` after its end.
    #[must_use]
    pub fn overlaps(&self, late: Duration) -> Vec<Overlap> {
        self.with(|state| state.log.overlaps(late))
    }

    /// Asserts that no record was ever in two batches at the same time.
    ///
    /// # Panics
    /// When one was.
    pub fn never_overlapping(&self) {
        let overlaps = self.overlaps(Duration::ZERO);
        assert!(overlaps.is_empty(), "records were in two calls at the same time: {overlaps:?}");
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C: Clock> FakeTarget<C> {
    async fn take_time(&self) {
        self.clock.wait(self.with(|state| state.script.latency)).await;
    }

    fn begin(&self, request: &UpsertRequest) -> (InFlight<'_, C>, Reply<UpsertAnswer>) {
        let now = self.clock.now();
        let (call, script, scripted) = self.with(|state| {
            let call = state.log.begin(request, now);
            (call, Arc::clone(&state.script.upsert), state.script.upserts.pop_front())
        });
        let number = call as u64 + 1;
        (InFlight { target: self, call }, scripted.unwrap_or_else(|| script(request, number, now)))
    }
}

/// A batch in flight. Dropped without an answer, it is a call that was cut off.
struct InFlight<'a, C: Clock> {
    target: &'a FakeTarget<C>,
    call: usize,
}

impl<C: Clock> InFlight<'_, C> {
    fn answered(&self, answer: &UpsertAnswer) {
        self.target.with(|state| {
            state.log.answer(self.call, answer);
            state.signed_in &= !matches!(answer, UpsertAnswer::SessionExpired);
        });
    }
}

impl<C: Clock> Drop for InFlight<'_, C> {
    fn drop(&mut self) {
        let now = self.target.clock.now();
        self.target.with(|state| state.log.end(self.call, now));
    }
}

impl<C: Clock> SyncTarget for FakeTarget<C> {
    async fn secret_version(&self) -> Result<String, PortError> {
        self.with(|state| {
            state.log.requests.secret_reads += 1;
            if let Some(left) = state.script.failing_secrets.checked_sub(1) {
                state.script.failing_secrets = left;
                return Err(PortError::unavailable("reading the secret", "the fake was told to fail"));
            }
            Ok(state.script.secret.clone())
        })
    }

    fn is_signed_in(&self) -> bool {
        self.with(|state| state.signed_in)
    }

    async fn login(&self) -> Reply<LoginAnswer> {
        let reply = self.with(|state| {
            state.log.requests.logins += 1;
            state.script.next_login()
        });
        self.take_time().await;
        self.with(|state| state.signed_in |= reply.answer == LoginAnswer::SignedIn);
        reply
    }

    async fn probe(&self) -> Reply<ProbeAnswer> {
        let reply = self.with(|state| {
            state.log.requests.probes += 1;
            state.script.next_probe()
        });
        self.take_time().await;
        self.with(|state| state.signed_in &= reply.answer != ProbeAnswer::SessionExpired);
        reply
    }

    /// # Panics
    /// When the request breaks the port's promise: no records, too many of them, or an id twice.
    async fn upsert(&self, request: UpsertRequest) -> Reply<UpsertAnswer> {
        log::keeps_the_promise(&request, LARGEST_BATCH);
        let (in_flight, reply) = self.begin(&request);
        self.take_time().await;
        in_flight.answered(&reply.answer);
        reply
    }
}
