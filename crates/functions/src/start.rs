//! How a function's process starts: settings, log, clients; then it serves invocations until it is ended.
//!
//! Must not know: what an invocation is about.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use engine::parts::Parts;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use rules::fields::Mistakes;
use rules::time::Timestamp;
use salesforce::SalesforceTargets;
use serde::Serialize;
use serde_json::Value;
use store::DynamoStore;
use tracing::error;

use crate::bus::EventBus;
use crate::clock::SystemClock;
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
    Log(#[source] Box<dyn Error + Send + Sync>),
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
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(config.log.directives());
    log.try_init().map_err(StartError::Log)
}

/// Writes a line into the log as it is. The log's own lines go the same way, each whole.
pub fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(problem) = writeln!(out, "{line}") {
        error!(%problem, "a line of metrics could not be written");
    }
}

/// The clients of the cloud's services and of Salesforce. Where the services are is for the SDK's own variables, such as
/// `AWS_ENDPOINT_URL_DYNAMODB`, to say.
pub async fn clients(config: &Config) -> CloudParts {
    let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(patience()).load().await;
    let (clock, entropy) = (SystemClock, SystemEntropy);
    let table = aws_sdk_dynamodb::Client::new(&aws);
    let secrets = ManagedSecrets::new(aws_sdk_secretsmanager::Client::new(&aws));
    let bus = aws_sdk_eventbridge::Client::new(&aws);
    Parts {
        store: DynamoStore::new(table, config.table.0.clone(), clock),
        targets: SalesforceTargets::new(Arc::new(secrets), Arc::new(clock)),
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

/// How long a service of the cloud may take: a request that hangs must not hold a lease to its end.
fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(20))
        .build()
}
