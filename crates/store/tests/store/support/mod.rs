//! What every test here needs: a table in memory, a store that does not really wait, records.
//!
//! Must not know: what is tested.

pub(crate) mod clock;
pub(crate) mod faulty;
pub(crate) mod samples;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use store::DynamoStore;
use store::local::{LocalTable, Place};

use clock::Patient;
use faulty::{Fault, Faulty};

/// A store in a table of its own, and a way to look at that table and to break requests to it.
pub(crate) struct Bench {
    pub(crate) store: DynamoStore<Patient>,
    pub(crate) clock: Patient,
    pub(crate) faults: Faulty,
    table: LocalTable,
    client: Client,
}

impl Bench {
    /// A store in a new table in memory.
    pub(crate) async fn new() -> Self {
        let table = LocalTable::start(Place::Memory, "resync").await.expect("the local table starts");
        let faults = Faulty::default();
        let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = table.config().retry_config(quick).http_client(faults.clone()).build();
        let clock = Patient::default();
        let store = DynamoStore::new(Client::from_conf(config), table.name(), clock.clone());
        Self { store, clock, faults, client: table.client(), table }
    }

    /// Breaks the next requests of `operation`, one after another, each as told.
    pub(crate) fn break_next(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.faults.plan(operation, faults);
    }

    /// The partition keys and sort keys of all items, in order.
    pub(crate) async fn keys(&self) -> Vec<(String, String)> {
        let found = self.client.scan().table_name(self.table.name()).send().await.expect("the table is there");
        let part = |item: &std::collections::HashMap<String, AttributeValue>, name| item[name].as_s().cloned().unwrap();
        let mut keys: Vec<_> = found.items().iter().map(|item| (part(item, "PK"), part(item, "SK"))).collect();
        keys.sort();
        keys
    }

    /// Sets one attribute of an item behind the store's back.
    pub(crate) async fn tamper(&self, pk: &str, sk: &str, name: &str, value: AttributeValue) {
        let update = self.client.update_item().table_name(self.table.name());
        let update = update
            .key("PK", AttributeValue::S(pk.to_owned()))
            .key("SK", AttributeValue::S(sk.to_owned()))
            .update_expression("SET #n = :v")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":v", value);
        update.send().await.expect("the table is there");
    }
}
