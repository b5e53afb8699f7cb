//! What invocations leave in the log and on the bus, over a store in memory and a scripted Salesforce.
//!
//! Must not know: the cloud.

use std::cell::RefCell;
use std::time::Duration;

use engine::fakes::{Around, VirtualClock, around, reply, sample};
use engine::memory::{Fails, MemoryStore, Operation};
use engine::ports::{Connections, LoginAnswer, NotProcessed, UpsertRequest};
use rules::connection::Connection;
use rules::counts::ApiCalls;
use serde_json::json;

use super::*;
use crate::handlers::scheduled_event;

type Fakes = Around<MemoryStore>;

thread_local! {
    static LINES: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

fn keep(line: &str) {
    LINES.with_borrow_mut(|lines| lines.push(serde_json::from_str(line).expect("a line is JSON")));
}

/// The lines since this was last asked, each without what is for `CloudWatch` only.
fn lines() -> Vec<Value> {
    let mut lines = LINES.take();
    for line in &mut lines {
        let line = line.as_object_mut().expect("a line is an object");
        line.remove("_aws").expect("it says which of it is a metric");
        assert_eq!(line.remove("EventBus"), Some(json!("retries")));
    }
    lines
}

const TICK: &str = "2026-03-02T09:20:00Z";

/// `acme`, whose records time out after one failed try, ten minutes before a tick.
async fn fakes() -> Fakes {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:10:00Z"));
    let store = MemoryStore::new();
    store.save_connection(&connection()).await.expect("the fake store takes it");
    around(store, clock)
}

fn connection() -> Connection {
    sample::connection("acme", &json!({"kind": "interval", "tries": 1}))
}

fn report(contact: &str, code: &str) -> Value {
    let event = json!({
        "detail-type": "Sync Failed", "source": "billing", "time": "2026-03-02T09:09:00Z",
        "detail": {
            "connection": "acme", "object": "Contact", "externalId": contact, "sourceVersion": 1,
            "error": {"code": code, "message": sample::MESSAGE}, "payload": {"LastName": contact},
        }
    });
    json!({"messageId": contact, "body": event.to_string()})
}

fn bus() -> BusName {
    BusName("retries".to_owned())
}

async fn take_in(parts: &Fakes, messages: &[Value]) {
    let bus = bus();
    let response = Observer::new(parts, &bus, keep).ingest(json!({"Records": messages})).await;
    response.expect("it is a batch");
}

/// The tick at 9:20 and the runs that it asks for, a minute later.
async fn tick_and_run(parts: &Fakes) {
    parts.clock.wait(Duration::from_mins(11)).await;
    at(parts, Schedule::Due, TICK).await;
}

/// This tick of a schedule, and the runs that it asks for.
async fn at(parts: &Fakes, schedule: Schedule, tick: &str) {
    let (bus, tick) = (bus(), sample::time(tick));
    let observer = Observer::new(parts, &bus, keep);
    let deadline = parts.clock.now() + Duration::from_mins(15);
    drop(parts.events.take());
    let event = scheduled_event(schedule, tick);
    observer.retry(schedule, &event, deadline).await.expect("the ports work");
    for requested in parts.events.take() {
        let event = json!({"source": "resync", "detail-type": requested.detail_type(), "detail": requested});
        observer.retry(schedule, &event, deadline).await.expect("the ports work");
    }
}

fn digests(parts: &Fakes) -> Vec<Value> {
    told(parts, "Records Timed Out")
}

/// What people were told of this kind.
fn told(parts: &Fakes, kind: &str) -> Vec<Value> {
    let events = parts.events.take();
    let told = events.iter().filter(|event| event.detail_type() == kind);
    told.map(|event| serde_json::to_value(event).expect("an event is JSON")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_reports_leaves_one_line_that_tells_taken_in_and_refused_apart() {
    let parts = fakes().await;
    let wrong = json!({"messageId": "x", "body": "{}"});
    take_in(&parts, &[report("a", sample::CODE), wrong, report("b", sample::CODE)]).await;
    assert_eq!(lines(), [json!({"ReportsTakenIn": 2, "ReportsRefused": 1})]);
}

#[tokio::test(start_paused = true)]
async fn a_tick_of_a_system_with_nothing_to_do_costs_one_metric() {
    let parts = fakes().await;
    tick_and_run(&parts).await;
    assert_eq!(lines(), [json!({"Schedule": "due", "Ticks": 1})]);
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_one_line_about_its_connection() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE), report("b", sample::CODE)]).await;
    tick_and_run(&parts).await;
    let expected = json!({
        "Runs": 1, "ApiCalls": 2, "RecordsTried": 2, "RecordsResolved": 2, "BudgetUsed": 0, "RecordsWaiting": 0,
        "connection": "acme", "stopped": "done", "callsUsed": 2, "callsCap": 5000,
    });
    assert_eq!(lines().last(), Some(&expected));
    assert!(digests(&parts).is_empty());
}

