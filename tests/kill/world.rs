//! One connection with failing records, the services around it, and the lives of the processes that retry them.
//!
//! Must not know: when which process lives and dies, what must come of it.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use functions::SystemClock;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use salesforce_sim::{Rule, Sequence, Settings, Simulator};
use serde_json::{Value, json};
use store::DynamoStore;
use store::local::Place;

use super::gate::Stop;
use super::ground::{Ground, Life, Org};
use crate::functions::process::Binary;
use crate::functions::reports::{batch, event};
use crate::functions::runtime_api::Answer;
use crate::functions::url::{OPERATOR, event as request};

/// The three objects, each of which makes one batch.
pub(super) const OBJECTS: [&str; 3] = ["Account", "Contact", "Lead"];

/// How many records of each object fail.
const RECORDS: usize = 15;

/// The records of each object, by external id.
pub(super) fn ids() -> impl Iterator<Item = String> {
    (1..=RECORDS).map(|number| format!("r{number:02}"))
}

/// Whether Salesforce refuses the record, every time.
pub(super) fn is_refused(id: &str) -> bool {
    ["r03", "r06", "r09", "r12", "r15"].contains(&id)
}

/// Whether its source syncs a newer version of the record itself while the first process is dead.
pub(super) fn is_superseded(id: &str) -> bool {
    ["r01", "r03"].contains(&id)
}

/// How a life of a process ended.
#[derive(Debug)]
pub(super) struct Lived {
    /// Its answer; none when it was killed.
    pub(super) answer: Option<Value>,
    /// The requests that it made.
    pub(super) requests: usize,
}

/// One system. Processes live in it one after another.
pub(super) struct World {
    /// What is special about it, for the messages of assertions.
    pub(super) name: String,
    pub(super) cap: u64,
    pub(super) store: DynamoStore<SystemClock>,
    pub(super) salesforce: Simulator,
    /// Everything that the bus accepted, oldest first.
    pub(super) published: Vec<Value>,
    /// Where Salesforce's log stood when the newer versions had succeeded.
    pub(super) superseded: Option<Sequence>,
    /// Records that the dead process sent and whose outcome it did not write.
    pub(super) doubted: BTreeSet<RecordKey>,
    ground: Ground,
    org: Org,
}

impl World {
    /// A connection that may make `cap` API calls in 24 hours.
    pub(super) async fn start(name: String, cap: u64) -> Self {
        let ground = Ground::start(Place::Memory).await;
        let settings = json!({
            "id": "acme",
            "policy": {"kind": "interval"},
            "budget": {"cap_without_limit": cap},
            "external_ids": {"Account": "Ext__c", "Contact": "Ext__c", "Lead": "Ext__c"},
            "request_timeout_seconds": 20,
        });
        let org = ground.org(settings, Settings::default()).await;
        let (store, salesforce) = (ground.store.clone(), org.salesforce.clone());
        salesforce.add_rule(Rule::refusing(ids().filter(|id| is_refused(id))));
        let (published, superseded, doubted) = (Vec::new(), None, BTreeSet::new());
        Self { name, cap, store, salesforce, published, superseded, doubted, ground, org }
    }

    /// Lets a process of `retry-due` live at `at` to handle `event`, until it answers or is killed at `stop`.
    pub(super) async fn live(&mut self, at: Timestamp, deadline: Timestamp, event: Value, stop: Option<Stop>) -> Lived {
        self.live_as(Binary::RetryDue, at, deadline, event, stop).await
    }

    /// The same for a process of `binary`.
    pub(super) async fn live_as(
        &mut self,
        binary: Binary,
        at: Timestamp,
        deadline: Timestamp,
        event: Value,
        stop: Option<Stop>,
    ) -> Lived {
        let orgs = [&self.org];
        let life = Life { stop, ..Life::of(binary, at, deadline.since(at), event, &orgs) };
        let lived = self.ground.live(life).await;
        self.published.extend(self.ground.bus.take());
        let answer = lived.answers.into_iter().next().map(|answer| match answer {
            Answer::Response(response) => response,
            Answer::Error(error) => panic!("{}: at {at} the function failed: {error}\n{}", self.name, lived.log),
        });
        Lived { answer, requests: lived.requests }
    }

    /// All records fail at `at`, in version 1.
    pub(super) async fn fail(&self, at: Timestamp) {
        let failed = |object: &str, id: &str| {
            let detail = json!({
                "connection": "acme", "object": object, "externalId": id, "sourceVersion": 1,
                "error": {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"},
                "payload": {"Description": id},
            });
            event("Sync Failed", at, &detail)
        };
        let events: Vec<Value> = OBJECTS.iter().flat_map(|object| ids().map(move |id| failed(object, &id))).collect();
        self.take_in(at, &events).await;
    }

    /// The superseded records' source syncs their version 2 at `at`.
    pub(super) async fn supersede(&mut self, at: Timestamp) {
        let succeeded = |object: &str, id: &str| {
            let detail = json!({"connection": "acme", "object": object, "externalId": id, "sourceVersion": 2});
            event("Sync Succeeded", at, &detail)
        };
        let superseded = |object| ids().filter(|id| is_superseded(id)).map(move |id| succeeded(object, &id));
        let events: Vec<Value> = OBJECTS.into_iter().flat_map(superseded).collect();
        self.take_in(at, &events).await;
        self.superseded = Some(self.salesforce.log().last().map_or(Sequence(0), |entry| entry.sequence));
        self.published.extend(self.ground.bus.take());
    }

    async fn take_in(&self, at: Timestamp, events: &[Value]) {
        let lived = self.ground.live(Life::of(Binary::Ingest, at, Duration::from_mins(1), batch(events), &[])).await;
        let Some(Answer::Response(response)) = lived.answers.first() else {
            panic!("{}: {:?}\n{}", self.name, lived.answers, lived.log)
        };
        assert_eq!(*response, json!({"batchItemFailures": []}), "{}: {}", self.name, lived.log);
    }

    /// An operator asks at `at` that all records are tried now. Gives the event that starts it.
    pub(super) async fn ask_for_all(&mut self, at: Timestamp) -> Value {
        let mut ask = request(Some(OPERATOR), "POST", "/v1/connections/acme/resyncs", Some(r#"{"all":true}"#));
        ask["headers"]["idempotency-key"] = json!("all");
        let asked = self.live_as(Binary::Api, at, at + Duration::from_mins(1), ask, None).await;
        let answer = asked.answer.unwrap();
        assert_eq!(answer["statusCode"], 202, "{}: {answer}", self.name);
        let hint = self.published.iter().rfind(|event| event["detail-type"] == "Run Requested");
        hint.unwrap().clone()
    }

    /// A client of the table, and the table's name.
    pub(super) fn table(&self) -> (Client, &str) {
        self.ground.table()
    }

    /// Asks the function URL at `at` for something, as an operator. Gives the status and the body.
    pub(super) async fn call(&mut self, at: Timestamp, method: &str, path: &str, body: Option<&str>) -> (u64, Value) {
        let ask = request(Some(OPERATOR), method, path, body);
        let asked = self.live_as(Binary::Api, at, at + Duration::from_mins(1), ask, None).await;
        let answer = asked.answer.unwrap();
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        (answer["statusCode"].as_u64().unwrap(), body)
    }

    /// Ends the services.
    pub(super) async fn end(self) {
        self.salesforce.shutdown().await;
        self.ground.end().await;
    }
}

/// The name of the one connection.
pub(super) fn acme() -> ConnectionId {
    ConnectionId::new("acme").unwrap()
}
