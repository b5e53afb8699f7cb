//! Everything around the functions: table, bus, secrets and Salesforce, all on this machine.
//!
//! Must not know: what a test is about.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Connections, Records};
use functions::SystemClock;
use rules::connection::Connection;
use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::record::{Record, Stored};
use salesforce_sim::{CallKind, LogEntry, Settings, Simulator};
use serde_json::{Value, json};
use store::DynamoStore;
use store::local::{LocalTable, Place};

use super::bus::Bus;
use super::environment::{self, Services, TABLE};
use super::process::{Binary, Function};
use super::secrets;

/// One system, of which the functions' processes are started.
pub(super) struct World {
    table: LocalTable,
    secrets: String,
    pub(super) bus: Bus,
    pub(super) salesforce: Simulator,
    pub(super) store: DynamoStore<SystemClock>,
}

impl World {
    pub(super) async fn start() -> Self {
        let table = LocalTable::start(Place::Memory, TABLE).await.unwrap();
        let store = DynamoStore::new(table.client(), TABLE, SystemClock);
        let secrets = format!("http://{}", secrets::start().await);
        let salesforce = Simulator::start(Settings::default()).await.unwrap();
        Self { table, secrets, bus: Bus::start().await, salesforce, store }
    }

    /// Adds the connection `id` with this policy; its contacts are matched by `Ext__c`.
    pub(super) async fn connect(&self, id: &str, policy: Value) {
        self.connect_with(id, policy, json!({})).await;
    }

    /// The same, with this budget.
    pub(super) async fn connect_with(&self, id: &str, policy: Value, budget: Value) {
        let settings = json!({
            "id": id,
            "policy": policy,
            "budget": budget,
            "target": {
                "login_url": self.salesforce.url(), "flow": "client_credentials", "secret": format!("resync/{id}")
            },
            "external_ids": {"Contact": "Ext__c"},
            "request_timeout_seconds": 20,
        });
        self.store.save_connection(&Connection::read(&settings).unwrap()).await.unwrap();
    }

    /// The settings of a connection are written in a format that this version does not know.
    pub(super) async fn write_as_a_newer_version(&self, id: &str) {
        let client = self.table.client();
        let scanned = client.scan().table_name(TABLE).filter_expression("attribute_exists(sh)").send().await.unwrap();
        let quoted = format!("\"id\":\"{id}\"");
        let is_of = |item: &HashMap<String, AttributeValue>| {
            item.values().any(|value| value.as_s().is_ok_and(|text| text.contains(&quoted)))
        };
        let mut item = scanned.items.unwrap_or_default().into_iter().find(is_of).unwrap();
        item.insert("f".to_owned(), AttributeValue::N("99".to_owned()));
        client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// The payload that a contact has in an item of its own is damaged.
    pub(super) async fn damage_payload(&self, connection: &str, contact: &str) {
        let (partition, damaged) = (format!("r#{connection}#Contact#{contact}"), AttributeValue::S("{".to_owned()));
        let update = self.table.client().update_item().table_name(TABLE).key("PK", AttributeValue::S(partition));
        let update = update.key("SK", AttributeValue::S("p".to_owned())).update_expression("SET p = :p");
        let there = update.condition_expression("attribute_exists(p)");
        there.expression_attribute_values(":p", damaged).send().await.unwrap();
    }

    /// Where its services are.
    pub(super) fn services(&self) -> Services {
        Services {
            dynamodb: format!("http://{}", self.table.address()),
            eventbridge: self.bus.url(),
            secrets: self.secrets.clone(),
        }
    }

    /// Starts a function of this system, as the template does.
    pub(super) async fn function(&self, binary: Binary) -> Function {
        Function::start(binary, &environment::of(binary, &self.services())).await
    }

    /// What is stored of a contact.
    pub(super) async fn stored(&self, connection: &str, contact: &str) -> Option<Stored> {
        let read = self.store.read(&[key(connection, contact)]).await.unwrap();
        read.into_iter().next().map(|read| read.stored)
    }

    /// A contact that failed.
    pub(super) async fn record(&self, connection: &str, contact: &str) -> Record {
        match self.stored(connection, contact).await {
            Some(Stored::Record(record)) => *record,
            other => panic!("{contact} is no record: {other:?}"),
        }
    }

    /// The requests that Salesforce got.
    pub(super) fn calls(&self) -> Vec<CallKind> {
        self.salesforce.log().iter().map(|entry| entry.kind).collect()
    }

    /// The contacts that were sent to Salesforce, in the order of arrival.
    pub(super) fn sent(&self) -> Vec<String> {
        let id = |record: &salesforce_sim::RecordLog| record.external_id.as_ref().unwrap().as_str().to_owned();
        let entries: Vec<LogEntry> = self.salesforce.log();
        entries.iter().flat_map(|entry| entry.records.iter().map(id).collect::<Vec<_>>()).collect()
    }
}

/// The key of a contact.
pub(super) fn key(connection: &str, contact: &str) -> RecordKey {
    RecordKey {
        connection: connection_id(connection),
        object: ObjectName::new("Contact").unwrap(),
        id: RecordId::new(contact).unwrap(),
    }
}

/// A connection's name.
pub(super) fn connection_id(text: &str) -> ConnectionId {
    ConnectionId::new(text).unwrap()
}