#[tokio::test(start_paused = true)]
async fn three_thousand_records_that_time_out_in_one_run_are_one_digest_by_type() {
    let parts = fakes().await;
    let (locked, wrong) = (sample::CODE, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
    let code = move |number: usize| if number.is_multiple_of(5) { locked } else { wrong };
    let reports: Vec<Value> = (0..3000).map(|number| report(&format!("c{number:04}"), code(number))).collect();
    for batch in reports.chunks(100) {
        take_in(&parts, batch).await;
    }
    let refuse = move |request: &UpsertRequest, _, _| {
        reply::each(request, |upsert| {
            let number: usize = upsert.id.as_str()[1..].parse().expect("a number");
            reply::refused(code(number), sample::MESSAGE)
        })
    };
    parts.targets.target(&sample::connection_id("acme")).answer_with(refuse);
    tick_and_run(&parts).await;

    let [digest] = digests(&parts).try_into().expect("one digest, however many records");
    assert_eq!((&digest["connection"], &digest["records"]), (&json!("acme"), &json!(3000)));
    let types = json!([
        {"errorType": "validation-rule", "records": 2400}, {"errorType": "row-lock", "records": 600}
    ]);
    assert_eq!(digest["errorTypes"], types);
    let summary = "3000 records of acme go into the timeout queue: 2400 validation-rule, 600 row-lock";
    assert_eq!(digest["summary"], summary);
    assert_eq!(lines().last().map(|line| line["RecordsTimedOut"].clone()), Some(json!(3000)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_suspended_and_the_ticks_that_find_it_so_say_it() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE)]).await;
    lines();
    let down = LoginAnswer::NotProcessed(NotProcessed::Down);
    parts.targets.target(&sample::connection_id("acme")).login_always(reply::of(down));
    tick_and_run(&parts).await;
    let [tick, run] = lines().try_into().expect("a tick and a run");
    assert_eq!((&tick["Ticks"], tick.get("ConnectionsSuspended")), (&json!(1), None));
    assert_eq!((&run["ConnectionsSuspended"], &run["stopped"]), (&json!(1), &json!("suspended")));
    let (bus, deadline) = (bus(), parts.clock.now() + Duration::from_mins(15));
    let event = scheduled_event(Schedule::Due, sample::time("2026-03-02T09:40:00Z"));
    Observer::new(&parts, &bus, keep).retry(Schedule::Due, &event, deadline).await.expect("the ports work");
    let expected = json!({
        "Schedule": "due", "Ticks": 1, "ConnectionsBlocked": 1, "ConnectionsSuspended": 1, "suspended": ["acme"],
    });
    assert_eq!(lines(), [expected]);
}

/// A refused login is looked into at every tick, so that a run is started whatever its records wait for.
#[tokio::test(start_paused = true)]
async fn a_connection_whose_login_is_refused_is_run_at_every_tick_and_never_overdue() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE)]).await;
    let refused = LoginAnswer::NotProcessed(NotProcessed::LoginRefused);
    parts.targets.target(&sample::connection_id("acme")).login_always(reply::of(refused));
    tick_and_run(&parts).await;
    lines();
    let (bus, tick) = (bus(), sample::time("2026-03-02T10:20:00Z"));
    parts.clock.wait(Duration::from_hours(1)).await;
    let deadline = parts.clock.now() + Duration::from_mins(15);
    drop(parts.events.take());
    let observer = Observer::new(&parts, &bus, keep);
    observer.retry(Schedule::Due, &scheduled_event(Schedule::Due, tick), deadline).await.expect("the ports work");
    assert!(matches!(parts.events.take()[..], [Outbound::RunRequested(_)]), "a run looks into it");
    assert_eq!(lines(), [json!({"Schedule": "due", "Ticks": 1})]);
}

