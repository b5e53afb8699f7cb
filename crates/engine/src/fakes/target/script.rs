//! What the scripted Salesforce will answer.
//!
//! Must not know: what was asked before.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rules::time::Timestamp;

use super::reply;
use crate::ports::{LoginAnswer, ProbeAnswer, Reply, UpsertAnswer, UpsertRequest};

/// Decides what a batch comes to, from the request, its number and the time.
pub(super) type Answering = dyn Fn(&UpsertRequest, u64, Timestamp) -> Reply<UpsertAnswer> + Send + Sync;

/// Set answers come first, each once; then the lasting ones.
pub(super) struct Script {
    pub(super) upsert: Arc<Answering>,
    pub(super) upserts: VecDeque<Reply<UpsertAnswer>>,
    pub(super) login: Reply<LoginAnswer>,
    pub(super) logins: VecDeque<Reply<LoginAnswer>>,
    pub(super) probe: Reply<ProbeAnswer>,
    pub(super) probes: VecDeque<Reply<ProbeAnswer>>,
    pub(super) latency: Duration,
    pub(super) secret: String,
    pub(super) failing_secrets: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            upsert: Arc::new(|request, _, _| reply::all_saved(request)),
            upserts: VecDeque::new(),
            login: reply::of(LoginAnswer::SignedIn),
            logins: VecDeque::new(),
            probe: reply::of(ProbeAnswer::Up),
            probes: VecDeque::new(),
            latency: Duration::from_millis(250),
            secret: "v1".to_owned(),
            failing_secrets: 0,
        }
    }
}

impl Script {
    pub(super) fn next_login(&mut self) -> Reply<LoginAnswer> {
        self.logins.pop_front().unwrap_or_else(|| self.login.clone())
    }

    pub(super) fn next_probe(&mut self) -> Reply<ProbeAnswer> {
        self.probes.pop_front().unwrap_or_else(|| self.probe.clone())
    }
}
