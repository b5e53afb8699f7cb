//! A bad morning in a table: 50,000 failing records of one connection among sixty, and all that is kept beside them.
//!
//! Must not know: what is asked about it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use engine::fakes::{Around, VirtualClock, around, sample};
use engine::ports::{
    AuditAction, AuditEntry, Audits, Connections, Controls, CountChange, ErrorTypes, Journal, KeptRequest, Reports,
    Requests, RunReport, Saved, SlotWritten, StopReason,
};
use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::control::Control;
use rules::counts::TryKind;
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, ObjectName, ParentKey, RequestId, RunId};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::owed::{Forced, Owed, Selection};
use rules::record::{Failure, Next, Record, State};
use rules::resync::{Action, Matching, Progress, Request, RequestState, Wanted};
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use rules::version::SourceVersion;
use store::DynamoStore;
use store::local::{Embedded, Place};

use super::counting::Counting;
use crate::likes::{self, Model};

/// When the morning is.
pub(super) const NOW: &str = "2026-03-02T09:30:00Z";

pub(super) const TYPES: usize = 20;
pub(super) const SHARDS: u16 = 16;
pub(super) const RECORDS: usize = 50_000;
pub(super) const CONNECTIONS: usize = 60;
/// The others that have a part of their own: `swept` and `tidied`.
pub(super) const BESIDE: usize = 2;
pub(super) const OBJECTS: [&str; 2] = ["Contact", "Invoice__c"];

pub(super) type Bundle = Around<DynamoStore<VirtualClock>>;

/// The connection with the fifty thousand records.
pub(super) fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

/// Another one, under the recent policy: every type and shard of it may have records, and one record stands at the edge of its
/// window while Salesforce is down.
pub(super) fn swept() -> ConnectionId {
    sample::connection_id("swept")
}

/// Fifty thousand failing records of one connection among sixty, and a count of what is asked.
pub(super) struct Morning {
    pub(super) ports: Arc<Bundle>,
    pub(super) counting: Counting,
}

pub(super) fn type_name(number: usize) -> String {
    format!("unknown:CODE_{number:02}")
}

/// The type, the object and the shard of a record, by its number: every shard of every type has both objects.
fn place(number: usize) -> (usize, &'static str, usize) {
    (number % TYPES, OBJECTS[number / TYPES % OBJECTS.len()], number / (TYPES * OBJECTS.len()) % usize::from(SHARDS))
}

pub(super) fn first_failed(number: usize) -> Timestamp {
    sample::time("2026-03-01T00:00:00Z") + Duration::from_secs(number as u64)
}

pub(super) fn connection(number: usize) -> Connection {
    let name = if number == 0 { "acme".to_owned() } else { format!("other-{number:02}") };
    Connection { shards: SHARDS, ..sample::interval(&name) }
}

impl Morning {
    pub(super) async fn breaks() -> Self {
        let table = Embedded::open(Place::Memory, "resync").await.unwrap();
        let config = table.config().build();
        let counting = Counting::of(config.http_client().expect("the table's own"));
        let client = Client::from_conf(table.config().http_client(counting.clone()).build());
        let clock = VirtualClock::starting(sample::time(NOW));
        let ports = Arc::new(around(DynamoStore::new(client, table.name(), clock), clock));
        let morning = Self { ports, counting };
        morning.settings().await;
        morning.records(&table.client(), table.name()).await;
        morning.beside().await;
        morning.edge().await;
        morning.traces().await;
        morning.tidied().await;
        morning.counting.take();
        morning
    }

    async fn settings(&self) {
        for number in 0..CONNECTIONS {
            let connection = connection(number);
            self.ports.store.save_connection(&connection).await.unwrap();
            let control = Control { revision: 1, epoch: Epoch(7), ..Control::default() };
            assert_eq!(self.ports.store.save_control(&connection.id, &control, 0).await.unwrap(), Saved::Done);
        }
    }