/// The night's run meets a Salesforce that is down, and owes the night; a run of the 20-minute schedule makes up for it.
#[tokio::test(start_paused = true)]
async fn whichever_run_makes_up_for_a_night_measures_the_timeout_queue() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE), report("b", sample::CODE)]).await;
    let target = parts.targets.target(&sample::connection_id("acme"));
    target.answer_with(|request, _, _| reply::each(request, |_| reply::refused(sample::CODE, sample::MESSAGE)));
    tick_and_run(&parts).await;
    parts.clock.wait(sample::time("2026-03-03T00:00:30Z").since(parts.clock.now())).await;
    target.sign_out();
    target.login_always(reply::of(LoginAnswer::NotProcessed(NotProcessed::Down)));
    at(&parts, Schedule::TimedOut, "2026-03-03T00:00:00Z").await;
    assert_eq!(
        lines().last().map(|line| (line["stopped"].clone(), line["TimeoutQueue"].clone())),
        Some((json!("suspended"), json!(0)))
    );
    target.login_always(reply::of(LoginAnswer::SignedIn));
    parts.clock.wait(Duration::from_mins(20)).await;
    at(&parts, Schedule::Due, "2026-03-03T00:20:00Z").await;
    assert_eq!(lines().last().map(|line| line["TimeoutQueue"].clone()), Some(json!(2)));
}

#[tokio::test(start_paused = true)]
async fn what_a_run_did_before_it_failed_is_measured() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE)]).await;
    lines();
    let target = parts.targets.target(&sample::connection_id("acme"));
    target.answer_with(|request, _, _| reply::each(request, |_| reply::refused(sample::CODE, sample::MESSAGE)));
    parts.store.fail_next(Operation::KeepReport, 1, Fails::BeforeEffect);
    parts.clock.wait(Duration::from_mins(11)).await;
    let bus = bus();
    let tick = sample::time(TICK);
    let requested = json!({"connection": "acme", "selection": {"due": {"tick": tick}}});
    let event = json!({"source": "resync", "detail-type": "Run Requested", "detail": requested});
    let deadline = parts.clock.now() + Duration::from_mins(15);
    let failed = Observer::new(&parts, &bus, keep).retry(Schedule::Due, &event, deadline).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(lines(), [json!({"RecordsTimedOut": 1})]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_run_and_has_records_due_for_more_than_two_ticks_is_overdue() {
    let parts = fakes().await;
    take_in(&parts, &[report("a", sample::CODE)]).await;
    lines();
    let bus = bus();
    let observer = Observer::new(&parts, &bus, keep);
    for (tick, overdue) in [("10:00", None), ("10:20", Some(json!(["acme"])))] {
        let tick = sample::time(&format!("2026-03-02T{tick}:00Z"));
        let deadline = parts.clock.now() + Duration::from_mins(15);
        let event = scheduled_event(Schedule::Due, tick);
        observer.retry(Schedule::Due, &event, deadline).await.expect("the ports work");
        let [line] = lines().try_into().expect("one line");
        assert_eq!(line.get("overdue").cloned(), overdue, "{line}");
        assert_eq!(line.get("ConnectionsOverdue").is_some(), overdue.is_some(), "{line}");
    }
}

/// A budget that comes back call by call would be a message at every tick.
#[tokio::test(start_paused = true)]
async fn the_run_that_spends_a_budget_tells_so_with_its_connection_and_those_that_follow_are_silent() {
    let parts = fakes().await;
    let mut poor = connection();
    poor.budget.cap_without_limit = ApiCalls(2);
    parts.store.save_connection(&poor).await.expect("the fake store takes it");
    let contacts: Vec<Value> = (0..700).map(|number| report(&format!("c{number:03}"), sample::CODE)).collect();
    for batch in contacts.chunks(100) {
        take_in(&parts, batch).await;
    }
    // A login and a batch of 200.
    tick_and_run(&parts).await;
    let [spent] = told(&parts, "Budget Spent").try_into().expect("one message");
    let numbers = ["connection", "used", "cap", "waitingRecords"].map(|name| spent[name].clone());
    assert_eq!(numbers, [json!("acme"), json!(2), json!(2), json!(500)]);
    let summary = spent["summary"].as_str().expect("a sentence");
    assert!(
        summary
            .starts_with("acme has used 2 of its 2 API calls in 24 hours; 500 records wait; it goes on at 2026-03-03T")
    );
    assert_eq!(lines().last().map(|line| line["BudgetsSpent"].clone()), Some(json!(1)));

    // A day later two calls are back, and are spent by two batches.
    parts.clock.wait(Duration::from_hours(24)).await;
    at(&parts, Schedule::Due, "2026-03-03T09:20:00Z").await;
    assert_eq!(told(&parts, "Budget Spent"), Vec::<Value>::new());
    assert_eq!(lines().last().map(|line| line["BudgetsSpent"].clone()), Some(json!(1)));
}
