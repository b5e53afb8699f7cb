//! The bus against an `EventBridge` that answers as told, over the real SDK.
//!
//! Must not know: the network.

use std::sync::{Arc, Mutex};

use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use engine::fakes::{VirtualClock, sample};
use rules::events::{ConnectionResumed, RunRequested};
use rules::owed::Selection;
use serde_json::{Value, json};

use super::*;

/// Answers each call with the next of its answers, and keeps what was asked.
#[derive(Clone, Debug, Default)]
struct Scripted {
    answers: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::from_slice(request.body().bytes().expect("a body in memory")).expect("a body of JSON");
        self.asked.lock().expect("no test panics in here").push(body);
        let answer = self.answers.lock().expect("no test panics in here").remove(0);
        let status = answer.get("__type").map_or(200, |_| 400);
        let status = aws_smithy_runtime_api::http::StatusCode::try_from(status).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(answer.to_string()))))
    }
}

impl HttpClient for Scripted {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn bus(answers: Vec<Value>) -> (EventBus<VirtualClock>, Scripted) {
    let scripted = Scripted { answers: Arc::new(Mutex::new(answers)), asked: Arc::default() };
    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(scripted.clone())
        .build();
    let clock = VirtualClock::starting(sample::time(sample::TICK));
    (EventBus::new(Client::from_conf(config), BusName("retries".to_owned()), clock), scripted)
}

impl Scripted {
    /// The details of each call's entries.
    fn details(&self) -> Vec<Vec<String>> {
        let asked = self.asked.lock().expect("no test panics in here");
        let detail = |entry: &Value| entry["Detail"].as_str().expect("a detail").to_owned();
        asked.iter().map(|call| call["Entries"].as_array().expect("entries").iter().map(detail).collect()).collect()
    }
}

fn resumed(connection: &str) -> Outbound {
    let at = sample::time(sample::TICK);
    Outbound::ConnectionResumed(ConnectionResumed { connection: sample::connection_id(connection), at })
}

fn detail(connection: &str) -> String {
    format!(r#"{{"connection":"{connection}","at":"2026-03-02T09:20:00Z"}}"#)
}

fn accepted() -> Value {
    json!({"EventId": "e"})
}

fn throttled() -> Value {
    json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
}

#[tokio::test(start_paused = true)]
async fn an_event_names_bus_source_and_kind_and_its_detail_is_json() {
    let (bus, scripted) = bus(vec![json!({"FailedEntryCount": 0, "Entries": [accepted()]})]);
    let selection = Selection::Due { tick: sample::time(sample::TICK) };
    let requested = RunRequested { connection: sample::connection_id("acme"), selection };
    bus.publish(&[Outbound::RunRequested(requested)]).await.expect("it is accepted");
    let asked = scripted.asked.lock().expect("no test panics in here").clone();
    let detail = r#"{"connection":"acme","selection":{"due":{"tick":"2026-03-02T09:20:00Z"}}}"#;
    let entry = json!({"Source": "resync", "DetailType": "Run Requested", "Detail": detail, "EventBusName": "retries"});
    assert_eq!(asked, [json!({"Entries": [entry]})]);
}

#[tokio::test(start_paused = true)]
async fn only_the_refused_events_of_a_call_are_sent_again() {
    let (bus, scripted) = bus(vec![
        json!({"FailedEntryCount": 2, "Entries": [throttled(), accepted(), throttled()]}),
        json!({"FailedEntryCount": 1, "Entries": [accepted(), throttled()]}),
        json!({"FailedEntryCount": 0, "Entries": [accepted()]}),
    ]);
    bus.publish(&["a", "b", "c"].map(resumed)).await.expect("all are accepted in the end");
    let expected: [&[&str]; 3] = [&["a", "b", "c"], &["a", "c"], &["c"]];
    assert_eq!(scripted.details(), expected.map(|names| names.iter().map(|name| detail(name)).collect::<Vec<_>>()));
}

#[tokio::test(start_paused = true)]
async fn events_that_are_refused_seven_times_are_an_error_with_the_last_reason() {
    let refusing = json!({"FailedEntryCount": 1, "Entries": [throttled()]});
    let (bus, scripted) = bus(vec![refusing; 7]);
    let start = bus.clock.now();
    let error = bus.publish(&[resumed("a")]).await.expect_err("it is never accepted");
    let PortError::Unavailable { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.to_string(), "1 events were refused 7 times in a row, the last time with ThrottlingException");
    assert_eq!(scripted.details().len(), 7);
    assert_eq!(bus.clock.now().since(start), Duration::from_millis(6_300));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_as_a_whole_is_an_error_with_its_code_and_the_next_call_is_not_made() {
    let (bus, scripted) = bus(vec![json!({"__type": "AccessDeniedException", "message": "not authorized"})]);
    let events: Vec<Outbound> = (0..11).map(|_| resumed("a")).collect();
    let error = bus.publish(&events).await.expect_err("it is refused");
    let PortError::Unavailable { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.to_string(), "the service answered AccessDeniedException: not authorized");
    assert_eq!(scripted.details().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_answer_leaves_out_is_sent_again() {
    let (bus, scripted) = bus(vec![
        json!({"FailedEntryCount": 0, "Entries": [accepted()]}),
        json!({"FailedEntryCount": 0, "Entries": [accepted()]}),
    ]);
    bus.publish(&["a", "b"].map(resumed)).await.expect("both are accepted in the end");
    assert_eq!(scripted.details(), [vec![detail("a"), detail("b")], vec![detail("b")]]);
}
