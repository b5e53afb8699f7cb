//! Salesforce as a process reaches it: the engine's port over the orgs, with whatever may happen on the way.
//!
//! Must not know: the protocol of a run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::ports::{
    LoginAnswer, NotProcessed, OrgFigure, PortError, ProbeAnswer, Reply, SyncTarget, Targets, UpsertAnswer,
    UpsertRequest,
};
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, RecordId, RecordKey};
use rules::time::Timestamp;
use rules::verdict::Answer;

use super::org::{Call, CallKind, Due, Org, Orgs, Part, message_of, quoting};
use crate::chance::Chance;
use crate::faults::{Fault, Faults};
use crate::oracle::Eyes;
use crate::process::Process;
use crate::trace::Trace;

/// How late Salesforce may still process what it did not answer.
const LATE: Duration = Duration::from_mins(10);

/// The longest that a request may be on its way.
const LONGEST_TRIP: Duration = Duration::from_secs(30);

/// The org's own limit of calls a day.
const ORG_LIMIT: u64 = 100_000;

/// The Salesforces, as one process reaches them.
#[derive(Clone, Debug)]
pub(crate) struct Salesforces {
    pub(crate) orgs: Orgs,
    pub(crate) process: Process,
    pub(crate) faults: Faults,
    pub(crate) chance: Chance,
    pub(crate) trace: Trace,
    pub(crate) eyes: Eyes,
}

impl Targets for Salesforces {
    type Target = Salesforce;

    fn of(&self, connection: &Connection) -> Result<Arc<Salesforce>, PortError> {
        let (timeout, cap) = (connection.request_timeout(), connection.budget.cap());
        let (all, id, token) = (self.clone(), connection.id.clone(), Mutex::default());
        Ok(Arc::new(Salesforce { all, connection: id, timeout, cap, token }))
    }
}

/// The Salesforce of one connection.
#[derive(Debug)]
pub(crate) struct Salesforce {
    all: Salesforces,
    connection: ConnectionId,
    timeout: Duration,
    /// The cap when the run began.
    cap: ApiCalls,
    /// Whether a token is at hand.
    token: Mutex<bool>,
}

/// What becomes of a batch that arrived.
enum Fate {
    Answered(UpsertAnswer),
    /// Processed, and the answer is lost, cannot be read, or comes too late.
    Processed {
        after: Duration,
        silent: bool,
    },
    Lost,
}

impl Salesforce {
    fn now(&self) -> Timestamp {
        self.all.process.clock.timeline.now()
    }

    async fn travels(&self) {
        let span = self.all.chance.span(Duration::from_millis(5), Duration::from_millis(60));
        self.all.process.clock.timeline.sleep(span).await;
    }

    /// A request goes out; when, if it arrives. Nothing can keep a machine from falling asleep between its last look at the clock and
    /// the wire: a connection that is older than this by then is taken to be gone.
    async fn goes_out(&self) -> Option<Timestamp> {
        let begun = self.now();
        self.travels().await;
        (self.now().since(begun) < LONGEST_TRIP).then_some(begun)
    }

    async fn works(&self, span: Duration) {
        self.all.process.clock.timeline.sleep(span).await;
    }

    fn org<T>(&self, work: impl FnOnce(&mut Org) -> T) -> T {
        self.all.orgs.of(&self.connection, work)
    }

    fn is(&self, fault: Fault) -> bool {
        let now = self.now();
        self.org(|org| org.weather.is(fault, now))
    }

