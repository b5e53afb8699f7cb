//! The handlers over a store in memory and a scripted Salesforce.
//!
//! Must not know: the cloud.

use std::time::Duration;

use engine::fakes::{Around, VirtualClock, around, sample};
use engine::fan_out::Schedule;
use engine::memory::{Fails, MemoryStore, Operation};
use engine::ports::{Clock, Connections, ErrorTypes};
use rules::events::Outbound;
use rules::record::{State, Stored};
use serde_json::{Value, json};

use super::{HandlerError, ingest, retry, retry_requested, scheduled_event};

type Fakes = Around<MemoryStore>;

/// A system with the connection `acme`, ten minutes before a tick.
async fn fakes() -> Fakes {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:10:00Z"));
    let store = MemoryStore::new();
    store.save_connection(&sample::interval("acme")).await.expect("the fake store takes it");
    around(store, clock)
}

fn failed(contact: &str, version: i64) -> Value {
    json!({
        "detail-type": "Sync Failed", "source": "billing", "time": "2026-03-02T09:09:00Z",
        "detail": {
            "connection": "acme", "object": "Contact", "externalId": contact, "sourceVersion": version,
            "error": {"code": sample::CODE, "message": sample::MESSAGE}, "payload": {"LastName": contact},
        }
    })
}

fn batch(events: &[Value]) -> Value {
    let message =
        |(number, event): (usize, &Value)| json!({"messageId": format!("m-{number}"), "body": event.to_string()});
    json!({"Records": events.iter().enumerate().map(message).collect::<Vec<_>>()})
}

