//! The world: its ports, what sources report into it, and short ways to look at it.
//!
//! Must not know: schedules.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::explain::{Answer, Explanation, explain};
use engine::fakes::{CountingEntropy, FakeTarget, FakeTargets, RecordedEvents, VirtualClock, sample};
use engine::ingest::{Ingest, NotTaken, Taken};
use engine::memory::{MemoryStore, Operation};
use engine::parts::Parts;
use engine::ports::{Clock, Connections, Controls, Journal, RunReport};
use engine::run::Halt;
use rules::connection::Connection;
use rules::control::Control;
use rules::events::Outbound;
use rules::ids::{ConnectionId, RecordKey};
use rules::journal::Entry;
use rules::record::{Record, Stored};
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::brittle::{Brittle, Mortal};
use super::persons::Asked;
use super::watched::{Kind, Request, Watch, WatchedTargets};

/// The ports of a world.
pub(crate) type WorldParts =
    Parts<Brittle<MemoryStore>, WatchedTargets, Brittle<RecordedEvents>, VirtualClock, CountingEntropy>;

/// What sources reported.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    pub(crate) key: RecordKey,
    pub(crate) version: i64,
    pub(crate) at: Timestamp,
    pub(crate) succeeded: bool,
}

/// A world. A clone is the same one.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) parts: WorldParts,
    pub(crate) store: MemoryStore,
    pub(crate) bus: RecordedEvents,
    pub(crate) clock: VirtualClock,
    pub(crate) mortal: Mortal,
    pub(crate) watch: Watch,
    pub(crate) reported: Arc<Mutex<Vec<Reported>>>,
    pub(crate) reports: Arc<Mutex<Vec<(ConnectionId, RunReport)>>>,
    pub(crate) heard: Arc<Mutex<usize>>,
    pub(crate) halt: Halt,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

/// The instant of an RFC 3339 text.
pub(crate) fn at(text: &str) -> Timestamp {
    sample::time(text)
}

/// The minutes of these instants: a run begins within seconds of its tick.
pub(crate) fn minutes(instants: &[Timestamp]) -> Vec<String> {
    instants.iter().map(|instant| instant.floor(Duration::from_mins(1)).to_string()).collect()
}

/// A connection's name.
pub(crate) fn id(text: &str) -> ConnectionId {
    sample::connection_id(text)
}

/// The key of a Contact of the connection `acme`.
pub(crate) fn key(text: &str) -> RecordKey {
    sample::key("acme", text)
}

/// The connection `acme` with the interval policy.
pub(crate) fn interval() -> Connection {
    sample::interval("acme")
}

/// The connection `acme` with the recent policy.
pub(crate) fn recent() -> Connection {
    sample::recent("acme")
}

impl World {
    /// A world at `start` with these connections.
    pub(crate) async fn new(start: &str, connections: impl IntoIterator<Item = Connection>) -> Self {
        let clock = VirtualClock::starting(at(start));
        let (store, bus, mortal) = (MemoryStore::new(), RecordedEvents::default(), Mortal::default());
        let watch = Watch::default();
        let inner = FakeTargets::new(clock);
        let targets =
            WatchedTargets { inner, watch: watch.clone(), mortal: mortal.clone(), store: store.clone(), clock };
        let parts = Parts {
            store: Brittle { inner: store.clone(), mortal: mortal.clone() },
            targets,
            events: Brittle { inner: bus.clone(), mortal: mortal.clone() },
            clock,
            entropy: CountingEntropy::default(),
        };
        let world = Self {
            parts,
            store,
            bus,
            clock,
            mortal,
            watch,
            reported: Arc::default(),
            reports: Arc::default(),
            heard: Arc::default(),
            halt: Halt::default(),
            asked: Arc::default(),
        };
        for connection in connections {
            world.store.save_connection(&connection).await.expect("the store in memory takes settings");
        }
        world
    }

