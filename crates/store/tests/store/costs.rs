//! What each question of an operator costs at 50,000 failing records: ten requests at most, whatever is asked.
//! `cargo test -p store --test store costs -- --nocapture` prints the figures.
//!
//! Must not know: how the answers are found.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use engine::explain::{Answer, explain};
use engine::fakes::{CountingEntropy, FakeTargets, RecordedEvents, VirtualClock, sample};
use engine::overview::{self, Filter, Line, Page};
use engine::parts::Parts;
use engine::plan::{Plan, plan};
use engine::ports::{
    AuditAction, AuditEntry, Audits, Connections, Controls, CountChange, ErrorTypes, Records, Reports, Requests,
    RunReport, Saved, StopReason,
};
use futures::{StreamExt, TryStreamExt, stream};
use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{Epoch, ObjectName, RecordId, RecordKey, RequestId, RunId};
use rules::owed::{Forced, Owed, Selection};
use rules::record::{Failure, Record};
use rules::resync::{Action, Count, FailingState, Matching, Progress, Request, RequestState, Wanted};
use rules::time::Timestamp;
use store::DynamoStore;
use store::local::{Embedded, Place};

use crate::support::counting::{Cost, Counting};
use crate::support::samples::{acme, error_type, failing, first, keeping};

/// A page or a route costs no more requests than this.
const MOST: usize = 10;

const TYPES: usize = 20;
const SHARDS: u16 = 16;
const RECORDS: usize = 50_000;
const CONNECTIONS: usize = 60;
const OBJECTS: [&str; 2] = ["Contact", "Invoice__c"];

type Clock = VirtualClock;
type Bundle = Parts<DynamoStore<Clock>, FakeTargets<Clock>, RecordedEvents, Clock, CountingEntropy>;

/// Fifty thousand failing records of one connection among sixty, and a count of what is asked.
struct Morning {
    ports: Bundle,
    counting: Counting,
}

fn type_name(number: usize) -> String {
    format!("unknown:CODE_{number:02}")
}

/// The type, the object and the shard of a record, by its number: every shard of every type has both objects.
fn place(number: usize) -> (usize, &'static str, usize) {
    (number % TYPES, OBJECTS[number / TYPES % OBJECTS.len()], number / (TYPES * OBJECTS.len()) % usize::from(SHARDS))
}

fn first_failed(number: usize) -> Timestamp {
    sample::time("2026-03-01T00:00:00Z") + Duration::from_secs(number as u64)
}

fn connection(number: usize) -> Connection {
    let name = if number == 0 { "acme".to_owned() } else { format!("other-{number:02}") };
    Connection { shards: SHARDS, ..sample::interval(&name) }
}

