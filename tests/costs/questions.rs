//! What each question of an operator costs at 50,000 failing records: ten requests at most, whatever is asked.
//! `cargo test -p tests --test system costs -- --nocapture` prints the figures.
//!
//! Must not know: how the answers are found.

use engine::explain::{Answer, explain};
use engine::fakes::sample;
use engine::overview::{self, Filter, Line, Page};
use engine::plan::{Plan, plan};
use engine::ports::{Audits, Connections, CountChange, ErrorTypes, Reports, Requests};
use rules::ids::{ObjectName, RecordId, RecordKey};
use rules::resync::{Action, Count, FailingState, Matching, Wanted};

use super::MOST;
use super::counting::Cost;
use super::morning::{
    BESIDE, CONNECTIONS, Morning, RECORDS, TYPES, acme, connection, first_failed, id, traced, type_name,
};

impl Morning {
    /// What `work` costs; it must not be more than a page may.
    async fn costs<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        self.counting.take();
        let done = work.await;
        let Cost { requests, units, .. } = self.counting.take();
        println!("{what:<46} {requests:>3} requests {units:>7.1} read units");
        assert!(requests <= MOST, "{what}: {requests} requests");
        done
    }

    /// A plan, with the settings read for it; no more than 50 read units.
    async fn plans(&self, what: &str, action: Action, wanted: Wanted) -> Plan {
        self.counting.take();
        let connection = self.ports.store.connection(&acme()).await.unwrap().expect("it is there");
        let planned = plan(self.ports.as_ref(), &connection, action, wanted).await.unwrap();
        let Cost { requests, units, .. } = self.counting.take();
        println!("{what:<46} {requests:>3} requests {units:>7.1} read units");
        assert!(requests <= MOST && units <= 50.0, "{what}: {requests} requests, {units} units");
        planned
    }

    /// A page of the listing as the console asks for it, which shows how the connection stands besides.
    async fn page(&self, filter: &Filter, limit: usize, from: Option<overview::Place>) -> Page {
        let standing = overview::standing(self.ports.as_ref(), &acme()).await.unwrap().expect("it is there");
        overview::list(self.ports.as_ref(), &standing.connection, filter, limit, from).await.unwrap()
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
            most = Cost { requests: most.requests.max(cost.requests), units: most.units.max(cost.units), ..most };
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

fn of_type(number: usize) -> Filter {
    Filter { error_type: Some(sample::error_type(&type_name(number))), ..Filter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_costs_ten_requests_at_most_at_fifty_thousand_failing_records() {
    let morning = Morning::breaks().await;
    let (ports, store) = (morning.ports.as_ref(), &morning.ports.store);
    let all = morning.costs("overview of 60 connections", overview::overview(ports)).await.unwrap();
    assert_eq!((all.connections.len(), all.unreadable), (CONNECTIONS + BESIDE, 0));
    let ids: Vec<_> = all.connections.iter().map(|standing| standing.connection.id.clone()).collect();
    let failing =
        morning.costs("failing records of 60 connections", overview::failing_of_each(ports, &ids)).await.unwrap();
    let failing: Vec<u64> =
        failing.into_iter().map(|totals| totals.expect("it can be read").records.values().sum()).collect();
    assert_eq!((failing[0], failing[1..CONNECTIONS].iter().sum()), (RECORDS as u64, 0));
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
    let edge = sample::key("swept", "edge");
    let explained = morning.costs("one record, between two sweeps", Box::pin(explain(ports, &edge))).await.unwrap();
    let Answer::Explained(explained) = explained else { panic!("it is explained, not {explained:?}") };
    assert_eq!(explained.next_try, None, "nobody has looked at all of its 320 partitions, so nothing is promised");
    let requests = morning.costs("resyncs", store.requests(&acme(), 100)).await.unwrap();
    let runs = morning.costs("runs", store.reports(&acme(), 100)).await.unwrap();
    let audit = morning.costs("audit", store.audits(Some(&acme()), 100)).await.unwrap();
    assert_eq!((requests.len(), runs.len(), audit.len()), (16 + traced().1, 100, 100));
    let waits = morning.costs("what a resync waits for", overview::waits_for(ports, &connection(0))).await.unwrap();
    assert!(waits.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_fifty_thousand_records_costs_ten_requests_and_fifty_read_units_at_most() {
    let morning = Morning::breaks().await;
    let of_type = |change: fn(&mut Matching)| {
        let mut matching = Matching::of_type(sample::error_type(&type_name(3)));
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
        error_type: sample::error_type(&type_name(0)),
        records: [(ObjectName::new("Contact").unwrap(), -500)].into(),
        oldest: None,
        timed_out: 0,
    };
    store.add_counts(&acme(), &[lost]).await.unwrap();
    morning.counting.take();
    let deadline = sample::time("2026-03-02T12:00:00Z");
    let counted = engine::recount::recount(morning.ports.as_ref(), deadline, &engine::run::Halt::default()).await;
    let Cost { requests, units, .. } = morning.counting.take();
    println!("{:<46} {requests:>3} requests {units:>7.1} read units", "counting 50,000 records anew");
    assert_eq!((counted.counted, counted.left, counted.failed), (CONNECTIONS + BESIDE, 0, 0));
    let numbers = |entries: Vec<engine::ports::TypeEntry>| -> Vec<_> {
        entries.into_iter().map(|entry| (entry.error_type, entry.records, entry.oldest)).collect()
    };
    assert_eq!(numbers(store.directory(&acme()).await.unwrap()), numbers(truth));
}