    /// The same world for another process, which dies and pauses by itself.
    pub(crate) fn another_process(&self) -> Self {
        let mortal = Mortal::default();
        let parts = Parts {
            store: Brittle { inner: self.store.clone(), mortal: mortal.clone() },
            targets: WatchedTargets { mortal: mortal.clone(), ..self.parts.targets.clone() },
            events: Brittle { inner: self.bus.clone(), mortal: mortal.clone() },
            clock: self.clock,
            entropy: self.parts.entropy.clone(),
        };
        Self { parts, mortal, ..self.clone() }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The Salesforce of `acme`.
    pub(crate) fn salesforce(&self) -> Arc<FakeTarget<VirtualClock>> {
        self.parts.targets.inner.target(&id("acme"))
    }

    /// Changes the settings of `acme`, as a person does.
    pub(crate) async fn set(&self, change: impl FnOnce(&mut Connection)) {
        let mut connection = self.settings().await;
        change(&mut connection);
        self.store.save_connection(&connection).await.expect("the store in memory takes settings");
    }

    /// The settings of `acme`.
    pub(crate) async fn settings(&self) -> Connection {
        self.store.connection(&id("acme")).await.expect("the store works").expect("acme is connected")
    }

    /// The control item of `acme`.
    pub(crate) async fn control(&self) -> Control {
        self.store.control(&id("acme")).await.expect("the store works")
    }

    /// A Contact of `acme` failed to sync just now, in this version, with a row lock.
    pub(crate) async fn fails(&self, record: &str, version: i64) -> Taken {
        self.fails_with(&key(record), version, sample::CODE, &json!({})).await
    }

    /// Contacts `r0001`… of `acme` failed just now, in version 1.
    pub(crate) async fn many_fail(&self, count: usize) {
        let ingest = Ingest::new(&self.parts);
        for number in 1..=count {
            self.report(&ingest, &key(&format!("r{number:06}")), 1, sample::CODE, &json!({})).await.expect("taken in");
        }
        ingest.write_counts().await;
    }

    /// A record failed just now with `code`; `more` is laid over the event's detail.
    pub(crate) async fn fails_with(&self, key: &RecordKey, version: i64, code: &str, more: &Value) -> Taken {
        let ingest = Ingest::new(&self.parts);
        let taken = self.report(&ingest, key, version, code, more).await.expect("a right report is taken in");
        ingest.write_counts().await;
        taken
    }

    /// The same, when it is not taken in as a matter of course.
    pub(crate) async fn reports_with(&self, record: &str, version: i64, more: &Value) -> Result<Taken, NotTaken> {
        self.report(&Ingest::new(&self.parts), &key(record), version, sample::CODE, more).await
    }

    async fn report(
        &self,
        ingest: &Ingest<'_, WorldParts>,
        key: &RecordKey,
        version: i64,
        code: &str,
        more: &Value,
    ) -> Result<Taken, NotTaken> {
        let mut detail = detail_of(key, version);
        detail["error"] = json!({ "code": code, "message": sample::MESSAGE });
        detail["payload"] = json!({ "v": version });
        if let (Some(detail), Some(more)) = (detail.as_object_mut(), more.as_object()) {
            detail.extend(more.clone());
        }
        self.note(key, version, false);
        ingest.take(&self.event("Sync Failed", &detail)).await
    }

    /// A Contact of `acme` was synced by its source just now.
    pub(crate) async fn succeeds(&self, record: &str, version: i64) -> Taken {
        self.succeeds_with(&key(record), version).await
    }

    /// The same of any record.
    pub(crate) async fn succeeds_with(&self, key: &RecordKey, version: i64) -> Taken {
        let text = self.event("Sync Succeeded", &detail_of(key, version));
        self.note(key, version, true);
        let ingest = Ingest::new(&self.parts);
        let taken = ingest.take(&text).await.expect("a right report is taken in");
        ingest.write_counts().await;
        taken
    }

    /// The source reports that it made this many calls in the bucket of `when`.
    pub(crate) async fn used(&self, calls: u64, when: Timestamp) {
        let detail = json!({ "connection": "acme", "source": "sync", "bucketStart": when, "calls": calls });
        let taken = Ingest::new(&self.parts).take(&self.event("API Calls Used", &detail)).await;
        assert_eq!(taken.expect("a right report is taken in"), Taken::Counted);
    }

    /// A record was erased: nobody has to keep it any more.
    pub(crate) fn forgets(&self, key: &RecordKey) {
        self.reported.lock().expect("no test panics while it notes").retain(|reported| reported.key != *key);
    }

    fn event(&self, kind: &str, detail: &Value) -> String {
        json!({ "detail-type": kind, "time": self.now(), "detail": detail }).to_string()
    }

    fn note(&self, key: &RecordKey, version: i64, succeeded: bool) {
        let reported = Reported { key: key.clone(), version, at: self.now(), succeeded };
        self.reported.lock().expect("no test panics while it notes").push(reported);
    }

    /// What is stored of a Contact of `acme` that failed.
    pub(crate) fn record(&self, record: &str) -> Record {
        match self.store.stored(&key(record)) {
            Some(Stored::Record(record)) => *record,
            other => panic!("{record} is no failing record but {other:?}"),
        }
    }

    /// Every record that failed, whatever became of it.
    pub(crate) fn records(&self) -> Vec<Record> {
        let record = |stored| match stored {
            Stored::Record(record) => Some(*record),
            Stored::Success(_) => None,
        };
        self.store.all().into_iter().filter_map(record).collect()
    }

    /// How many records still need a try.
    pub(crate) fn failing(&self) -> usize {
        self.records().iter().filter(|record| record.is_failing()).count()
    }

    /// Every request to any Salesforce.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.watch.requests()
    }

