//! Invariant 14, Secrecy: whole runs of the real binaries while everything around them fails in turn, their logs at the finest
//! level; and no value of a payload, no error message, no token and no credential is in what they log, publish or answer.
//!
//! Must not know: what is inside the binaries.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::any;
use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use salesforce_sim::{Calls, Canned, Commit, Effect, Failure, Fault, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, INVOCATION, now};
use super::environment::{self, Services};
use super::json_service::serve;
use super::process::{Binary, Function};
use super::reports::{CANARY, batch, batch_of_texts, event, failed};
use super::runtime_api::Answer;
use super::secrets::CLIENT_SECRET;
use super::url::{ADA, Url, VIC};
use super::world::World;

/// Our crates at the finest level; a library that prints what it carries is not ours to silence, and is not switched on.
const LOGS: &str =
    "warn,rules=trace,engine=trace,store=trace,salesforce=trace,api=trace,functions=trace,resync=trace,imports=trace";

/// What the simulated Salesforce's tokens have in them.
const TOKEN: &str = "!SIM.";

const ACME: &str = "/v1/connections/acme";

/// Starts a function that logs all that it can.
async fn start(binary: Binary, services: &Services) -> Function {
    let mut environment = environment::of(binary, services);
    environment.insert("RUST_LOG".to_owned(), LOGS.to_owned());
    Function::start(binary, &environment).await
}

/// Nothing secret is in `text`, which `whose` said.
#[track_caller]
fn tells_nothing(whose: &str, text: &str) {
    for secret in [CANARY, CLIENT_SECRET, TOKEN, "SECRET_OF_A_SERVICE"] {
        assert!(!text.contains(secret), "{secret} is in what {whose} said:\n{text}");
    }
}

async fn world(contacts: &[&str]) -> World {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    let at = now() - HOUR;
    let reports: Vec<Value> = contacts.iter().map(|contact| failed("acme", contact, at)).collect();
    world.function(Binary::Ingest).await.invoke(batch(&reports)).await;
    world
}

/// One run of `acme`, answered one way or the other.
async fn run(function: &mut Function) -> String {
    let detail = json!({"connection": "acme", "selection": {"due": {"tick": now()}}});
    let requested = json!({"source": "resync", "detail-type": "Run Requested", "time": now(), "detail": detail});
    match function.answer(requested, now() + INVOCATION).await {
        Answer::Response(answer) | Answer::Error(answer) => answer.to_string(),
    }
}

