//! The world of a play: everything that outlives a process, and how a process is put into it.
//!
//! Must not know: what happens when.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use engine::parts::Parts;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use store::DynamoStore;

use crate::chance::Chance;
use crate::cloud::{Bus, Orgs, Post, Salesforces, TABLE, Table, Wire};
use crate::executor::ProcessId;
use crate::faults::{Fault, Faults};
use crate::oracle::{Eyes, Facts, Watch};
use crate::process::{Process, ProcessClock, ProcessParts, Role};
use crate::timeline::Timeline;
use crate::trace::Trace;

/// Two clocks are at most so many milliseconds apart: each at most half of it from the true time.
const MOST_SKEW: i64 = 2_500;

/// The world. A clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) timeline: Timeline,
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    pub(crate) table: Table,
    pub(crate) post: Post,
    pub(crate) orgs: Orgs,
    pub(crate) watch: Watch,
    pub(crate) eyes: Eyes,
    facts: Arc<Mutex<Facts>>,
    processes: Arc<AtomicU64>,
}

impl World {
    /// A world at `start` with an empty table and no org.
    pub(crate) fn new(
        start: Timestamp,
        chance: Chance,
        faults: Faults,
        trace: Trace,
        connections: BTreeSet<ConnectionId>,
    ) -> Self {
        let (timeline, table, watch) = (Timeline::starting(start), Table::default(), Watch::over(connections));
        let observer = Process {
            id: ProcessId(0),
            role: Role::Observer,
            connection: None,
            clock: ProcessClock { timeline: timeline.clone(), skew: 0 },
        };
        let wire = Wire {
            table: table.clone(),
            process: observer.clone(),
            faults: faults.clone(),
            chance: chance.clone(),
            trace: trace.clone(),
            watch: watch.clone(),
        };
        let client = wire.client();
        let eyes = Eyes(DynamoStore::new(client.clone(), TABLE, observer.clock), client);
        Self {
            timeline,
            chance,
            faults,
            trace,
            table,
            post: Post::default(),
            orgs: Orgs::default(),
            watch,
            eyes,
            facts: Arc::default(),
            processes: Arc::default(),
        }
    }

    /// The true time.
    pub(crate) fn now(&self) -> Timestamp {
        self.timeline.now()
    }

    /// Looks at the facts, or adds to them.
    pub(crate) fn facts<T>(&self, work: impl FnOnce(&mut Facts) -> T) -> T {
        work(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The records of a connection that sources ever reported.
    pub(crate) fn keys(&self, connection: &ConnectionId) -> Vec<RecordKey> {
        self.facts(|facts| {
            let keys = facts.reports.iter().map(|report| &report.key).filter(|key| key.connection == *connection);
            keys.cloned().collect::<BTreeSet<_>>().into_iter().collect()
        })
    }

    /// A new process with its ports.
    pub(crate) fn process(&self, role: Role, connection: Option<ConnectionId>) -> (Process, ProcessParts) {
        let id = ProcessId(self.processes.fetch_add(1, Ordering::Relaxed) + 1);
        let skewed = self.faults.meets(Fault::ClockSkewed);
        let skew = if skewed { i64::try_from(self.chance.below(5_001)).unwrap_or(0) - MOST_SKEW } else { 0 };
        let clock = ProcessClock { timeline: self.timeline.clone(), skew };
        let process = Process { id, role, connection, clock: clock.clone() };
        let parts = self.parts(process.clone(), clock);
        (process, parts)
    }

    fn parts(&self, process: Process, clock: ProcessClock) -> ProcessParts {
        let (faults, chance, trace) = (self.faults.clone(), self.chance.clone(), self.trace.clone());
        let wire = Wire {
            table: self.table.clone(),
            process: process.clone(),
            faults: faults.clone(),
            chance: chance.clone(),
            trace: trace.clone(),
            watch: self.watch.clone(),
        };
        let (orgs, eyes) = (self.orgs.clone(), self.eyes.clone());
        let (post, bus) = (self.post.clone(), process.clone());
        Parts {
            store: DynamoStore::new(wire.client(), TABLE, clock.clone()),
            targets: Salesforces {
                orgs,
                process,
                faults: faults.clone(),
                chance: chance.clone(),
                trace: trace.clone(),
                eyes,
            },
            events: Bus { post, process: bus, faults, chance: chance.clone(), trace },
            clock,
            entropy: chance,
        }
    }
}