impl Morning {
    async fn breaks() -> Self {
        let table = Embedded::open(Place::Memory, "resync").await.unwrap();
        let config = table.config().build();
        let counting = Counting::of(config.http_client().expect("the table's own"));
        let client = Client::from_conf(table.config().http_client(counting.clone()).build());
        let clock = VirtualClock::starting(sample::time("2026-03-02T09:30:00Z"));
        let ports = Parts {
            store: DynamoStore::new(client, table.name(), clock),
            targets: FakeTargets::new(clock),
            events: RecordedEvents::default(),
            clock,
            entropy: CountingEntropy::default(),
        };
        let morning = Self { ports, counting };
        morning.settings().await;
        morning.records(&table.client(), table.name()).await;
        morning.beside().await;
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

    /// One record of each object is written by the store; the others are its likes, written behind the store's back.
    async fn records(&self, client: &Client, table: &str) {
        let mut models = BTreeMap::new();
        for object in OBJECTS {
            let mut record: Record = failing("model");
            record.key.object = ObjectName::new(object).unwrap();
            record.failure = Failure::new(error_type(&type_name(0)), "CODE_00", "the moon is in the seventh house");
            self.ports.store.put(&first(&record), &keeping(1)).await.unwrap();
            let pk = AttributeValue::S(format!("r#acme#{object}#model"));
            let get = client.get_item().table_name(table).key("PK", pk.clone()).key("SK", text("r"));
            models.insert(object, get.send().await.unwrap().item.expect("it was put"));
            client.delete_item().table_name(table).key("PK", pk).key("SK", text("r")).send().await.unwrap();
        }
        let item = |number: usize| {
            let (of, object, shard) = place(number);
            let mut item = models[object].clone();
            item.insert("PK".to_owned(), text(&format!("r#acme#{object}#{}", id(number))));
            item.insert("a".to_owned(), text(&format!("acme#{}#{shard}", type_name(of))));
            item.insert("fa".to_owned(), AttributeValue::N(first_failed(number).as_millis().to_string()));
            item.insert("n".to_owned(), text(&format!("acme#i#{shard}")));
            let put = Put::builder().table_name(table).set_item(Some(item)).build().unwrap();
            TransactWriteItem::builder().put(put).build()
        };
        let writes = (0..RECORDS).step_by(100).map(|begin| {
            let batch = (begin..begin + 100).map(&item).collect();
            client.transact_write_items().set_transact_items(Some(batch)).send()
        });
        stream::iter(writes).buffer_unordered(8).try_for_each(|_| async { Ok(()) }).await.unwrap();
        let mut counts: BTreeMap<usize, BTreeMap<ObjectName, i64>> = BTreeMap::new();
        for number in 0..RECORDS {
            let (of, object, _) = place(number);
            *counts.entry(of).or_default().entry(ObjectName::new(object).unwrap()).or_default() += 1;
        }
        let change = |(of, records)| CountChange {
            error_type: error_type(&type_name(of)),
            records,
            oldest: Some(first_failed(of)),
        };
        let changes: Vec<_> = counts.into_iter().map(change).collect();
        self.ports.store.add_counts(&acme(), &changes).await.unwrap();
    }

    /// What else is kept of a connection: as many open requests as it may have, runs, an audit, a journal.
    async fn beside(&self) {
        let store = &self.ports.store;
        let mut owed = Owed::default();
        for number in 0..16 {
            let request = request(number);
            store.keep_request(&request).await.unwrap();
            owed = owed.with_request(Forced::accepted(&request, Epoch(7))).expect("there is room for 16");
        }
        let control = store.control(&acme()).await.unwrap();
        let owing = Control { owed, revision: 2, ..control };
        assert_eq!(store.save_control(&acme(), &owing, 1).await.unwrap(), Saved::Done);
        for number in 0..150 {
            store.keep_report(&acme(), &report(number), Duration::from_hours(720)).await.unwrap();
            store.keep_audit(&audited(number)).await.unwrap();
        }
    }

    /// What `work` costs; it must not be more than a page may.
    async fn costs<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        self.counting.take();
        let done = work.await;
        let Cost { requests, units } = self.counting.take();
        println!("{what:<46} {requests:>3} requests {units:>7.1} read units");
        assert!(requests <= MOST, "{what}: {requests} requests");
        done
    }

    /// A plan, with the settings read for it; no more than 50 read units.
    async fn plans(&self, what: &str, action: Action, wanted: Wanted) -> Plan {
        self.counting.take();
        let connection = self.ports.store.connection(&acme()).await.unwrap().expect("it is there");
        let planned = plan(&self.ports, &connection, action, wanted).await.unwrap();
        let Cost { requests, units } = self.counting.take();
        println!("{what:<46} {requests:>3} requests {units:>7.1} read units");
        assert!(requests <= MOST && units <= 50.0, "{what}: {requests} requests, {units} units");
        planned
    }

    /// A page of the listing as the console asks for it, which shows how the connection stands besides.
    async fn page(&self, filter: &Filter, limit: usize, from: Option<overview::Place>) -> Page {
        let standing = overview::standing(&self.ports, &acme()).await.unwrap().expect("it is there");
        overview::list(&self.ports, &standing.connection, filter, limit, from).await.unwrap()
    }

