//! How a function's process starts: settings, log, clients; then it serves invocations until it is ended.
//!
//! Must not know: what an invocation is about.

use std::io::Write;
use std::sync::Arc;

use engine::parts::Parts;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use rules::fields::Mistakes;
use rules::time::Timestamp;
use salesforce::SalesforceTargets;
use serde::Serialize;
use serde_json::Value;
use store::DynamoStore;
use tracing::error;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::bus::EventBus;
use crate::clock::SystemClock;
use crate::cloud::{self, Service};
use crate::config::{ApiConfig, Config};
use crate::entropy::SystemEntropy;
use crate::handlers::HandlerError;
use crate::refusal::chain;
use crate::secrets::ManagedSecrets;

/// All ports, in the cloud.
pub type CloudParts = Parts<
    DynamoStore<SystemClock>,
    SalesforceTargets<ManagedSecrets, SystemClock>,
    EventBus<SystemClock>,
    SystemClock,
    SystemEntropy,
>;

/// Why a process ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its settings.
    #[error("the environment is not complete:\n{0}")]
    Settings(Mistakes),
    /// The log was started before.
    #[error("the log could not be started")]
    Log(#[source] TryInitError),
    /// The interface that hands out invocations.
    #[error("the runtime interface of Lambda failed")]
    Runtime(#[source] lambda_runtime::Error),
}

/// Reads the settings from the environment, and starts the log: one line of JSON for each event, its fields searchable.
///
/// # Errors
/// All that is missing or wrong in the environment, together.
pub fn configure() -> Result<Config, StartError> {
    let config = Config::from_env().map_err(StartError::Settings)?;
    start_log(&config)?;
    Ok(config)
}

/// The same, for the function behind the function URL.
///
/// # Errors
/// All that is missing or wrong in the environment, together.
pub fn configure_api() -> Result<ApiConfig, StartError> {
    let config = ApiConfig::from_env().map_err(StartError::Settings)?;
    start_log(&config.common)?;
    Ok(config)
}

fn start_log(config: &Config) -> Result<(), StartError> {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_filter(config.log.targets());
    tracing_subscriber::registry().with(lines).try_init().map_err(StartError::Log)
}

/// Writes a line into the log as it is. The log's own lines go the same way, each whole.
pub fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(problem) = writeln!(out, "{line}") {
        error!(%problem, "a line of metrics could not be written");
    }
}

/// The clients of the cloud's services and of Salesforce.
#[must_use]
pub fn clients(config: &Config) -> CloudParts {
    let (aws, clock, entropy) = (cloud::common(), SystemClock, SystemEntropy);
    let mut table = aws_sdk_dynamodb::config::Builder::from(&aws);
    table.set_endpoint_url(Service::Table.address());
    let mut secrets = aws_sdk_secretsmanager::config::Builder::from(&aws);
    secrets.set_endpoint_url(Service::Secrets.address());
    let mut bus = aws_sdk_eventbridge::config::Builder::from(&aws);
    bus.set_endpoint_url(Service::Bus.address());
    let table = aws_sdk_dynamodb::Client::from_conf(table.build());
    let secrets = ManagedSecrets::new(aws_sdk_secretsmanager::Client::from_conf(secrets.build()));
    let bus = aws_sdk_eventbridge::Client::from_conf(bus.build());
    let targets = SalesforceTargets::new(Arc::new(secrets), Arc::new(clock));
    Parts {
        store: DynamoStore::new(table, config.table.0.clone(), clock),
        // A secret that does not come from this machine is not sent to it.
        targets: if Service::Secrets.is_here() { targets } else { targets.in_the_cloud() },
        events: EventBus::new(bus, config.event_bus.clone(), clock),
        clock,
        entropy,
    }
}

/// Serves invocations, one after another, until the process is ended. `handle` gets the event and the instant at which the
/// invocation is ended from outside. A failure and a panic are reported as the invocation's error.
///
/// # Errors
/// When the interface that hands out invocations fails.
pub async fn serve<R: Serialize>(
    handle: impl AsyncFn(Value, Timestamp) -> Result<R, HandlerError>,
) -> Result<(), StartError> {
    let handle = &handle;
    let service = service_fn(|event: LambdaEvent<Value>| async move {
        let deadline = Timestamp::from_millis(i64::try_from(event.context.deadline).unwrap_or(i64::MAX));
        // Boxed, because the compiler follows the future of a whole run only so deep.
        Box::pin(handle(event.payload, deadline)).await.map_err(|failure| reported(&failure))
    });
    lambda_runtime::run(service).await.map_err(StartError::Runtime)
}

fn reported(failure: &HandlerError) -> Diagnostic {
    let error_message = chain(failure);
    error!(error = error_message, "the invocation failed");
    let error_type = match failure {
        HandlerError::NotABatch | HandlerError::NotATrigger(_) | HandlerError::NoSchedule => "WrongEvent",
        HandlerError::Port(_) => "PortFailed",
    };
    Diagnostic { error_type: error_type.to_owned(), error_message }
}