/// Ways in which Salesforce fails.
fn faults() -> Vec<Fault> {
    let reset = |commit| Fault::new(Effect::Reset(commit));
    let canned = [
        Canned::ExpiredSession,
        Canned::TotalLimit,
        Canned::ConcurrentLimit,
        Canned::ApiDisabled,
        Canned::ServerUnavailable,
        Canned::Html(500),
        Canned::Html(404),
        Canned::Empty(200),
        Canned::ErrorObject(400),
        Canned::Garbage,
    ];
    let logins = [Canned::LoginRefused, Canned::Garbage, Canned::Html(503), Canned::TotalLimit];
    let logins = logins.into_iter().map(|canned| Fault::answer(canned).on(Calls::Token));
    canned.into_iter().map(Fault::answer).chain(logins).chain([reset(Commit::Never), reset(Commit::First)]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_salesforce_fails_no_log_event_metric_or_report_of_a_run_tells_a_secret() {
    for fault in faults() {
        let world = world(&["ann", "bob"]).await;
        let message = format!("not like {CANARY}");
        let refuses = Failure::Validation { message, fields: Vec::new() };
        world.salesforce.add_rule(Rule::new("says", "Contact", Selector::external_ids(["bob"]), refuses));
        world.salesforce.fault(fault);
        let mut function = start(Binary::RetryDue, &world.services()).await;
        let reports = format!("{} {}", run(&mut function).await, run(&mut function).await);
        let log = function.log().await;
        assert!(log.contains("run finished"), "{fault:?}: {log}");
        let events: String = world.bus.take().iter().map(Value::to_string).collect();
        tells_nothing(&format!("a run that met {fault:?}"), &(log + &events + &reports));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_taken_in_or_refused_tell_no_secret_at_any_level() {
    let world = world(&[]).await;
    let at = now() - HOUR;
    let detail = json!({"connection": "acme", "object": CANARY, "error": CANARY, "payload": [CANARY], "parent": CANARY,
                        "externalIdField": format!("{CANARY} x"), "sourceVersion": CANARY, "failedAt": CANARY});
    let bodies = [
        failed("acme", "ann", at).to_string(),
        failed("nobody", "ann", at).to_string(),
        format!("{{ {CANARY}"),
        event("Sync Failed", at, &detail).to_string(),
        event("Sync Failed", at, &Value::from(CANARY)).to_string(),
        event(CANARY, at, &json!({})).to_string(),
    ];
    let mut ingest = start(Binary::Ingest, &world.services()).await;
    let answer = ingest.invoke(batch_of_texts(&bodies)).await;
    assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(bodies.len() - 1), "{answer}");
    tells_nothing("ingest", &(ingest.log().await + &answer.to_string()));
}

/// A service of the cloud that refuses everything in words that give away what it was sent.
async fn talkative(status: StatusCode) -> String {
    let body = json!({
        "__type": "com.amazonaws#ValidationException", "message": format!("SECRET_OF_A_SERVICE {CANARY}"),
        "SecretString": format!("{{\"client_secret\": \"{CLIENT_SECRET}\", SECRET_OF_A_SERVICE"), "Name": "resync/acme",
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:resync/acme", "VersionId": "v-1",
    });
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    let refuse = move || async move { (status, kind, body.to_string()) };
    format!("http://{}", serve(Router::new().fallback(any(refuse))).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_fail_in_words_of_their_own_are_not_quoted() {
    let world = world(&["ann"]).await;
    let refusing = talkative(StatusCode::BAD_REQUEST).await;
    let garbled = talkative(StatusCode::OK).await;
    for services in [
        Services { dynamodb: refusing.clone(), ..world.services() },
        Services { eventbridge: refusing.clone(), ..world.services() },
        Services { secrets: refusing.clone(), ..world.services() },
        Services { secrets: garbled.clone(), ..world.services() },
    ] {
        let mut due = start(Binary::RetryDue, &services).await;
        let report = run(&mut due).await;
        let ticked = due.answer(scheduled_event(Schedule::Due, now()), now() + INVOCATION).await;
        tells_nothing("retry-due", &(due.log().await + &report + &format!("{ticked:?}")));
        let mut ingest = start(Binary::Ingest, &services).await;
        let answer = ingest.invoke(batch(&[failed("acme", "cy", now() - HOUR)])).await;
        tells_nothing("ingest", &(ingest.log().await + &answer.to_string()));
        let mut url = Url(start(Binary::Api, &services).await);
        let records = url.get(VIC, &format!("{ACME}/records")).await;
        let test = url.send(ADA, "POST", &format!("{ACME}/test"), &json!({})).await;
        let said = format!("{records:?} {test:?}").replace(&format!("it failed, says {CANARY}"), "");
        tells_nothing("the function URL", &(url.log().await + &said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_operators_and_viewers_ask_for_is_answered_or_logged_with_a_secret() {
    let world = world(&["ann", "bob"]).await;
    let mut url = Url(start(Binary::Api, &world.services()).await);
    let record = format!("{ACME}/records/Contact/ann");
    let mut said = vec![format!("{:?}", url.get(VIC, &record).await)];
    for path in ["", "/errors", "/records", "/export", "/usage", "/health", "/resyncs", "/runs", "/suspension"] {
        said.push(format!("{:?}", url.get(VIC, &format!("{ACME}{path}")).await));
    }
    let said = said.concat();
    // The error's message is shown to those who may read: it is what they came for. Nothing else of the report is.
    assert!(said.contains(&format!("it failed, says {CANARY}")), "{said}");
    let said = said.replace(&format!("it failed, says {CANARY}"), "");
    let mut answers = Vec::new();
    for (method, path, body) in [
        ("POST", "/test", json!({})),
        ("POST", "/plans", json!({"all": true})),
        ("POST", "/resyncs", json!({"records": ["Contact/ann"]})),
        ("POST", "/erasures", json!({"object": "Contact", "external_id": "bob"})),
        (
            "POST",
            "/imports",
            json!({"rows": [{"object": "Contact", "external_id": 7, "payload": {"LastName": CANARY}}]}),
        ),
        ("POST", "/imports", json!({"rows": CANARY})),
        ("PATCH", "", json!({"target": {"client_secret": CLIENT_SECRET}})),
        ("PUT", "/limit", json!({"api_limit": CANARY})),
    ] {
        answers.push(format!("{:?}", url.send(ADA, method, &format!("{ACME}{path}"), &body).await));
    }
    let audit = url.get(VIC, "/v1/audit").await;
    tells_nothing("the function URL", &(url.log().await + &said + &answers.concat() + &format!("{audit:?}")));
    let events: String = world.bus.take().iter().map(Value::to_string).collect();
    tells_nothing("the bus", &events);
}
