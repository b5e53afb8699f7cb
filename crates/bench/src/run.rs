//! The run that is measured: the handlers of the functions over the real store, the real Salesforce client and the real bus.
//!
//! Must not know: what is counted.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
    interceptors::BeforeTransmitInterceptorContextMut,
};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use engine::fan_out::Schedule;
use engine::parts::Parts;
use engine::ports::Clock;
use functions::handlers::{self, RetryReport, scheduled_event};
use functions::{BusName, EventBus, SystemEntropy};
use rules::connection::Connection;
use rules::events::RunRequested;
use rules::owed::Selection;
use salesforce::{FixedSecrets, SalesforceTargets, Secret};
use serde_json::{Value, json};
use store::DynamoStore;

use crate::clock::RunClock;
use crate::services::AT;
use measured::plan::{CLIENT_ID, CLIENT_SECRET, PolicyKind, TABLE};

/// How long an invocation may take, as deployed; a run of a million records is given as long as it needs.
const INVOCATION: Duration = Duration::from_mins(15);

type RunParts = Parts<
    DynamoStore<RunClock>,
    SalesforceTargets<FixedSecrets, RunClock>,
    EventBus<RunClock>,
    RunClock,
    SystemEntropy,
>;

/// Everything that a run goes by.
pub(crate) struct Setting {
    parts: RunParts,
    policy: PolicyKind,
}

impl Setting {
    /// A run of the connection with these settings, against the services at `address`.
    pub(crate) fn new(address: &str, settings: &Value, policy: PolicyKind, clock: &RunClock) -> anyhow::Result<Self> {
        let connection = Connection::read(settings).map_err(|mistakes| anyhow!("reading settings: {mistakes}"))?;
        let secrets = Arc::new(FixedSecrets::new());
        let text = json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET }).to_string();
        let secret = Secret::parse("1", &text).map_err(|mistakes| anyhow!("reading a secret: {mistakes}"))?;
        secrets.put(connection.target.secret.clone(), secret);
        let parts = Parts {
            store: DynamoStore::new(table_client(address, Some(clock.clone())), TABLE, clock.clone()),
            targets: SalesforceTargets::new(secrets, Arc::new(clock.clone())),
            events: EventBus::new(bus_client(address), BusName("bus".to_owned()), clock.clone()),
            clock: clock.clone(),
            entropy: SystemEntropy,
        };
        Ok(Self { parts, policy })
    }

    /// One run of everything that is due at the tick.
    pub(crate) async fn run(&self, connection: &str) -> anyhow::Result<RetryReport> {
        let tick = self.policy.tick();
        let (schedule, selection) = match self.policy {
            PolicyKind::Interval => (Schedule::Due, Selection::Due { tick }),
            PolicyKind::Recent => (Schedule::Recent, Selection::Recent { tick }),
        };
        let connection = rules::ids::ConnectionId::new(connection).context("naming a connection")?;
        let detail = serde_json::to_value(RunRequested { connection, selection })?;
        let event = json!({ "version": "0", "source": "resync", "detail-type": "Run Requested", "detail": detail });
        let deadline = self.parts.clock.now() + INVOCATION;
        Ok(Box::pin(handlers::retry(&self.parts, schedule, &event, deadline)).await?)
    }

    /// One tick of the 20-minute schedule.
    pub(crate) async fn tick(&self) -> anyhow::Result<RetryReport> {
        let event = scheduled_event(Schedule::Due, self.policy.tick());
        let deadline = self.parts.clock.now() + INVOCATION;
        Ok(Box::pin(handlers::retry(&self.parts, Schedule::Due, &event, deadline)).await?)
    }
}

/// A client of the table at `address`, which tells what `clock` reads.
pub(crate) fn table_client(address: &str, clock: Option<RunClock>) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .endpoint_url(address)
        .http_client(HttpClientBuilder::new().build_http());
    if let Some(clock) = clock {
        config = config.interceptor(Tells(clock));
    }
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn bus_client(address: &str) -> aws_sdk_eventbridge::Client {
    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .endpoint_url(address)
        .http_client(HttpClientBuilder::new().build_http());
    aws_sdk_eventbridge::Client::from_conf(config.build())
}

/// Puts what the run's clock reads into each request.
#[derive(Debug)]
struct Tells(RunClock);

impl Intercept for Tells {
    fn name(&self) -> &'static str {
        "Tells"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), aws_sdk_dynamodb::error::BoxError> {
        context.request_mut().headers_mut().insert(AT, self.0.now().as_millis().to_string());
        Ok(())
    }
}
