//! The demo's world: the embedded table, the simulated orgs, and the functions' own handlers over them.
//!
//! Must not know: what happens when.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::fan_out::Schedule;
use engine::parts::Parts;
use engine::ports::{Clock, Connections};
use functions::handlers::{self, RetryReport};
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::events::RunRequested;
use rules::fields::Mistakes;
use rules::owed::Selection;
use rules::time::Timestamp;
use salesforce::{FixedSecrets, SalesforceTargets, Secret};
use salesforce_sim::ClientSecret;
use serde_json::{Value, json};
use store::DynamoStore;
use store::local::{Embedded, Place};

use super::bus::DemoBus;
use super::clock::{DemoClock, Seeded};
use super::manifest::{Source, with_target};
use super::org::{CLIENT_ID, FIRST, Org, Password};
use crate::exit::Failure;
use crate::local::{DATABASE, TABLE};

/// How long an invocation may take, as deployed.
const INVOCATION: Duration = Duration::from_mins(15);

/// Deliveries of the queue in one invocation of `ingest`.
const QUEUE_BATCH: usize = 10;

/// The demo's ports.
pub(crate) type DemoParts =
    Parts<DynamoStore<DemoClock>, SalesforceTargets<FixedSecrets, DemoClock>, DemoBus, DemoClock, Seeded>;

/// Everything that the demo runs on.
pub(crate) struct World {
    pub(crate) clock: DemoClock,
    pub(crate) bus: DemoBus,
    pub(crate) parts: Arc<DemoParts>,
    pub(crate) orgs: Vec<Org>,
    secrets: Arc<FixedSecrets>,
}

impl World {
    /// Starts the table and an org for each source, and creates the connections.
    pub(crate) async fn start(
        sources: &[Source],
        keep: Option<&Path>,
        start: Timestamp,
        seed: u64,
    ) -> Result<Self, Failure> {
        let clock = DemoClock::starting(start);
        let file = keep.map(|directory| directory.join(DATABASE));
        let place = file.as_deref().map_or(Place::Memory, Place::File);
        let table = Embedded::open(place, TABLE).await.context("opening the embedded table")?;
        let secrets = Arc::new(FixedSecrets::new());
        let targets = SalesforceTargets::new(Arc::clone(&secrets), Arc::new(clock.clone()));
        let bus = DemoBus::default();
        let store = DynamoStore::new(table.client(), TABLE, clock.clone());
        let (events, entropy) = (bus.clone(), Seeded::new(seed));
        let parts = Arc::new(Parts { store, targets, events, clock: clock.clone(), entropy });
        let mut world = Self { clock, bus, parts, orgs: Vec::new(), secrets };
        for source in sources {
            world.connect(source, start).await?;
        }
        Ok(world)
    }

    async fn connect(&mut self, source: &Source, start: Timestamp) -> Result<(), Failure> {
        let draft = read(&with_target(&source.settings, "https://example.my.salesforce.com"))?;
        let org = Org::start(source, &draft, &self.clock, start).await?;
        let connection = read(&with_target(&source.settings, org.simulator.url()))?;
        self.put_secret(&connection, FIRST.version, FIRST.secret)?;
        self.parts.store.save_connection(&connection).await.context("creating a connection")?;
        self.orgs.push(org);
        Ok(())
    }

    fn put_secret(&self, connection: &Connection, version: &str, secret: &str) -> Result<(), Failure> {
        let text = json!({ "client_id": CLIENT_ID, "client_secret": secret }).to_string();
        let secret = Secret::parse(version, &text)
            .map_err(|mistakes| Failure::Input { what: "the demo's secret".to_owned(), mistakes })?;
        self.secrets.put(connection.target.secret.clone(), secret);
        Ok(())
    }

    /// The connection's settings as they are now.
    pub(crate) async fn connection(&self, org: &Org) -> anyhow::Result<Connection> {
        let found = self.parts.store.connection(&org.id).await.context("reading a connection")?;
        found.with_context(|| format!("the connection {} is gone", org.id))
    }

    /// Delivers events to `ingest`, as the queue does; gives how many were refused.
    pub(crate) async fn deliver(&self, events: &[Value], mut progress: impl FnMut(usize)) -> anyhow::Result<usize> {
        let mut refused = 0;
        for delivery in events.chunks(QUEUE_BATCH) {
            let records: Vec<Value> = delivery.iter().enumerate().map(queue_record).collect();
            let response = handlers::ingest(self.parts.as_ref(), json!({ "Records": records })).await?;
            refused += response.batch_item_failures.len();
            progress(delivery.len());
        }
        Ok(refused)
    }

    /// One invocation of a retry function.
    pub(crate) async fn invoke(&self, schedule: Schedule, event: &Value) -> anyhow::Result<RetryReport> {
        let deadline = self.clock.now() + INVOCATION;
        Ok(handlers::retry(self.parts.as_ref(), schedule, event, deadline).await?)
    }

    /// Carries out a run that was requested.
    pub(crate) async fn carry_out(&self, request: &RunRequested) -> anyhow::Result<RetryReport> {
        let schedule = match request.selection {
            Selection::Due { .. } | Selection::Owed { .. } | Selection::Forced { .. } => Schedule::Due,
            Selection::TimedOut { .. } => Schedule::TimedOut,
            Selection::Recent { .. } => Schedule::Recent,
        };
        let detail = serde_json::to_value(request).context("writing an event")?;
        self.invoke(schedule, &bus_event("resync", "Run Requested", self.clock.now(), &detail)).await
    }

    /// Raises a connection's API limit.
    pub(crate) async fn raise_limit(&self, org: &Org, limit: ApiCalls) -> anyhow::Result<Connection> {
        let mut connection = self.connection(org).await?;
        connection.budget.api_limit = Some(limit);
        self.parts.store.save_connection(&connection).await.context("raising the limit")?;
        Ok(connection)
    }

    /// Somebody changes the password of the integration user.
    pub(crate) fn change_password(org: &Org, password: &Password) {
        org.simulator.set_secret(ClientSecret::from(password.secret));
        org.simulator.expire_tokens();
    }

    /// The new password is put into the secret.
    pub(crate) async fn put_password_right(&self, org: &Org, password: &Password) -> Result<(), Failure> {
        let connection = self.connection(org).await?;
        self.put_secret(&connection, password.version, password.secret)
    }

    /// Ends everything.
    pub(crate) async fn stop(self) {
        for org in &self.orgs {
            org.simulator.shutdown().await;
        }
    }
}

fn read(settings: &Value) -> Result<Connection, Failure> {
    Connection::read(settings)
        .map_err(|mistakes: Mistakes| Failure::Input { what: "the connection's settings".to_owned(), mistakes })
}

/// An event as the bus delivers it.
pub(crate) fn bus_event(source: &str, detail_type: &str, time: Timestamp, detail: &Value) -> Value {
    json!({ "version": "0", "source": source, "detail-type": detail_type, "time": time, "detail": detail })
}

/// An event of the source's, as the bus delivers it.
pub(crate) fn source_event(detail_type: &str, time: Timestamp, detail: &Value) -> Value {
    bus_event("demo.source", detail_type, time, detail)
}

fn queue_record((number, event): (usize, &Value)) -> Value {
    json!({
        "messageId": format!("message-{number}"),
        "receiptHandle": "demo",
        "eventSource": "aws:sqs",
        "body": event.to_string(),
    })
}
