//! A Salesforce that is watched: every request with its time, and of every record what it was answered.
//!
//! Must not know: what should have been sent. The answers are the scripted Salesforce's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::fakes::{FakeTarget, FakeTargets, VirtualClock};
use engine::memory::MemoryStore;
use engine::ports::{
    Clock, LoginAnswer, PortError, ProbeAnswer, Reply, SyncTarget, Targets, UpsertAnswer, UpsertRequest,
};
use rules::connection::Connection;
use rules::ids::{ConnectionId, FieldName, RecordKey};
use rules::record::Stored;
use rules::time::Timestamp;
use rules::verdict::Answer;

use super::brittle::Mortal;

/// One record of one request.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) key: RecordKey,
    /// The payload's field `v`, which is the source version in these tests.
    pub(crate) v: Option<i64>,
    /// What was stored of it when it was sent.
    pub(crate) stored: Option<Stored>,
    /// The answer, once the request was answered as processed.
    pub(crate) answer: Option<Answer>,
}

/// What a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Login,
    Probe,
    Upsert,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) connection: ConnectionId,
    pub(crate) kind: Kind,
    pub(crate) at: Timestamp,
    pub(crate) field: Option<FieldName>,
    pub(crate) records: Vec<Sent>,
    /// Whether its answer came.
    pub(crate) answered: bool,
}

/// What was seen of all connections. A clone is the same log.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Vec<Request>>>);

impl Watch {
    /// Every request so far, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.with(|requests| requests.clone())
    }

    fn begin(&self, request: Request) -> usize {
        self.with(|requests| {
            requests.push(request);
            requests.len() - 1
        })
    }

    fn answer(&self, number: usize, answer: &UpsertAnswer) {
        self.with(|requests| requests[number].take(answer));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Request>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Request {
    /// Whether nobody waited for its answer.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.kind == Kind::Upsert && !self.answered
    }

    /// The number of its records.
    pub(crate) fn size(&self) -> usize {
        self.records.len()
    }

    fn take(&mut self, answer: &UpsertAnswer) {
        self.answered = true;
        let everyone = |answer: Answer| vec![answer; self.records.len()];
        let answers = match answer {
            UpsertAnswer::Processed(answers) => answers.clone(),
            UpsertAnswer::Unknown => everyone(Answer::Unknown),
            UpsertAnswer::ObjectRejected { code, message } => {
                everyone(Answer::Refused { code: code.clone(), message: message.clone() })
            }
            UpsertAnswer::Rejected { code, message } if self.records.len() == 1 => {
                everyone(Answer::Refused { code: code.clone(), message: message.clone() })
            }
            UpsertAnswer::Rejected { .. } | UpsertAnswer::SessionExpired | UpsertAnswer::NotProcessed(_) => return,
        };
        for (sent, answer) in self.records.iter_mut().zip(answers) {
            sent.answer = Some(answer);
        }
    }
}

/// The watched Salesforces. A clone is the same ones.
#[derive(Clone)]
pub(crate) struct WatchedTargets {
    pub(crate) inner: FakeTargets<VirtualClock>,
    pub(crate) watch: Watch,
    pub(crate) mortal: Mortal,
    pub(crate) store: MemoryStore,
    pub(crate) clock: VirtualClock,
}

impl Targets for WatchedTargets {
    type Target = Watched;

    fn of(&self, connection: &Connection) -> Result<Arc<Watched>, PortError> {
        let inner = self.inner.of(connection)?;
        Ok(Arc::new(Watched { inner, all: self.clone(), connection: connection.id.clone() }))
    }
}

/// One watched Salesforce.
pub(crate) struct Watched {
    inner: Arc<FakeTarget<VirtualClock>>,
    all: WatchedTargets,
    connection: ConnectionId,
}

impl Watched {
    fn begin(&self, kind: Kind, field: Option<FieldName>, records: Vec<Sent>) -> usize {
        let (connection, at) = (self.connection.clone(), self.all.clock.now());
        let request = Request { connection, kind, at, field, records, answered: false };
        self.all.watch.begin(request)
    }

    fn sent(&self, request: &UpsertRequest) -> Vec<Sent> {
        let sent = |record: &engine::ports::Upsert| {
            let (connection, object) = (self.connection.clone(), request.object.clone());
            let key = RecordKey { connection, object, id: record.id.clone() };
            let v = record.payload.fields().get("v").and_then(serde_json::Value::as_i64);
            Sent { stored: self.all.store.stored(&key), key, v, answer: None }
        };
        request.records.iter().map(sent).collect()
    }
}

impl SyncTarget for Watched {
    async fn secret_version(&self) -> Result<String, PortError> {
        self.inner.secret_version().await
    }

    fn is_signed_in(&self) -> bool {
        self.inner.is_signed_in()
    }

    async fn login(&self) -> Reply<LoginAnswer> {
        self.all.mortal.step().await;
        self.begin(Kind::Login, None, Vec::new());
        let reply = self.inner.login().await;
        self.all.mortal.step().await;
        reply
    }

    async fn probe(&self) -> Reply<ProbeAnswer> {
        self.all.mortal.step().await;
        self.begin(Kind::Probe, None, Vec::new());
        let reply = self.inner.probe().await;
        self.all.mortal.step().await;
        reply
    }

    async fn upsert(&self, request: UpsertRequest) -> Reply<UpsertAnswer> {
        self.all.mortal.step().await;
        let number = self.begin(Kind::Upsert, Some(request.field.clone()), self.sent(&request));
        let reply = self.inner.upsert(request).await;
        self.all.watch.answer(number, &reply.answer);
        self.all.mortal.step().await;
        reply
    }
}

/// How often each record was sent.
pub(crate) fn sends(requests: &[Request]) -> BTreeMap<RecordKey, usize> {
    let mut counts = BTreeMap::new();
    for sent in requests.iter().flat_map(|request| &request.records) {
        *counts.entry(sent.key.clone()).or_default() += 1;
    }
    counts
}
