//! What the real binaries ask AWS for, all in all: exactly what `deploy/asked.rs` lists, and so what the template grants.
//!
//! Each is led through all that it can do, with every request on record.
//!
//! Must not know: what a request does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::time::Timestamp;
use salesforce_sim::{Failure, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, TICK, now};
use super::process::{Binary, Function};
use super::reports::{batch, event, failed, succeeded, used};
use super::url::{OPERATOR, event as request};
use super::wiretap::{Asked, Wiretap};
use super::world::World;
use crate::deploy::asked::asked_by;

/// A system, and wires to it on which what is asked for is noted.
struct Tapped {
    world: World,
    tap: Wiretap,
    environment: BTreeMap<&'static str, String>,
}

impl Tapped {
    /// `acme` under the interval policy, whose records time out after two tries, and `globex` under the recent one.
    async fn start() -> Self {
        let (world, tap) = (World::start().await, Wiretap::default());
        world.connect("acme", json!({"kind": "interval", "tries": 2})).await;
        world.connect("globex", json!({"kind": "recent"})).await;
        let mut environment = world.environment();
        environment.insert("RESYNC_OPERATORS", OPERATOR.to_owned());
        for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
            let wire = tap.to(&environment[name]).await;
            environment.insert(name, wire);
        }
        Self { world, tap, environment }
    }

    async fn function(&self, binary: Binary) -> Function {
        Function::start(binary, &self.environment).await
    }

    /// The function behind the URL, what it asks for on no record.
    async fn untapped_api(&self) -> Function {
        let mut environment = self.world.environment();
        environment.insert("RESYNC_OPERATORS", OPERATOR.to_owned());
        Function::start(Binary::Api, &environment).await
    }

    /// Takes these reports in, none of which is given back.
    async fn take_in(&self, reports: &[Value]) {
        let mut ingest = self.function(Binary::Ingest).await;
        assert_eq!(ingest.invoke(batch(reports)).await, json!({"batchItemFailures": []}));
    }

    /// A request of an operator.
    async fn operate(&self, api: &mut Function, method: &str, path: &str, body: &Value) -> Value {
        let body = (!body.is_null()).then(|| body.to_string());
        let mut request = request(Some(OPERATOR), method, path, body.as_deref());
        if method != "GET" {
            let key = format!("{method}{path}{}", body.unwrap_or_default());
            let key: String = key.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
            request["headers"]["idempotency-key"] = json!(key);
        }
        let answer = api.invoke(request).await;
        assert!(answer["statusCode"].as_u64().unwrap() < 300, "{method} {path}: {answer}");
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
    }
}

fn of(binary: &str) -> Asked {
    asked_by(binary).iter().map(|(action, on)| ((*action).to_owned(), (*on).to_owned())).collect()
}

#[track_caller]
fn is_what_is_listed(binary: &str, asked: &Asked) {
    let listed = of(binary);
    let unlisted: BTreeSet<_> = asked.difference(&listed).collect();
    assert!(unlisted.is_empty(), "{binary} asks for {unlisted:?}, which is not listed for it");
    let idle: BTreeSet<_> = listed.difference(asked).collect();
    assert!(idle.is_empty(), "{binary} never asked for {idle:?}, which is listed for it");
}

/// A contact with a payload that does not fit into its record's item, in a version of its own.
fn large(connection: &str, contact: &str, at: Timestamp, version: u32) -> Value {
    let mut event = failed(connection, contact, at);
    event["detail"]["payload"]["Description"] = json!("x".repeat(2_000));
    event["detail"]["sourceVersion"] = json!(version);
    event
}

/// A contact that needs another one first.
fn child(connection: &str, contact: &str, parent: &str, at: Timestamp) -> Value {
    let mut event = failed(connection, contact, at);
    event["detail"]["parent"] = json!({"object": "Contact", "externalId": parent});
    event
}

