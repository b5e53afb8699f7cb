//! Many records like one that the store wrote, written behind its back: a table of tens of thousands within seconds.
//!
//! Must not know: what the attributes of a record mean, beyond those that its likes differ in.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use engine::payload::Payload;
use engine::ports::{Keeping, PayloadChange, Put as PutRecord, Records};
use futures::{StreamExt, TryStreamExt, stream};
use rules::record::{Record, Stored};
use rules::retention::Retention;
use rules::time::Timestamp;

type Item = HashMap<String, AttributeValue>;

/// The most items of one transaction (`DynamoDB` API reference, `TransactWriteItems`).
const IN_A_TRANSACTION: usize = 100;

/// A record's item, as the store writes it.
#[derive(Clone)]
pub(crate) struct Model(Item);

impl Model {
    /// Lets the store write `record`, and takes its item away again.
    pub(crate) async fn of(store: &impl Records, client: &Client, table: &str, record: &Record) -> Self {
        put(store, record).await;
        let pk = partition(record.key.connection.as_str(), record.key.object.as_str(), record.key.id.as_str());
        let get = client.get_item().table_name(table).key("PK", pk.clone()).key("SK", text("r"));
        let item = get.send().await.unwrap().item.expect("it was put");
        client.delete_item().table_name(table).key("PK", pk).key("SK", text("r")).send().await.unwrap();
        Self(item)
    }

    /// One like it.
    pub(crate) fn named(&self, connection: &str, object: &str, id: &str) -> Self {
        let mut item = self.0.clone();
        item.insert("PK".to_owned(), partition(connection, object, id));
        Self(item)
    }

    /// The same, of this error type and in this shard of both indexes.
    pub(crate) fn listed(mut self, connection: &str, error_type: &str, shard: usize) -> Self {
        self.0.insert("a".to_owned(), text(&format!("{connection}#{error_type}#{shard}")));
        self.0.insert("n".to_owned(), text(&format!("{connection}#i#{shard}")));
        self
    }

    /// The same, with this first failure.
    pub(crate) fn first_failed(mut self, at: Timestamp) -> Self {
        self.0.insert("fa".to_owned(), AttributeValue::N(at.as_millis().to_string()));
        self
    }
}

/// Lets the store write a record that fails for the first time.
pub(crate) async fn put(store: &impl Records, record: &Record) {
    let fields = serde_json::json!({ "LastName": "Meier" });
    let payload = Payload::new(fields.as_object().unwrap());
    let stored = Stored::Record(Box::new(record.clone()));
    let put = PutRecord { stored, payload: PayloadChange::Set(payload), expected: None };
    let keeping = Keeping { shards: 1, resolved_for: Retention::default().resolved_for() };
    store.put(&put, &keeping).await.unwrap();
}

/// Writes `number` records, each as `like` makes it.
pub(crate) async fn write(client: &Client, table: &str, number: usize, like: impl Fn(usize) -> Model) {
    let item = |number: usize| {
        let put = Put::builder().table_name(table).set_item(Some(like(number).0)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let writes = (0..number).step_by(IN_A_TRANSACTION).map(|begin| {
        let batch = (begin..number.min(begin + IN_A_TRANSACTION)).map(&item).collect();
        client.transact_write_items().set_transact_items(Some(batch)).send()
    });
    stream::iter(writes).buffer_unordered(8).try_for_each(|_| async { Ok(()) }).await.unwrap();
}

fn partition(connection: &str, object: &str, id: &str) -> AttributeValue {
    text(&format!("r#{connection}#{object}#{id}"))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