async fn given_back(parts: &Fakes, events: &[Value]) -> Vec<String> {
    let response = ingest(parts, batch(events)).await.expect("it is a batch");
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test(start_paused = true)]
async fn two_reports_of_one_record_in_one_batch_are_taken_in_in_their_order() {
    let parts = fakes().await;
    assert!(given_back(&parts, &[failed("a", 1), failed("b", 1), failed("a", 2)]).await.is_empty());
    let Some(Stored::Record(record)) = parts.store.stored(&sample::key("acme", "a")) else { panic!("it is kept") };
    assert_eq!(record.source_version, rules::version::SourceVersion::Number(2));
    assert_eq!(parts.store.all().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_report_whose_write_fails_is_given_back_and_taken_in_when_it_is_delivered_again() {
    let parts = fakes().await;
    parts.store.fail_next(Operation::Put, 1, Fails::BeforeEffect);
    assert_eq!(given_back(&parts, &[failed("a", 1), failed("a", 2)]).await, ["m-0"]);
    assert!(given_back(&parts, &[failed("a", 1)]).await.is_empty());
    assert_eq!(parts.store.all().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_reports_changes_the_directory_s_counts_with_one_write() {
    let parts = fakes().await;
    assert!(given_back(&parts, &[failed("a", 1), failed("b", 1), failed("c", 1)]).await.is_empty());
    assert_eq!(parts.store.counts().get(&Operation::AddCounts), Some(&1));
    assert_eq!(failing(&parts).await, 3);
}

async fn failing(parts: &Fakes) -> u64 {
    let directory = parts.store.directory(&sample::connection_id("acme")).await.expect("the fake store works");
    directory.iter().map(engine::ports::TypeEntry::total).sum()
}

#[tokio::test(start_paused = true)]
async fn the_night_counts_the_directories_anew_after_its_fan_out_and_says_so() {
    let parts = fakes().await;
    parts.store.fail_next(Operation::AddCounts, 1, Fails::BeforeEffect);
    assert!(given_back(&parts, &[failed("a", 1)]).await.is_empty(), "counts that are lost refuse no report");
    assert_eq!(failing(&parts).await, 0);
    let deadline = parts.clock.now() + Duration::from_mins(15);
    for (schedule, recount, told) in [
        (Schedule::Due, json!(null), 0),
        (Schedule::Recent, json!(null), 0),
        (Schedule::TimedOut, json!({"counted": 1, "left": 0, "failed": 0}), 1),
    ] {
        let event = scheduled_event(schedule, sample::time("2026-03-02T00:00:00Z"));
        let report = retry(&parts, schedule, &event, deadline).await.expect("the ports work");
        let report = serde_json::to_value(report).expect("a report is JSON");
        assert_eq!((&report["recount"], failing(&parts).await), (&recount, told), "{schedule:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_and_the_run_that_it_asks_for_go_through_the_same_handler() {
    let parts = fakes().await;
    given_back(&parts, &[failed("a", 1)]).await;
    let tick = sample::time("2026-03-02T09:20:00Z");
    parts.clock.wait(Duration::from_mins(11)).await;
    let deadline = parts.clock.now() + Duration::from_mins(15);

    let report = retry(&parts, Schedule::Due, &scheduled_event(Schedule::Due, tick), deadline).await;
    let report = serde_json::to_value(report.expect("the ports work")).expect("a report is JSON");
    assert_eq!(report["started"], json!([{"connection": "acme", "selection": {"due": {"tick": tick}}}]));
    let [requested] = parts.events.take().try_into().expect("one run is asked for");
    let event = json!({"source": "resync", "detail-type": requested.detail_type(), "detail": requested});

    let report = retry(&parts, Schedule::Due, &event, deadline).await.expect("the ports work");
    let report = serde_json::to_value(report).expect("a report is JSON");
    assert_eq!((&report["outcome"], &report["report"]["resolved"]), (&json!("ran"), &json!(1)));
    let Some(Stored::Record(record)) = parts.store.stored(&sample::key("acme", "a")) else { panic!("it is kept") };
    assert!(matches!(record.state, State::Resolved { .. }), "{:?}", record.state);
    assert!(matches!(parts.events.take()[..], [Outbound::RecordsRetried(_)]));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_event_is_told_apart_from_a_port_that_failed() {
    let parts = fakes().await;
    let now = parts.clock.now();
    let wrong = retry(&parts, Schedule::Due, &json!({}), now).await;
    assert!(matches!(wrong, Err(HandlerError::NotATrigger(_))), "{wrong:?}");
    parts.events.fail_next(1);
    given_back(&parts, &[failed("a", 1)]).await;
    let tick = scheduled_event(Schedule::Due, now + Duration::from_mins(10));
    let failed = retry(&parts, Schedule::Due, &tick, now).await;
    assert!(matches!(failed, Err(HandlerError::Port(_))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_function_without_a_schedule_runs_what_is_requested_and_refuses_a_tick() {
    let parts = fakes().await;
    given_back(&parts, &[failed("a", 1)]).await;
    parts.clock.wait(Duration::from_mins(11)).await;
    let (now, deadline) = (parts.clock.now(), parts.clock.now() + Duration::from_mins(15));
    let refused = retry_requested(&parts, &scheduled_event(Schedule::Due, now), deadline).await;
    assert_eq!(
        refused.expect_err("a tick is none of its").to_string(),
        "a schedule's tick has no meaning here; this function carries out runs that a Run Requested names"
    );
    assert!(parts.events.take().is_empty(), "it fans nothing out");
    let event = json!({"source": "resync", "detail-type": "Run Requested", "detail": {
        "connection": "acme", "selection": {"due": {"tick": "2026-03-02T09:20:00Z"}},
    }});
    let report = retry_requested(&parts, &event, deadline).await.expect("the ports work");
    let report = serde_json::to_value(report).expect("a report is JSON");
    assert_eq!((&report["outcome"], &report["report"]["resolved"]), (&json!("ran"), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_local_system_may_move_the_handlers_work_between_threads() {
    fn moves<T: Send>(work: T) -> T {
        work
    }
    let parts = fakes().await;
    let taken = moves(ingest(&parts, batch(&[failed("a", 1)]))).await;
    assert!(taken.is_ok_and(|response| response.batch_item_failures.is_empty()));
    let tick = scheduled_event(Schedule::Recent, parts.clock.now());
    assert!(moves(retry(&parts, Schedule::Recent, &tick, parts.clock.now())).await.is_ok());
}