fn run_requested(connection: &str, selection: &Value) -> Value {
    json!({"source": "resync", "detail-type": "Run Requested", "time": now(), "detail": {"connection": connection, "selection": selection}})
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_asks_for_exactly_what_is_listed() {
    let tapped = Tapped::start().await;
    let at = now() - HOUR;
    let mut newer = failed("acme", "big", at + Duration::from_mins(2));
    newer["detail"]["sourceVersion"] = json!(2);
    let versioned = |id: &str, version: u32, at: Timestamp| {
        let detail = json!({"connection": "acme", "object": "Contact", "externalId": id, "sourceVersion": version});
        event("Sync Succeeded", at, &detail)
    };
    let first = [
        failed("acme", "ann", at),
        large("acme", "big", at, 1),
        large("acme", "bob", at, 1),
        child("acme", "cy", "ann", at),
        used("acme", 7, at),
    ];
    tapped.take_in(&first).await;
    tapped
        .take_in(&[newer, versioned("bob", 2, at + Duration::from_mins(3)), succeeded("acme", "cy", at + HOUR / 2)])
        .await;

    // A send of ours may have followed the write of the source's that is reported now.
    let mut retry = tapped.world.function(Binary::RetryDue).await;
    retry.invoke(run_requested("acme", &json!({"due": {"tick": now()}}))).await;
    tapped.take_in(&[versioned("big", 3, now() - Duration::from_mins(1))]).await;
    is_what_is_listed("ingest", &tapped.tap.take());
}

/// Leads a retry function through every selection that a Run Requested can have, and its schedule's ticks if it has one.
async fn asked_by_runs(binary: Binary, schedule: Option<Schedule>) -> Asked {
    let tapped = Tapped::start().await;
    let (at, tick) = (now() - HOUR, now());
    let names = ["ann", "bob", "cy"];
    let reports = names.iter().flat_map(|name| [failed("acme", name, at), failed("globex", name, at)]);
    let reports: Vec<Value> = reports.chain([large("acme", "big", at, 1), child("acme", "kid", "ann", at)]).collect();
    tapped.take_in(&reports).await;
    let lock = tapped.world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::Every, Failure::RowLock));
    tapped.tap.take();

    let mut function = tapped.function(binary).await;
    let midnight = tick + HOUR * 24;
    if let Some(schedule) = schedule {
        for tick in [tick, midnight] {
            function.invoke(scheduled_event(schedule, tick)).await;
        }
    }
    for selection in [
        json!({"due": {"tick": tick}}),
        json!({"due": {"tick": tick + TICK}}),
        json!({"timed_out": {"tick": midnight}}),
        json!({"owed": {"tick": tick}}),
    ] {
        assert_eq!(function.invoke(run_requested("acme", &selection)).await["outcome"], "ran");
    }
    tapped.world.salesforce.mend(lock);
    function.invoke(run_requested("globex", &json!({"recent": {"tick": tick}}))).await;

    // What a person asks for: all records of one connection tried, and the failures of another deleted.
    let mut api = tapped.untapped_api().await;
    let before = tapped.tap.take();
    tapped.take_in(&[failed("globex", "dan", at), large("acme", "eve", at, 1)]).await;
    let all = json!({"all": true});
    tapped.operate(&mut api, "POST", "/v1/connections/globex/resyncs", &all).await;
    let deletion = json!({"all": true, "action": "delete"});
    let plan = tapped.operate(&mut api, "POST", "/v1/connections/acme/plans", &deletion).await;
    let plan = json!({"plan": plan["plan"]["id"]});
    tapped.operate(&mut api, "POST", "/v1/connections/acme/deletions", &plan).await;
    let requested = tapped.world.bus.take_kind("Run Requested");
    tapped.tap.take();
    for event in requested {
        assert_eq!(function.invoke(event).await["outcome"], "ran");
    }
    before.into_iter().chain(tapped.tap.take()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheduled_functions_ask_for_exactly_what_is_listed() {
    for (binary, schedule, name) in [
        (Binary::RetryDue, Schedule::Due, "retry-due"),
        (Binary::RetryTimedOut, Schedule::TimedOut, "retry-timed-out"),
        (Binary::RetryRecent, Schedule::Recent, "retry-recent"),
    ] {
        is_what_is_listed(name, &asked_by_runs(binary, Some(schedule)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_of_forced_retries_asks_for_exactly_what_is_listed() {
    is_what_is_listed("retry-requested", &asked_by_runs(Binary::RetryRequested, None).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn api_asks_for_exactly_what_is_listed() {
    let tapped = Tapped::start().await;
    let at = now() - HOUR;
    let reports = [failed("acme", "ann", at), large("acme", "big", at, 1), child("acme", "kid", "ann", at)];
    tapped.take_in(&reports).await;
    tapped.tap.take();
    let mut api = tapped.function(Binary::Api).await;
    let acme = |path: &str| format!("/v1/connections/acme{path}");
    let (nothing, empty) = (Value::Null, json!({}));
    for path in
        ["", "/suspension", "/usage", "/errors", "/records", "/records/Contact/ann", "/export", "/resyncs", "/runs"]
    {
        tapped.operate(&mut api, "GET", &acme(path), &nothing).await;
    }
    for path in ["/v1/system", "/v1/connections", "/v1/audit"] {
        tapped.operate(&mut api, "GET", path, &nothing).await;
    }
    for path in ["/pause", "/resume", "/test"] {
        tapped.operate(&mut api, "POST", &acme(path), &empty).await;
    }
    tapped.operate(&mut api, "PUT", &acme("/limit"), &json!({"api_limit": 12_000})).await;
    tapped.operate(&mut api, "PATCH", &acme(""), &json!({"calls_in_flight": 2})).await;
    tapped.operate(&mut api, "DELETE", &acme("/suspension"), &nothing).await;
    let asked = tapped.operate(&mut api, "POST", &acme("/resyncs"), &json!({"all": true})).await;
    let id = asked["request"]["id"].as_str().unwrap();
    tapped.operate(&mut api, "POST", &acme(&format!("/resyncs/{id}/cancel")), &empty).await;
    tapped.operate(&mut api, "POST", &acme("/erasures"), &json!({"object": "Contact", "external_id": "big"})).await;
    let mut settings = tapped.operate(&mut api, "GET", "/v1/connections/globex", &nothing).await["connection"].clone();
    settings["id"] = json!("initech");
    tapped.operate(&mut api, "POST", "/v1/connections", &settings).await;
    tapped.operate(&mut api, "DELETE", "/v1/connections/initech", &nothing).await;
    is_what_is_listed("api", &tapped.tap.take());
}