    fn set_token(&self, there: bool) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = there;
    }

    /// Logs a call that arrived; its number.
    fn arrives(&self, kind: CallKind, sent: Timestamp, parts: Vec<Part>, done: Timestamp) -> usize {
        let now = self.now();
        let in_doubt_until = now + LATE;
        let process = self.all.process.id;
        let cap = self.cap.max(self.all.eyes.connection(&self.connection).budget.cap());
        let ledger = self.all.eyes.control(&self.connection).ledger;
        let charged = ledger.buckets().filter(|(bucket, _)| bucket.end() > sent).map(|(_, calls)| calls).sum();
        let (arrived, heard, refused) = (now, None, false);
        let call = Call { kind, process, sent, arrived, done, in_doubt_until, heard, refused, cap, charged, parts };
        let detail = call.parts.len() as u64;
        self.all.trace.note(now, Some(process), ("salesforce", detail), || self.line(&call));
        self.org(|org| {
            org.calls.push(call);
            org.calls.len() - 1
        })
    }

    fn line(&self, call: &Call) -> String {
        let parts: Vec<String> = call.parts.iter().map(|part| format!("{} v{}", part.key.id, part.version)).collect();
        format!("{}: {:?} arrives at Salesforce [{}]", self.connection, call.kind, parts.join(", "))
    }

    fn hears(&self, call: usize, what: &dyn std::fmt::Debug) {
        let now = self.now();
        self.all
            .trace
            .note(now, Some(self.all.process.id), ("heard", 0), || format!("{}: hears {what:?}", self.connection));
        self.org(|org| org.calls[call].heard = Some(now));
    }

    fn with_org<A>(&self, answer: A) -> Reply<A> {
        let now = self.now();
        let day = Duration::from_hours(24);
        let used = self.org(|org| org.calls_after(now - day)) as u64;
        let org =
            self.all.chance.happens(500).then_some(OrgFigure { used: ApiCalls(used), limit: ApiCalls(ORG_LIMIT) });
        Reply { answer, org }
    }

    /// What keeps every call from being processed.
    fn weather(&self) -> Option<NotProcessed> {
        let now = self.now();
        self.org(|org| org.weather.turns(&self.all.faults, &self.all.chance, now));
        let kinds = [(Fault::OrgDown, NotProcessed::Down), (Fault::OrgLimitReached, NotProcessed::OrgLimit)];
        let lasting = kinds.into_iter().find(|(fault, _)| self.is(*fault)).map(|(_, why)| why);
        lasting.or_else(|| self.all.faults.meets(Fault::OrgBusy).then_some(NotProcessed::Busy))
    }

    fn expires(&self) -> bool {
        let expired = self.all.faults.meets(Fault::SessionExpires);
        if expired {
            self.set_token(false);
        }
        expired
    }

    fn fate(&self, parts: &[Part]) -> Fate {
        if let Some(why) = self.weather() {
            return Fate::Answered(UpsertAnswer::NotProcessed(why));
        }
        if self.expires() {
            return Fate::Answered(UpsertAnswer::SessionExpired);
        }
        if self.all.faults.meets(Fault::ObjectRefused) {
            let (code, message) = ("INVALID_TYPE".to_owned(), message_of("INVALID_TYPE").to_owned());
            return Fate::Answered(UpsertAnswer::ObjectRejected { code, message });
        }
        if let Some(poison) = self.org(|org| parts.iter().find(|part| org.poisons(&part.key))) {
            self.all.faults.count(Fault::RecordPoisons);
            let code = "JSON_PARSER_ERROR".to_owned();
            let message = quoting(&code, &poison.key);
            return Fate::Answered(UpsertAnswer::Rejected { code, message });
        }
        self.fate_of_processed()
    }

    fn fate_of_processed(&self) -> Fate {
        let (chance, faults) = (&self.all.chance, &self.all.faults);
        let (least, most) = self.org(|org| org.works);
        let quick = chance.span(least, most);
        if faults.meets(Fault::BatchLost) {
            return Fate::Lost;
        }
        if faults.meets(Fault::BatchCommitsLate) {
            let latest = self.timeout + LATE;
            return Fate::Processed { after: chance.span(self.timeout, latest), silent: true };
        }
        if faults.meets(Fault::BatchAnswerLost) {
            return Fate::Processed { after: quick, silent: true };
        }
        Fate::Processed { after: quick, silent: false }
    }

    fn processed(&self, mut parts: Vec<Part>, done: Timestamp) -> (Vec<Part>, Vec<Answer>) {
        let is_full = self.is(Fault::StorageFull);
        let answers: Vec<Answer> = self.org(|org| {
            let answer = |part: &mut Part| {
                let code = "STORAGE_LIMIT_EXCEEDED";
                let full = || Answer::Refused { code: code.to_owned(), message: message_of(code).to_owned() };
                let answer = if is_full { full() } else { org.fares(&part.key) };
                if answer == Answer::Saved {
                    part.saved = Some(done);
                    org.saves(done, part.key.clone(), part.version);
                }
                part.answer = Some(answer.clone());
                answer
            };
            parts.iter_mut().map(answer).collect()
        });
        (parts, answers)
    }

    fn key(&self, request: &UpsertRequest, id: &RecordId) -> RecordKey {
        RecordKey { connection: self.connection.clone(), object: request.object.clone(), id: id.clone() }
    }

    fn parts(&self, request: &UpsertRequest) -> Vec<Part> {
        let part = |record: &engine::ports::Upsert| {
            let key = self.key(request, &record.id);
            let version = record.payload.fields().get("v").and_then(serde_json::Value::as_i64).unwrap_or(0);
            Part { due: Due::Changed, key, version, saved: None, answer: None }
        };
        let mut parts: Vec<Part> = request.records.iter().map(part).collect();
        self.all.eyes.say_whether_due(&mut parts);
        parts
    }
}