    /// How many requests were made to any Salesforce.
    pub(crate) fn calls(&self) -> usize {
        self.requests().len()
    }

    /// The requests of one kind, in order.
    pub(crate) fn requests_of(&self, kind: Kind) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.kind == kind).collect()
    }

    /// The sizes of the batches that were sent, in order.
    pub(crate) fn batch_sizes(&self) -> Vec<usize> {
        self.requests_of(Kind::Upsert).iter().map(Request::size).collect()
    }

    /// Waits until `instant`, with no schedule on the way.
    pub(crate) async fn wait_until(&self, instant: Timestamp) {
        self.clock.wait(instant.since(self.now())).await;
    }

    /// The journal of `acme`.
    pub(crate) async fn journal(&self) -> Vec<Entry> {
        self.store.entries(&id("acme")).await.expect("the store works")
    }

    /// When each batch with this Contact of `acme` was sent.
    pub(crate) fn sent(&self, record: &str) -> Vec<Timestamp> {
        let with = |request: &Request| request.records.iter().any(|sent| sent.key == key(record));
        self.requests().iter().filter(|request| with(request)).map(|request| request.at).collect()
    }

    /// How often the store was asked for this.
    pub(crate) fn count(&self, operation: Operation) -> u64 {
        self.store.counts().get(&operation).copied().unwrap_or(0)
    }

    /// Everything published so far.
    pub(crate) fn published(&self) -> Vec<Outbound> {
        self.bus.published()
    }

    /// How many events of this kind were published.
    pub(crate) fn events(&self, kind: &str) -> usize {
        self.published().iter().filter(|event| event.detail_type() == kind).count()
    }

    /// Why a Contact of `acme` is not retrying.
    pub(crate) async fn explain(&self, record: &str) -> Explanation {
        match explain(&self.parts, &key(record)).await.expect("the store works") {
            Answer::Explained(explanation) => *explanation,
            other => panic!("{record} is not explained: {other:?}"),
        }
    }

    /// What `acme`'s runs reported, in the order of their ends.
    pub(crate) fn run_reports(&self) -> Vec<RunReport> {
        let reports = self.reports.lock().expect("no test panics while it reports");
        reports.iter().filter(|(connection, _)| *connection == id("acme")).map(|(_, report)| report.clone()).collect()
    }
}

fn detail_of(key: &RecordKey, version: i64) -> Value {
    json!({
        "connection": key.connection, "object": key.object, "externalId": key.id,
        "externalIdField": "Ext_Id__c", "sourceVersion": version,
    })
}