    async fn records(&self, client: &Client, table: &str) {
        let mut models = BTreeMap::new();
        for object in OBJECTS {
            let mut record: Record = sample::failing("acme", "model");
            record.key.object = sample::object(object);
            record.failure =
                Failure::new(sample::error_type(&type_name(0)), "CODE_00", "the moon is in the seventh house");
            models.insert(object, Model::of(&self.ports.store, client, table, &record).await);
        }
        let like = |number| {
            let (of, object, shard) = place(number);
            let named = models[object].named("acme", object, &id(number));
            named.listed("acme", &type_name(of), shard).first_failed(first_failed(number))
        };
        likes::write(client, table, RECORDS, like).await;
        let mut counts: BTreeMap<usize, BTreeMap<ObjectName, i64>> = BTreeMap::new();
        for number in 0..RECORDS {
            let (of, object, _) = place(number);
            *counts.entry(of).or_default().entry(ObjectName::new(object).unwrap()).or_default() += 1;
        }
        let change = |(of, records)| CountChange {
            error_type: sample::error_type(&type_name(of)),
            records,
            oldest: Some(first_failed(of)),
            timed_out: 0,
        };
        let changes: Vec<_> = counts.into_iter().map(change).collect();
        self.ports.store.add_counts(&acme(), &changes).await.unwrap();
    }

    /// A record that sweeps leave alone soon, where nobody knows whether they find another one.
    async fn edge(&self) {
        let store = &self.ports.store;
        store.save_connection(&Connection { shards: SHARDS, ..sample::recent("swept") }).await.unwrap();
        let now = sample::time(NOW);
        let probe = Some(now + Duration::from_hours(20));
        let suspension = Suspension { cause: Cause::Down, since: now, failed_probes: 3, next_probe: probe };
        let asked = Request { connection: swept(), ..request(0) };
        let owed = Owed::default().with_request(Forced::accepted(&asked, Epoch(7))).expect("one may be open");
        let control =
            Control { revision: 1, epoch: Epoch(7), suspension: Some(suspension), owed, ..Control::default() };
        assert_eq!(store.keep_request(&asked, &control, 0, &audited(0)).await.unwrap(), KeptRequest::New);
        let failed = now + Duration::from_hours(4) - Duration::from_hours(24 * 7);
        // Whoever explains it looks for its parent, too.
        let parent = Some(ParentKey { object: sample::object("Account"), id: sample::record_id("gone") });
        let record = Record {
            state: State::Scheduled(Next::Sweep),
            parent,
            first_failed: failed,
            last_failed: failed,
            ..sample::failing("swept", "edge")
        };
        likes::put(store, &record).await;
        // And for what waits for it.
        let parent = Some(ParentKey { object: record.key.object.clone(), id: record.key.id.clone() });
        likes::put(store, &Record { parent, key: sample::key("swept", "child"), ..record }).await;
        let contact: BTreeMap<_, _> = [(sample::object("Contact"), 50)].into();
        let types: Vec<ErrorType> = (0..TYPES).map(|number| sample::error_type(&type_name(number))).collect();
        let change = |error_type| CountChange { error_type, records: contact.clone(), oldest: None, timed_out: 0 };
        store.add_counts(&swept(), &types.into_iter().map(change).collect::<Vec<_>>()).await.unwrap();
    }

    /// A record that requests and finished entries of the journal name.
    async fn traces(&self) {
        let (id, requests, entries) = traced();
        let store = &self.ports.store;
        let named = Wanted::records([(sample::object("Contact"), sample::record_id(id))]).unwrap();
        for number in 0..requests {
            let control = store.control(&acme()).await.unwrap();
            let owing = Control { revision: control.revision + 1, ..control.clone() };
            let ended = Some(sample::time(NOW));
            let name = RequestId::new(format!("named-{number}")).unwrap();
            let request =
                Request { id: name, wanted: named.clone(), state: RequestState::Done, ended, ..request(number) };
            assert_eq!(
                store
                    .keep_request(&request, &owing, control.revision, &audited(u32::try_from(number).unwrap()))
                    .await
                    .unwrap(),
                KeptRequest::New
            );
        }
        for slot in 0..entries {
            assert_eq!(store.write_entry(&acme(), &settled(slot, id), None).await.unwrap(), SlotWritten::Done);
        }
    }