impl SyncTarget for Salesforce {
    async fn secret_version(&self) -> Result<String, PortError> {
        self.travels().await;
        if self.all.faults.meets(Fault::SecretOut) {
            return Err(PortError::unavailable("reading the secret", "the store of secrets is out of reach"));
        }
        Ok(self.org(|org| org.secret).to_string())
    }

    fn is_signed_in(&self) -> bool {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn login(&self) -> Reply<LoginAnswer> {
        let Some(sent) = self.goes_out().await else {
            return self.with_org(LoginAnswer::Unknown);
        };
        if self.is(Fault::OrgUnreachable) {
            return self.with_org(LoginAnswer::NotProcessed(NotProcessed::Unreachable));
        }
        let call = self.arrives(CallKind::Login, sent, Vec::new(), self.now());
        let refused = self.org(|org| org.weather.refuses(org.secret));
        let answer = match self.weather() {
            _ if refused => LoginAnswer::NotProcessed(NotProcessed::LoginRefused),
            Some(why) => LoginAnswer::NotProcessed(why),
            None if self.all.faults.meets(Fault::AnswerUnreadable) => LoginAnswer::Unknown,
            None => LoginAnswer::SignedIn,
        };
        self.travels().await;
        self.set_token(answer == LoginAnswer::SignedIn);
        self.hears(call, &answer);
        self.with_org(answer)
    }

    async fn probe(&self) -> Reply<ProbeAnswer> {
        let Some(sent) = self.goes_out().await else {
            return self.with_org(ProbeAnswer::Unknown);
        };
        if self.is(Fault::OrgUnreachable) {
            return self.with_org(ProbeAnswer::NotProcessed(NotProcessed::Unreachable));
        }
        let call = self.arrives(CallKind::Probe, sent, Vec::new(), self.now());
        let answer = match self.weather() {
            Some(why) => ProbeAnswer::NotProcessed(why),
            None if self.expires() => ProbeAnswer::SessionExpired,
            None => ProbeAnswer::Up,
        };
        self.travels().await;
        self.hears(call, &answer);
        self.with_org(answer)
    }

    async fn upsert(&self, request: UpsertRequest) -> Reply<UpsertAnswer> {
        let Some(sent) = self.goes_out().await else {
            let keys = request.records.iter().map(|record| self.key(&request, &record.id));
            self.org(|org| org.vanished.extend(keys));
            return self.with_org(UpsertAnswer::Unknown);
        };
        if self.is(Fault::OrgUnreachable) {
            return self.with_org(UpsertAnswer::NotProcessed(NotProcessed::Unreachable));
        }
        let parts = self.parts(&request);
        match self.fate(&parts) {
            Fate::Answered(answer) => {
                let call = self.arrives(CallKind::Upsert, sent, parts, self.now());
                let refused = matches!(answer, UpsertAnswer::Rejected { .. } | UpsertAnswer::ObjectRejected { .. });
                self.org(|org| org.calls[call].refused = refused);
                self.travels().await;
                self.hears(call, &answer);
                self.with_org(answer)
            }
            Fate::Lost => {
                self.arrives(CallKind::Upsert, sent, parts, self.now());
                self.works(self.timeout).await;
                self.with_org(UpsertAnswer::Unknown)
            }
            Fate::Processed { after, silent } => self.process(sent, parts, after, silent).await,
        }
    }
}

impl Salesforce {
    async fn process(&self, sent: Timestamp, parts: Vec<Part>, after: Duration, silent: bool) -> Reply<UpsertAnswer> {
        let done = self.now() + after;
        let (parts, answers) = self.processed(parts, done);
        let unreadable = self.all.faults.meets(Fault::AnswerUnreadable);
        let call = self.arrives(CallKind::Upsert, sent, parts, done);
        if silent {
            self.works(self.timeout).await;
            return self.with_org(UpsertAnswer::Unknown);
        }
        self.works(after).await;
        self.travels().await;
        if unreadable {
            return self.with_org(UpsertAnswer::Unknown);
        }
        let answer = UpsertAnswer::Processed(answers);
        self.hears(call, &answer);
        self.with_org(answer)
    }
}
