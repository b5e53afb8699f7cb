//! What is noted while the soak goes on: lives, stretches of the orgs' logs, what is in doubt, memory; and what is told of it.
//!
//! Must not know: what is right.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use engine::ports::Clock;
use functions::SystemClock;
use rules::ids::{ConnectionId, RecordKey, RequestId};
use rules::time::Timestamp;
use salesforce_sim::Sequence;
use serde_json::{Value, json};

use super::memory::Memory;
use crate::functions::process::Binary;
use crate::kill::ground::Lived;

/// How often a long soak tells how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// So many of the last lives are told when something is wrong.
const REMEMBERED: usize = 40;

/// What one life did at one org: the entries of its log after `after` up to `last`.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) connection: ConnectionId,
    pub(super) after: Sequence,
    pub(super) last: Sequence,
    pub(super) killed: bool,
    /// Whether its runs say that nothing was left to send: no budget, suspension or deadline ended them.
    pub(super) done: bool,
}

/// All notes. When the test fails, they tell the last lives and the seed.
pub(super) struct Notes {
    seed: u64,
    since: Duration,
    told: Duration,
    last: VecDeque<String>,
    pub(super) lives: usize,
    pub(super) kills: usize,
    pub(super) ticks: usize,
    pub(super) resolved: u64,
    pub(super) memory: Memory,
    pub(super) stretches: Vec<Stretch>,
    /// How far each org's log was read.
    pub(super) reached: BTreeMap<ConnectionId, Sequence>,
    /// Records that were sent, by the entry of the log, and whose outcome nobody knew when the life was over.
    pub(super) doubts: BTreeSet<(RecordKey, Sequence)>,
    /// What the bus was given but hints.
    pub(super) published: Vec<Value>,
    /// When persons asked for something, whether they got an answer or not.
    pub(super) asked: BTreeMap<ConnectionId, Vec<Timestamp>>,
    pub(super) accepted: BTreeSet<(ConnectionId, RequestId)>,
    pub(super) wrong: Vec<String>,
}

impl Notes {
    pub(super) fn of(seed: u64) -> Self {
        let since = SystemClock.since_boot();
        eprintln!("soak: seed {seed}");
        Self {
            seed,
            since,
            told: since,
            last: VecDeque::new(),
            lives: 0,
            kills: 0,
            ticks: 0,
            resolved: 0,
            memory: Memory::default(),
            stretches: Vec::new(),
            reached: BTreeMap::new(),
            doubts: BTreeSet::new(),
            published: Vec::new(),
            asked: BTreeMap::new(),
            accepted: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// A life is over.
    pub(super) fn lived(&mut self, binary: Binary, at: Timestamp, what: &str, lived: &Lived) {
        self.lives += 1;
        self.kills += usize::from(lived.killed);
        self.memory.note(binary, lived.requests, lived.peak);
        let end = if lived.killed { "killed" } else { "answered" };
        let (requests, millis) = (lived.requests, lived.lasted.as_millis());
        self.last.push_back(format!("{at} {} {what}: {end} after {requests} requests, {millis} ms", binary.name()));
        let surplus = self.last.len().saturating_sub(REMEMBERED);
        self.last.drain(..surplus);
    }

    /// What the bus was given. Gives the hints that start runs.
    pub(super) fn take(&mut self, published: Vec<Value>) -> Vec<Value> {
        let (hints, told): (Vec<_>, Vec<_>) =
            published.into_iter().partition(|event| event["detail-type"] == "Run Requested");
        for event in told.iter().filter(|event| event["detail-type"] == "Records Retried") {
            let results = event["detail"]["results"].as_array().into_iter().flatten();
            self.resolved += results.filter(|result| result["outcome"] == "saved").count() as u64;
        }
        self.published.extend(told);
        hints
    }

    /// Real seconds since the soak began.
    pub(super) fn seconds(&self) -> u64 {
        SystemClock.since_boot().saturating_sub(self.since).as_secs()
    }

    /// Whether it is time to say how far it is.
    pub(super) fn is_to_tell(&self) -> bool {
        SystemClock.since_boot() >= self.told + TOLD_EVERY
    }

    /// Says how far it is.
    pub(super) fn tell(&mut self, at: Timestamp, calls: usize) {
        self.told = SystemClock.since_boot();
        let Self { lives, kills, ticks, resolved, .. } = self;
        let peak = self.memory.peak();
        eprintln!(
            "soak: {at}, {lives} lives, {kills} kills, {ticks} ticks, {resolved} saved, {calls} calls, {peak} KiB"
        );
    }

    /// The summary.
    pub(super) fn summary(&self, records: usize, calls: usize, sends: usize) -> Value {
        json!({
            "seed": self.seed, "seconds": self.seconds(), "records": records, "lives": self.lives, "kills": self.kills,
            "ticks": self.ticks, "calls": calls, "sends": sends, "resolved": self.resolved,
            "violations": self.wrong.len(), "peak_kib": self.memory.peaks(),
        })
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("soak: the last lives of seed {}:", self.seed);
            for life in &self.last {
                eprintln!("  {life}");
            }
        }
    }
}