    /// A connection whose records of two types were all put right.
    async fn tidied(&self) {
        let tidied = sample::interval("tidied");
        self.ports.store.save_connection(&tidied).await.unwrap();
        for number in 0..2 {
            let error_type = sample::error_type(&type_name(number));
            self.ports.store.list_error_type(&tidied.id, &error_type).await.unwrap();
        }
    }

    /// What else is kept of a connection: as many open requests as it may have, runs, an audit, a journal.
    async fn beside(&self) {
        let store = &self.ports.store;
        let mut control = store.control(&acme()).await.unwrap();
        for number in 0..16 {
            let request = request(number);
            let owed = control.owed.clone().with_request(Forced::accepted(&request, Epoch(7))).expect("16 may be open");
            let owing = Control { owed, revision: control.revision + 1, ..control.clone() };
            assert_eq!(
                store
                    .keep_request(&request, &owing, control.revision, &audited(u32::try_from(number).unwrap()))
                    .await
                    .unwrap(),
                KeptRequest::New
            );
            control = owing;
        }
        for number in 0..150 {
            store.keep_report(&acme(), &report(number), Duration::from_hours(720)).await.unwrap();
            store.keep_audit(&audited(number)).await.unwrap();
        }
    }
}

pub(super) fn id(number: usize) -> String {
    format!("c-{number:05}")
}

/// The contact that the most is written about: its id, requests that name it, and entries of the journal.
pub(super) fn traced() -> (&'static str, usize, u16) {
    ("c-00080", 5, 8)
}

/// An entry of the journal whose batch is written.
fn settled(slot: u16, id: &str) -> Entry {
    let tick = sample::time("2026-03-02T08:00:00Z");
    let sent = Sent { id: sample::record_id(id), fence: Fence(1), version: SourceVersion::Number(1) };
    Entry {
        slot: Slot(slot),
        stamp: Stamp { epoch: Epoch(7), write: u32::from(slot) + 1 },
        batch: BatchId { epoch: Epoch(7), sequence: u32::from(slot) + 1 },
        object: sample::object("Contact"),
        field: sample::field("Ext_Id__c"),
        sent: vec![sent],
        kind: TryKind::Interval,
        tick,
        send_by: tick,
        quarantined_until: tick,
        phase: Phase::Settled,
    }
}

pub(super) fn request(number: usize) -> Request {
    Request {
        id: RequestId::new(format!("request-{number:02}")).unwrap(),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::Matching(Matching::of_type(sample::error_type(&type_name(number)))),
        as_of: sample::time("2026-03-02T09:00:00Z") + Duration::from_secs(number as u64),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

fn report(number: u32) -> RunReport {
    let started = sample::time("2026-03-01T00:00:00Z") + Duration::from_mins(20) * number;
    RunReport {
        run: RunId(u64::from(number)),
        epoch: Epoch(number),
        selection: Selection::Due { tick: started },
        started,
        ended: started + Duration::from_mins(3),
        stopped: StopReason::Done,
        api_calls: 12,
        tried: 2_000,
        resolved: 1_000,
        failed: 1_000,
        unknown: 0,
        skipped: 0,
        deleted: 0,
    }
}

fn audited(number: u32) -> AuditEntry {
    let at = sample::time("2026-03-01T00:00:00Z") + Duration::from_mins(1) * number;
    AuditEntry {
        id: u64::from(number),
        at,
        who: "ann".to_owned(),
        action: AuditAction::LimitChanged,
        connection: Some(acme()),
        subject: "100000".to_owned(),
        records: 0,
        expires: at + Duration::from_hours(24 * 365),
    }
}
