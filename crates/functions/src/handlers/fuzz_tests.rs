//! Spoilt events through the handlers and the engine behind them: nothing panics, and no payload and no message is in what is
//! logged or answered.
//!
//! Must not know: what is wrong with an event.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::fakes::{VirtualClock, around, sample};
use engine::fan_out::Schedule;
use engine::ingest::Ingest;
use engine::memory::MemoryStore;
use engine::ports::{Clock, Connections};
use fuzz::{CANARY, Corpus, Shape, hunt};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::{ingest, retry, retry_requested, scheduled_event};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is answered by `work`, and all that it logs at the finest level.
fn shown(work: impl Future<Output = String>) -> String {
    let log = Kept::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let answered = tracing::subscriber::with_default(subscriber, || runtime.expect("a runtime").block_on(work));
    let logged = log.0.lock().expect("nobody panics here").clone();
    answered + &String::from_utf8_lossy(&logged)
}

/// A system into which this batch is taken, and which then runs; what it says and publishes.
async fn take_in_and_run(batch: Value) -> String {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:10:00Z"));
    let store = MemoryStore::new();
    store.save_connection(&sample::interval("acme")).await.expect("the fake store takes it");
    let parts = around(store, clock);
    let answer = ingest(&parts, batch).await;
    let answer = answer.map(|response| response.batch_item_failures.len()).map_err(|error| error.to_string());
    parts.clock.wait(Duration::from_mins(11)).await;
    let deadline = parts.clock.now() + Duration::from_mins(15);
    let tick = scheduled_event(Schedule::Due, sample::time("2026-03-02T09:20:00Z"));
    let run = retry(&parts, Schedule::Due, &tick, deadline).await.map_err(|error| error.to_string());
    let run = run.map(|report| serde_json::to_string(&report).expect("a report is JSON"));
    format!("{answer:?} {run:?} {:?}", parts.events.take())
}

/// The batch without what may be seen by nobody.
fn without_secrets(batch: &Value) -> Value {
    let mut batch = batch.clone();
    for message in batch.get_mut("Records").and_then(Value::as_array_mut).into_iter().flatten() {
        let body = message.get("body").and_then(Value::as_str).unwrap_or_default();
        let mut event: Value = serde_json::from_str(body).unwrap_or_default();
        for (of, name) in [("/detail", "payload"), ("/detail/error", "message")] {
            event.pointer_mut(of).and_then(Value::as_object_mut).and_then(|fields| fields.remove(name));
        }
        if let Some(message) = message.as_object_mut() {
            message.insert("body".to_owned(), event);
        }
    }
    batch
}

#[test]
fn no_batch_of_reports_breaks_taking_it_in_or_the_run_after_it_and_no_payload_is_shown() {
    hunt(Corpus::of("batches"), Shape::Json, |bytes| {
        let Ok(batch) = serde_json::from_slice::<Value>(bytes) else { return String::new() };
        let is_named_so = without_secrets(&batch).to_string().contains(CANARY);
        let shown = shown(take_in_and_run(batch));
        if is_named_so { String::new() } else { shown }
    });
}

async fn trigger(event: Value) -> String {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:21:00Z"));
    let store = MemoryStore::new();
    store.save_connection(&sample::interval("acme")).await.expect("the fake store takes it");
    store.save_connection(&sample::recent("bolt")).await.expect("the fake store takes it");
    let parts = around(store, clock);
    for connection in ["acme", "bolt"] {
        let report = sample::report(connection, "c-1", 1);
        let event = json!({
            "detail-type": "Sync Failed", "time": sample::FAILED,
            "detail": {
                "connection": connection, "object": "Contact", "externalId": "c-1", "sourceVersion": 1,
                "error": {"code": report.code, "message": report.message}, "payload": report.payload,
            },
        });
        Ingest::new(&parts).take(&event.to_string()).await.expect("the report is right");
    }
    let deadline = parts.clock.now() + Duration::from_mins(15);
    let mut said = String::new();
    for schedule in [Schedule::Due, Schedule::TimedOut, Schedule::Recent] {
        let answer = retry(&parts, schedule, &event, deadline).await;
        said.extend(answer.err().map(|error| error.to_string()));
    }
    let answer = retry_requested(&parts, &event, deadline).await;
    said.extend(answer.err().map(|error| error.to_string()));
    // What the event left is still worked off by the next tick.
    let next = scheduled_event(Schedule::Due, sample::time("2026-03-02T09:40:00Z"));
    retry(&parts, Schedule::Due, &next, deadline).await.expect("the ports work");
    said
}

#[test]
fn no_trigger_breaks_a_retry_function() {
    hunt(Corpus::of("triggers"), Shape::Json, |bytes| {
        let Ok(event) = serde_json::from_slice::<Value>(bytes) else { return String::new() };
        drop(shown(trigger(event)));
        String::new()
    });
}
