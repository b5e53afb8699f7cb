//! A small, sound morning: five records of two connections, every send and outcome written by hand.
//!
//! Must not know: which tampering the tests try on it.

use std::collections::BTreeMap;

use rules::catalogue::Catalogue;
use rules::counts::{ApiCalls, Attempts, TryKind};
use rules::events::{Outbound, RecordsRetried, RetryResult};
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, FieldName, ObjectName, RecordId, RecordKey};
use rules::policy::{IntervalPolicy, Policy, RecentPolicy};
use rules::record::{Failure, HoldReason, Next, PayloadPlace, Record, Resolution, State, Stored};
use rules::time::Timestamp;
use rules::tries::{Tries, TryOutcome};
use rules::version::SourceVersion;
use salesforce_sim::{CallKind, LogEntry, Millis, Outcome, RecordLog, Sequence};

use super::super::{Evidence, check};
use crate::demo::facts::{Accepted, Facts};

/// An instant of Monday, 2 March 2026, such as `06:20`.
pub(super) fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-03-02T{time}:00Z")).expect("a time of day")
}

pub(super) fn connection(name: &str) -> ConnectionId {
    ConnectionId::new(name).expect("a connection's name")
}

/// A Contact of `connection`.
pub(super) fn key(name: &str, id: &str) -> RecordKey {
    let object = ObjectName::new("Contact").expect("an object's name");
    RecordKey { connection: connection(name), object, id: RecordId::new(id).expect("an external id") }
}

/// One record in a call.
pub(super) fn sent(id: Option<&str>, outcome: Outcome) -> RecordLog {
    RecordLog {
        object: "Contact".into(),
        field: Some("Ext_Id__c".into()),
        external_id: id.map(Into::into),
        fields: std::sync::Arc::default(),
        outcome,
    }
}

pub(super) fn saved() -> Outcome {
    Outcome::Committed { id: "003000000000001AAA".into(), created: true, at: Millis(0) }
}

pub(super) fn refused() -> Outcome {
    Outcome::Refused { code: "REQUIRED_FIELD_MISSING".into() }
}

/// A call that took no time. `number` is its place in the log.
pub(super) fn call(number: u64, time: &str, status: Option<u16>, records: Vec<RecordLog>) -> LogEntry {
    let instant = Millis(at(time).as_millis());
    LogEntry {
        sequence: Sequence(number),
        started: instant,
        ended: instant,
        kind: CallKind::Collections,
        status,
        counted: true,
        fault: None,
        late_commit_of: None,
        records: records.into(),
    }
}

/// The published outcomes of one batch, its number taken from the call.
pub(super) fn retried(name: &str, number: u32, results: &[(&str, TryOutcome)]) -> Outbound {
    let results = results.iter().map(|(id, outcome)| {
        let id = RecordId::new(*id).expect("an external id");
        RetryResult { id, outcome: *outcome, error_type: None }
    });
    let batch = BatchId { epoch: Epoch(1), sequence: number };
    let object = ObjectName::new("Contact").expect("an object's name");
    Outbound::RecordsRetried(RecordsRetried::of(connection(name), object, batch, TryKind::Interval, results.collect()))
}

/// A record that failed at 06:05 with `code`, as the table holds it.
fn record(key: &RecordKey, code: &str, state: State, attempts: Attempts, last_failed: &str) -> Record {
    Record {
        key: key.clone(),
        external_id_field: FieldName::new("Ext_Id__c").expect("a field's name"),
        fence: Fence(7),
        source_version: SourceVersion::Number(1),
        state,
        failure: Failure::new(Catalogue::builtin().classify(code, "").error_type, code, ""),
        attempts,
        tries: Tries::default(),
        first_failed: at("06:05"),
        last_failed: at(last_failed),
        parent: None,
        payload: PayloadPlace::Inline,
        type_since: None,
        last_send: None,
    }
}

/// What is checked, in a form that a test can tamper with.
pub(super) struct Morning {
    pub(super) facts: Facts,
    pub(super) stored: BTreeMap<RecordKey, Stored>,
    pub(super) logs: BTreeMap<ConnectionId, Vec<LogEntry>>,
    pub(super) published: Vec<Outbound>,
}