    /// Every record of a listing, each page within the bound; the dearest page is told.
    async fn all(&self, what: &str, filter: &Filter, limit: usize) -> Vec<Line> {
        let (mut lines, mut next, mut pages, mut most) = (Vec::new(), None, 0, Cost::default());
        loop {
            self.counting.take();
            let page = self.page(filter, limit, next).await;
            let cost = self.counting.take();
            assert!(cost.requests <= MOST, "{what}: {} requests for page {pages}", cost.requests);
            assert!(page.searched <= page.of, "{what}: searched {} of {}", page.searched, page.of);
            most = Cost { requests: most.requests.max(cost.requests), units: most.units.max(cost.units) };
            pages += 1;
            lines.extend(page.records);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        println!(
            "{what:<46} {:>3} requests {:>7.1} read units at most, {pages} pages, {} records",
            most.requests,
            most.units,
            lines.len()
        );
        lines
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn id(number: usize) -> String {
    format!("c-{number:05}")
}

fn request(number: usize) -> Request {
    Request {
        id: RequestId::new(format!("request-{number:02}")).unwrap(),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::Matching(Matching::of_type(error_type(&type_name(number)))),
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

fn of_type(number: usize) -> Filter {
    Filter { error_type: Some(error_type(&type_name(number))), ..Filter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_costs_ten_requests_at_most_at_fifty_thousand_failing_records() {
    let morning = Morning::breaks().await;
    let (ports, store) = (&morning.ports, &morning.ports.store);
    let all = morning.costs("overview of 60 connections", overview::overview(ports)).await.unwrap();
    assert_eq!((all.connections.len(), all.unreadable), (CONNECTIONS, 0));
    let standing = morning.costs("one connection", overview::standing(ports, &acme())).await.unwrap();
    assert_eq!(standing.map(|standing| standing.open_requests), Some(16));
    let errors = morning.costs("errors", overview::errors(ports, &acme())).await.unwrap().expect("it is there");
    assert_eq!((errors.len(), errors.iter().map(|error| error.records).sum::<u64>()), (TYPES, RECORDS as u64));
    let usage = morning.costs("usage", overview::usage(ports, &acme())).await.unwrap().expect("it is there");
    assert_eq!(usage.forecast.waiting_records, RECORDS as u64);
    let key = RecordKey {
        connection: acme(),
        object: ObjectName::new("Contact").unwrap(),
        id: RecordId::new(id(0)).unwrap(),
    };
    let explained = morning.costs("one record, with 16 open resyncs", Box::pin(explain(ports, &key))).await.unwrap();
    let Answer::Explained(explained) = explained else { panic!("it is explained, not {explained:?}") };
    assert_eq!(explained.requests.len(), 1, "the one for its type");
    let requests = morning.costs("resyncs", store.requests(&acme(), 100)).await.unwrap();
    let runs = morning.costs("runs", store.reports(&acme(), 100)).await.unwrap();
    let audit = morning.costs("audit", store.audits(Some(&acme()), 100)).await.unwrap();
    assert_eq!((requests.len(), runs.len(), audit.len()), (16, 100, 100));
    let waits = morning.costs("what a resync waits for", overview::waits_for(ports, &connection(0))).await.unwrap();
    assert!(waits.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_fifty_thousand_records_costs_ten_requests_and_fifty_read_units_at_most() {
    let morning = Morning::breaks().await;
    let of_type = |change: fn(&mut Matching)| {
        let mut matching = Matching::of_type(error_type(&type_name(3)));
        change(&mut matching);
        Wanted::Matching(matching)
    };
    let everything = morning.plans("plan of all", Action::Resync, Wanted::all()).await;
    assert_eq!((everything.records, everything.at_most), (Count::about(RECORDS as u64), false));
    let one = morning.plans("plan of one type", Action::Resync, of_type(|_| {})).await;
    assert_eq!(one.records, Count::about((RECORDS / TYPES) as u64));
    let deletion = morning.plans("plan of a deletion of one type", Action::Delete, of_type(|_| {})).await;
    assert_eq!((deletion.records, deletion.calls.0), (one.records, 0));
    let aged = of_type(|matching| matching.failed_to = Some(first_failed(10_000)));
    let aged = morning.plans("plan of one type, by first failure", Action::Resync, aged).await;
    assert!(aged.records.number > 0 && aged.at_most, "16 shards are too many to look at: {:?}", aged.records);
    let held = of_type(|matching| matching.state = Some(FailingState::Held));
    let held = morning.plans("plan of one type, held", Action::Resync, held).await;
    assert!(held.at_most);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_listing_costs_ten_requests_at_most() {
    let morning = Morning::breaks().await;
    let everything = morning.all("export, 500 at a time", &Filter::default(), 500).await;
    let distinct: std::collections::BTreeSet<_> = everything.iter().map(|line| &line.record).collect();
    assert_eq!((everything.len(), distinct.len()), (RECORDS, RECORDS));

    let of_one = morning.all("of one type, 100 at a time", &of_type(3), 100).await;
    assert_eq!(of_one.len(), RECORDS / TYPES);
    let object = Some(ObjectName::new("Invoice__c").unwrap());
    let filter = Filter { object, ..of_type(3) };
    let of_object = morning.all("of one type and object, 50 at a time", &filter, 50).await;
    assert_eq!(of_object.len(), RECORDS / TYPES / 2);
    let filter = Filter { state: Some(FailingState::Held), ..of_type(3) };
    assert!(morning.all("of one type, held", &filter, 50).await.is_empty());
    let filter = Filter { state: Some(FailingState::Scheduled), ..of_type(3) };
    assert_eq!(morning.all("of one type, scheduled", &filter, 50).await.len(), RECORDS / TYPES);
    let message = Some(String::from("Seventh HOUSE").try_into().unwrap());
    let filter = Filter { message, ..of_type(3) };
    assert_eq!(morning.all("of one type, by message", &filter, 100).await.len(), RECORDS / TYPES);
    let message = Some(String::from("eighth").try_into().unwrap());
    assert!(morning.all("of one type, by a message of none", &Filter { message, ..of_type(3) }, 100).await.is_empty());
    let (from, to) = (first_failed(10_000), first_failed(10_999));
    let filter = Filter { failed_from: Some(from), failed_to: Some(to), ..Filter::default() };
    assert_eq!(morning.all("by first failure, of all types", &filter, 500).await.len(), 1_000);
    let begins = Some(String::from("c-0777").try_into().unwrap());
    let found = morning.all("by the beginning of the id", &Filter { id: begins, ..Filter::default() }, 100).await;
    assert_eq!(found.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_whole_id_is_known_is_on_the_first_page() {
    let morning = Morning::breaks().await;
    let whole = Some(id(41_234).try_into().unwrap());
    let filter = Filter { id: whole, ..Filter::default() };
    let page = morning.costs("first page by a whole id", Box::pin(morning.page(&filter, 50, None))).await;
    let found: Vec<_> = page.records.iter().map(|line| line.external_id.as_str()).collect();
    assert_eq!(found, ["c-41234"]);
    let all = morning.all("by a whole id, to the end", &filter, 50).await;
    assert_eq!(all.len(), 1, "it is listed once");
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_the_directory_anew_finds_the_same_numbers() {
    let morning = Morning::breaks().await;
    let store = &morning.ports.store;
    let truth = store.directory(&acme()).await.unwrap();
    let lost = CountChange {
        error_type: error_type(&type_name(0)),
        records: [(ObjectName::new("Contact").unwrap(), -500)].into(),
        oldest: None,
    };
    store.add_counts(&acme(), &[lost]).await.unwrap();
    morning.counting.take();
    let deadline = sample::time("2026-03-02T12:00:00Z");
    let counted = engine::recount::recount(&morning.ports, deadline, &engine::run::Halt::default()).await;
    let Cost { requests, units } = morning.counting.take();
    println!("{:<46} {requests:>3} requests {units:>7.1} read units", "counting 50,000 records anew");
    assert_eq!((counted.counted, counted.left, counted.failed), (CONNECTIONS, 0, 0));
    let numbers = |entries: Vec<engine::ports::TypeEntry>| -> Vec<_> {
        entries.into_iter().map(|entry| (entry.error_type, entry.records, entry.oldest)).collect()
    };
    assert_eq!(numbers(store.directory(&acme()).await.unwrap()), numbers(truth));
}
