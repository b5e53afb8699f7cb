//! What the real binaries ask AWS for, all in all: exactly what `deploy/asked.rs` lists, and so what the template grants.
//!
//! Each is led through all that it can do, with every request on record.
//!
//! Must not know: what a request does.

mod routes;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use rules::time::Timestamp;
use salesforce_sim::{Failure, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, TICK, now};
use super::environment::{self, Services};
use super::process::{Binary, Function};
use super::reports::{batch, event, failed, succeeded, used};
use super::url::{OPERATOR, event as request};
use super::wiretap::{Asked, Wiretap};
use super::world::World;
use crate::deploy::asked::asked_by;
use crate::deploy::triggers::selections_of;

/// A system, and wires to it on which what is asked for is noted.
struct Tapped {
    world: World,
    tap: Wiretap,
    services: Services,
    /// How many actions an operator has asked for.
    keys: AtomicU32,
}

impl Tapped {
    /// `acme` under the interval policy, whose records time out after two tries, and `globex` under the recent one.
    async fn start() -> Self {
        let (world, tap) = (World::start().await, Wiretap::default());
        world.connect("acme", json!({"kind": "interval", "tries": 2})).await;
        world.connect("globex", json!({"kind": "recent"})).await;
        let to = world.services();
        let services = Services {
            dynamodb: tap.to(&to.dynamodb).await,
            eventbridge: tap.to(&to.eventbridge).await,
            secrets: tap.to(&to.secrets).await,
        };
        Self { world, tap, services, keys: AtomicU32::new(0) }
    }

    async fn function(&self, binary: Binary) -> Function {
        Function::start(binary, &environment::of(binary, &self.services)).await
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
            let key = self.keys.fetch_add(1, Ordering::Relaxed);
            request["headers"]["idempotency-key"] = json!(format!("key-{key}"));
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

/// Leads a retry function through its schedule's tick and through every selection that the template hands to it: first while Salesforce
/// refuses everything, then while it takes everything.
async fn asked_by_runs(binary: Binary, schedule: Option<Schedule>) -> Asked {
    let tapped = Tapped::start().await;
    let lock = tapped.world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::Every, Failure::RowLock));
    let mut function = tapped.function(binary).await;
    let mut asked = Asked::new();
    for refuses in [true, false] {
        tapped.fail_anew(refuses).await;
        if !refuses {
            tapped.world.salesforce.mend(lock);
        }
        let mut events: Vec<Value> =
            schedule.map(|schedule| scheduled_event(schedule, tick_of(schedule))).into_iter().collect();
        for selection in selections_of(binary.name()) {
            events.extend(tapped.runs(selection).await);
        }
        tapped.tap.take();
        for event in events {
            let answer = function.invoke(event.clone()).await;
            assert!(["fanned_out", "ran"].contains(&answer["outcome"].as_str().unwrap()), "{answer} to {event}");
        }
        asked.extend(tapped.tap.take());
    }
    asked
}

fn tick_of(schedule: Schedule) -> Timestamp {
    match schedule {
        Schedule::TimedOut => now() + HOUR * 24,
        Schedule::Due | Schedule::Recent => now(),
    }
}

impl Tapped {
    /// Contacts of both connections fail, with small and large payloads, parents and children; when Salesforce refuses them, those of
    /// `acme` are tried until they are in the timeout queue, so that a night finds some.
    async fn fail_anew(&self, refuses: bool) {
        let at = now() - HOUR;
        let name = |name: &str| format!("{name}-{refuses}");
        let of = |connection: &str| {
            let (ann, bob) = (name("ann"), name("bob"));
            [
                failed(connection, &ann, at),
                failed(connection, &bob, at),
                large(connection, &name("big"), at, 1),
                child(connection, &name("kid"), &ann, at),
            ]
        };
        self.take_in(&[of("acme"), of("globex")].concat()).await;
        if refuses {
            let mut due = self.world.function(Binary::RetryDue).await;
            for tick in [now(), now() + TICK] {
                due.invoke(run_requested("acme", &json!({"due": {"tick": tick}}))).await;
            }
            self.take_in(&[failed("acme", &name("cy"), at), large("acme", &name("dan"), at, 1)]).await;
        }
    }

    /// Requests to run with this selection.
    async fn runs(&self, selection: &str) -> Vec<Value> {
        let (tick, midnight) = (now(), now() + HOUR * 24);
        match selection {
            "due" => {
                let due = |tick: Timestamp| run_requested("acme", &json!({"due": {"tick": tick}}));
                vec![due(tick), due(tick + TICK), due(tick + TICK * 2)]
            }
            "owed" => ["acme", "globex"].map(|id| run_requested(id, &json!({"owed": {"tick": tick}}))).to_vec(),
            "timed_out" => vec![run_requested("acme", &json!({"timed_out": {"tick": midnight}}))],
            "recent" => vec![run_requested("globex", &json!({"recent": {"tick": tick}}))],
            "forced" => self.asked_for_by_a_person().await,
            _ => panic!("nobody knows what {selection} is"),
        }
    }

    /// All records of one connection are to be tried, and some failures of the other to be deleted.
    async fn asked_for_by_a_person(&self) -> Vec<Value> {
        let mut api = self.world.function(Binary::Api).await;
        self.world.bus.take();
        self.operate(&mut api, "POST", "/v1/connections/globex/resyncs", &json!({"all": true})).await;
        let deletion = json!({"all": true, "action": "delete"});
        let plan = self.operate(&mut api, "POST", "/v1/connections/acme/plans", &deletion).await;
        let plan = json!({"plan": plan["plan"]["id"]});
        self.operate(&mut api, "POST", "/v1/connections/acme/deletions", &plan).await;
        self.world.bus.take_kind("Run Requested")
    }
}

/// Each of them makes up for whatever an earlier run owes, of any kind, so that what one asks for depends on what it finds: none may ask
/// for more than the list has, and all of it is asked for by one of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_retry_functions_ask_for_nothing_that_is_not_listed_and_together_for_all_that_is() {
    let mut together = Asked::new();
    for (binary, schedule) in [
        (Binary::RetryDue, Some(Schedule::Due)),
        (Binary::RetryTimedOut, Some(Schedule::TimedOut)),
        (Binary::RetryRecent, Some(Schedule::Recent)),
        (Binary::RetryRequested, None),
    ] {
        let asked = asked_by_runs(binary, schedule).await;
        let listed = of(binary.name());
        let unlisted: Vec<_> = asked.difference(&listed).collect();
        assert!(unlisted.is_empty(), "{binary:?} asks for {unlisted:?}, which is not listed for it");
        together.extend(asked);
    }
    is_what_is_listed("retry-due", &together);
}