impl Morning {
    /// `C-1` was refused, met a 503, and was saved. `C-2` only met a 503. `C-3` was refused, then synced by its source.
    /// `B-1` is of an excluded type. `B-2` was refused in the sweep.
    pub(super) fn sound() -> Self {
        let mut morning = Self {
            facts: Facts::default(),
            stored: BTreeMap::new(),
            logs: BTreeMap::new(),
            published: vec![
                retried("marketing", 1, &[("C-1", TryOutcome::Failed), ("C-3", TryOutcome::Failed)]),
                retried("marketing", 4, &[("C-1", TryOutcome::Saved)]),
                retried("billing", 1, &[("B-2", TryOutcome::Failed)]),
            ],
        };
        let tries = |interval: u32, recent: u32| Attempts { interval, recent, ..Attempts::default() };
        let resolved = |how: Resolution, time: &str| State::Resolved { how, at: at(time) };
        let code = "REQUIRED_FIELD_MISSING";
        morning.add("marketing", "C-1", code, resolved(Resolution::Retried, "07:00"), tries(2, 0), "06:20");
        morning.add("marketing", "C-2", code, State::Scheduled(Next::At(at("06:20"))), tries(0, 0), "06:05");
        morning.add("marketing", "C-3", code, resolved(Resolution::SucceededElsewhere, "06:30"), tries(1, 0), "06:20");
        morning.add("billing", "B-1", "DACO-02", State::Held(HoldReason::ExcludedType), tries(0, 0), "06:05");
        morning.add("billing", "B-2", code, State::Scheduled(Next::Sweep), tries(0, 1), "11:30");
        morning.facts.successes.insert(key("marketing", "C-3"), at("06:30"));
        for name in ["marketing", "billing"] {
            morning.facts.caps.insert(connection(name), vec![(at("06:00"), ApiCalls(5))]);
        }
        let unavailable = |id: &str| vec![sent(Some(id), Outcome::NotProcessed)];
        let marketing = vec![
            call(1, "06:20", Some(200), vec![sent(Some("C-1"), refused()), sent(Some("C-3"), refused())]),
            call(2, "06:20", Some(503), unavailable("C-2")),
            call(3, "06:40", Some(503), unavailable("C-1")),
            call(4, "07:00", Some(200), vec![sent(Some("C-1"), saved())]),
        ];
        let billing = vec![call(1, "11:30", Some(200), vec![sent(Some("B-2"), refused())])];
        morning.logs = BTreeMap::from([(connection("marketing"), marketing), (connection("billing"), billing)]);
        morning
    }

    fn add(&mut self, name: &str, id: &str, code: &str, state: State, attempts: Attempts, last_failed: &str) {
        let key = key(name, id);
        let accepted = Accepted { at: at("06:05"), code: code.to_owned(), excluded: code == "DACO-02", gone: false };
        self.facts.failures.insert(key.clone(), vec![accepted]);
        let record = record(&key, code, state, attempts, last_failed);
        self.stored.insert(key, Stored::Record(Box::new(record)));
    }

    /// The item of a record.
    pub(super) fn item(&mut self, name: &str, id: &str) -> &mut Record {
        match self.stored.get_mut(&key(name, id)) {
            Some(Stored::Record(record)) => record,
            Some(Stored::Success(_)) | None => panic!("{name} has no item of {id}"),
        }
    }

    /// The log of a connection's org.
    pub(super) fn log(&mut self, name: &str) -> &mut Vec<LogEntry> {
        self.logs.get_mut(&connection(name)).expect("a connection of the morning")
    }

    /// The invariants that the check finds broken, each once.
    pub(super) fn broken(self) -> Vec<u8> {
        let policies = BTreeMap::from([
            (connection("marketing"), Policy::Interval(IntervalPolicy::default())),
            (connection("billing"), Policy::Recent(RecentPolicy::default())),
        ]);
        let Self { facts, stored, logs, published } = self;
        let violations = check(&Evidence { facts: &facts, policies, stored, logs, published });
        let mut invariants: Vec<u8> = violations.iter().map(|violation| violation.invariant).collect();
        invariants.sort_unstable();
        invariants.dedup();
        invariants
    }
}

/// What the check finds broken after `tamper` was done to the sound morning.
pub(super) fn broken_by(tamper: impl FnOnce(&mut Morning)) -> Vec<u8> {
    let mut morning = Morning::sound();
    tamper(&mut morning);
    morning.broken()
}
