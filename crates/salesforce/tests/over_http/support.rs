//! Connections, credentials, batches and a clock that stands still, for the tests.
//!
//! Must not know: what a test is about.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use engine::payload::Payload;
use engine::ports::{Clock, LoginAnswer, SyncTarget, Targets, Upsert, UpsertRequest};
use rules::connection::Connection;
use rules::ids::{FieldName, ObjectName, RecordId};
use rules::time::Timestamp;
use salesforce::{FixedSecrets, SalesforceTarget, SalesforceTargets, Secret};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A clock that always says [`NOW`].
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn since_boot(&self) -> Duration {
        Duration::ZERO
    }

    fn wait(&self, _: Duration) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

pub(crate) type Client = SalesforceTarget<FixedSecrets, Stopped>;
pub(crate) type Clients = SalesforceTargets<FixedSecrets, Stopped>;

/// Client credentials that the simulator takes.
pub(crate) fn good_secret() -> Secret {
    secret("1", &json!({"client_id": "sim-client", "client_secret": "sim-secret"}))
}

pub(crate) fn secret(version: &str, value: &Value) -> Secret {
    Secret::parse(version, &value.to_string()).unwrap()
}

pub(crate) fn secrets() -> Arc<FixedSecrets> {
    Arc::new(FixedSecrets::new().with("sf/acme", good_secret()))
}

pub(crate) fn clients(secrets: &Arc<FixedSecrets>) -> Clients {
    SalesforceTargets::new(Arc::clone(secrets), Arc::new(Stopped))
}

/// The settings of a connection whose org is at `login_url`.
pub(crate) fn settings(id: &str, login_url: &str) -> Value {
    json!({
        "id": id,
        "policy": {"kind": "interval"},
        "target": {"login_url": login_url, "flow": "client_credentials", "secret": "sf/acme"},
    })
}

pub(crate) fn read(settings: &Value) -> Connection {
    Connection::read(settings).unwrap()
}

/// A client of the connection `acme`, whose org is at `login_url`.
pub(crate) fn client(login_url: &str) -> Arc<Client> {
    clients(&secrets()).of(&read(&settings("acme", login_url))).unwrap()
}

/// The same, for a test in which a time-out strikes: a request takes 2 seconds at most, half of it to connect.
pub(crate) fn impatient_client(login_url: &str) -> Arc<Client> {
    let mut settings = settings("acme", login_url);
    settings["request_timeout_seconds"] = json!(2);
    clients(&secrets()).of(&read(&settings)).unwrap()
}

pub(crate) async fn signed_in(login_url: &str) -> Arc<Client> {
    let client = client(login_url);
    assert_eq!(client.login().await.answer, LoginAnswer::SignedIn);
    client
}

/// A batch of contacts with these external ids and payloads.
pub(crate) fn batch<const N: usize>(records: [(&str, Value); N]) -> UpsertRequest {
    let records = records.into_iter().map(|(id, payload)| {
        let fields = payload.as_object().cloned().unwrap();
        Upsert { id: RecordId::new(id).unwrap(), payload: Payload::new(&fields) }
    });
    UpsertRequest {
        object: ObjectName::new("Contact").unwrap(),
        field: FieldName::new("Ext__c").unwrap(),
        records: records.collect(),
    }
}

/// A batch of one contact.
pub(crate) fn one() -> UpsertRequest {
    batch([("a-1", json!({"LastName": "Ann"}))])
}
