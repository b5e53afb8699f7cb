//! Fills the table as a plan says, and starts an org that answers as it says.
//!
//! Must not know: how a run works.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::types::{AttributeValue as Kept, item_size};
use engine::ports::{Connections, Controls, CountChange, ErrorTypes, Keeping};
use functions::SystemClock;
use rules::connection::Connection;
use rules::control::Control;
use rules::ids::{ConnectionId, Epoch, ObjectName};
use salesforce_sim::{
    Calls, Canned, ClientSecret, Commit, Credentials, Effect, Failure, Fault, Millis, Rule, Selector, Settings,
    Simulator, Window, Work,
};
use serde_json::{Value, json};
use store::DynamoStore;
use store::local::written;

use super::Services;
use crate::run::table_client;
use measured::plan::{
    CLIENT_ID, CLIENT_SECRET, CODE, CONNECTION, FATE, FIELD, MESSAGE, OBJECT, OutcomeKind, Plan, TABLE,
};
use measured::record::{error_type, payload, record};

/// Items that are put into the table at a time.
const AT_A_TIME: usize = 5_000;

/// The largest record that the bars allow for.
const LARGEST: usize = 1_024;

/// Fills the table, starts the org, and gives the measured connection's settings.
pub(super) async fn set_up(services: &Services, plan: &Plan) -> anyhow::Result<Value> {
    let org = start_org(plan).await?;
    let client = table_client(&services.address, None);
    store::create_table(&client, TABLE).await.context("creating the table")?;
    let store = DynamoStore::new(client, TABLE, SystemClock);
    for number in 0..plan.connections {
        let name = if number == 0 { CONNECTION.to_owned() } else { format!("other-{number:05}") };
        let due = if number == 0 { plan.due } else { 0 };
        fill(services, &store, plan, &settings(plan, &name, org.url(), due), due).await?;
    }
    let settings = settings(plan, CONNECTION, org.url(), plan.due);
    *services.org.lock().await = Some(org);
    drop(services.meter().take());
    Ok(settings)
}

fn settings(plan: &Plan, name: &str, org: &str, due: usize) -> Value {
    let shards = Plan { due, ..plan.clone() }.shards();
    json!({
        "id": name,
        "policy": { "kind": plan.policy.name() },
        "budget": { "api_limit": 100_000_000 },
        "target": { "login_url": org, "flow": "client_credentials", "secret": format!("resync/{name}") },
        "external_ids": { OBJECT: FIELD },
        "calls_in_flight": plan.in_flight,
        "shards": shards,
    })
}

async fn fill(
    services: &Services,
    store: &DynamoStore<SystemClock>,
    plan: &Plan,
    settings: &Value,
    due: usize,
) -> anyhow::Result<()> {
    let connection = Connection::read(settings).map_err(|mistakes| anyhow!("reading settings: {mistakes}"))?;
    store.save_connection(&connection).await.context("keeping settings")?;
    let control = Control { revision: 1, epoch: Epoch(3), ..Control::default() };
    store.save_control(&connection.id, &control, 0).await.context("keeping a control item")?;
    let numbers: Vec<usize> = (0..due + plan.stored).collect();
    for chunk in numbers.chunks(AT_A_TIME) {
        put(services, plan, &connection, chunk, due)?;
    }
    if !numbers.is_empty() {
        count(store, &connection.id, numbers.len()).await?;
    }
    Ok(())
}

async fn count(store: &DynamoStore<SystemClock>, connection: &ConnectionId, records: usize) -> anyhow::Result<()> {
    store.list_error_type(connection, &error_type()).await.context("listing the error type")?;
    let object = ObjectName::new(OBJECT).context("naming an object")?;
    let records = BTreeMap::from([(object, i64::try_from(records).unwrap_or(i64::MAX))]);
    let change = CountChange { error_type: error_type(), records, oldest: None, timed_out: 0 };
    store.add_counts(connection, &[change]).await.context("counting the records")
}

fn put(services: &Services, plan: &Plan, connection: &Connection, numbers: &[usize], due: usize) -> anyhow::Result<()> {
    let keeping = Keeping::of(connection);
    let mut items = Vec::new();
    for &number in numbers {
        let record = record(plan, &connection.id, number, number < due)?;
        items.extend(written(&record, &payload(plan, number), &keeping).into_iter().map(kept));
    }
    let mut meter = services.meter();
    for item in &items {
        let text = |name: &str| match item.get(name) {
            Some(Kept::S(text) | Kept::N(text)) => Some(text.clone()),
            _ => None,
        };
        if text("SK").as_deref() == Some("r") {
            ensure!(
                item_size(item) <= LARGEST,
                "a record of {} bytes is larger than the bars allow for",
                item_size(item)
            );
            meter.keys.place(&text("PK").unwrap_or_default(), text);
        }
    }
    drop(meter);
    let put = services.database.import_items(TABLE, items, dynoxide::ImportOptions::default());
    put.map(drop).map_err(|problem| anyhow!("filling the table: {problem}"))
}

fn kept(item: HashMap<String, AttributeValue>) -> HashMap<String, Kept> {
    let value = |value: AttributeValue| match value {
        AttributeValue::S(text) => Kept::S(text),
        AttributeValue::N(number) => Kept::N(number),
        AttributeValue::B(bytes) => Kept::B(bytes.into_inner()),
        other => unreachable!("a record has no attribute like {other:?}"),
    };
    item.into_iter().map(|(name, of)| (name, value(of))).collect()
}

async fn start_org(plan: &Plan) -> anyhow::Result<Simulator> {
    let credentials = Credentials {
        client_id: CLIENT_ID.to_owned(),
        client_secret: ClientSecret::from(CLIENT_SECRET),
        ..Credentials::default()
    };
    let work = Work { call: Duration::from_millis(plan.call_ms), record: Duration::from_micros(plan.record_us) };
    let settings = Settings { org_limit: 1_000_000_000, credentials, work, ..Settings::default() };
    let org = Simulator::start(settings).await.context("starting the org")?;
    let refused = Selector::FieldEquals { field: FATE.into(), value: json!("refused") };
    let failure = Failure::Other { code: CODE.into(), message: MESSAGE.to_owned(), fields: Vec::new() };
    org.add_rule(Rule::new("refused", OBJECT, refused, failure));
    if plan.outcome == OutcomeKind::Outage {
        org.fault(Fault {
            effect: Effect::Answer(Canned::ServerUnavailable, Commit::Never),
            calls: Calls::Data,
            window: Window::Between { from: Millis(0), until: Millis(i64::MAX) },
        });
    }
    Ok(org)
}
