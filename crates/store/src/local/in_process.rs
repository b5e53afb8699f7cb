//! An HTTP client for the SDK that reaches no network: each request is carried out by the database in this process.
//!
//! Must not know: which table there is, or what is kept in it.

use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::actions::batch_execute_statement::BatchExecuteStatementResponse;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::durable::Durable;
use super::full;

/// The prefix of an operation's name in the header that names it.
const VERSION: &str = "DynamoDB_20120810.";

/// The client. A clone reaches the same database.
#[derive(Clone)]
pub(super) struct InProcess {
    pub(super) database: Database,
    /// Where its commits are synced; none when it is in memory.
    pub(super) durable: Option<Durable>,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.clone();
        HttpConnectorFuture::new(async move {
            // The database blocks while it reads and writes its file.
            let answered = tokio::task::spawn_blocking(move || client.answer(&request)).await;
            answered.map_err(|ended| ConnectorError::other(ended.into(), None))?
        })
    }
}

/// What an operation comes to: the body of the reply and its status.
struct Answer {
    status: u16,
    body: String,
}

impl InProcess {
    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(VERSION).unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let Answer { status, body } = self.carry_out(operation, body);
        let status = StatusCode::try_from(status).map_err(|error| ConnectorError::other(error.into(), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        Ok(response)
    }

    /// Carries an operation out, and answers once what it wrote or saw is on the disk.
    fn carry_out(&self, operation: &str, body: &[u8]) -> Answer {
        let writes = writes(operation);
        if self.durable.as_ref().is_some_and(|durable| durable.begin(writes).is_err()) {
            return sync_failed();
        }
        let carried_out = carry_out(&self.database, operation, body);
        let settled = self.durable.as_ref().map_or(Ok(()), |durable| durable.settle(writes));
        match (carried_out, settled) {
            (Ok(body), Ok(())) => Answer { status: 200, body },
            (Err(error), Ok(())) => refusal(&error),
            (_, Err(_)) => sync_failed(),
        }
    }
}

/// What is told once a sync has failed. It is no code of `DynamoDB`'s, and nothing sends the request again.
pub(crate) const SYNC_FAILED: &str = "SyncFailed";

/// Whether an operation may commit something.
fn writes(operation: &str) -> bool {
    !matches!(operation, "BatchGetItem" | "DescribeTable" | "GetItem" | "Query" | "Scan")
}

/// An error as `DynamoDB` writes it. That of a full disk is told apart, so that nothing sends the request again.
fn refusal(error: &DynoxideError) -> Answer {
    if full::says_so(&error.to_string()) {
        return disk_full();
    }
    Answer { status: error.status_code(), body: error.to_json() }
}

fn sync_failed() -> Answer {
    let body = json!({ "__type": SYNC_FAILED, "message": "a sync of the disk failed" }).to_string();
    Answer { status: 400, body }
}

fn disk_full() -> Answer {
    let body = json!({ "__type": full::CODE, "message": "the disk is full or cannot be written" }).to_string();
    Answer { status: 400, body }
}

/// The operations that the store uses, and those that create the table and look at it.
fn carry_out(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match operation {
        "BatchExecuteStatement" => {
            let answered = database.batch_execute_statement(read(body)?)?;
            write(&unless_full(answered)?)
        }
        "BatchGetItem" => write(&database.batch_get_item(read(body)?)?),
        "CreateTable" => write(&database.create_table(read(body)?)?),
        "DeleteItem" => write(&database.delete_item(read(body)?)?),
        "DescribeTable" => write(&database.describe_table(read(body)?)?),
        "GetItem" => write(&database.get_item(read(body)?)?),
        "PutItem" => write(&database.put_item(read(body)?)?),
        "Query" => write(&database.query(read(body)?)?),
        "Scan" => write(&database.scan(read(body)?)?),
        "TransactWriteItems" => write(&database.transact_write_items(read(body)?)?),
        "UpdateItem" => write(&database.update_item(read(body)?)?),
        "UpdateTimeToLive" => write(&database.update_time_to_live(read(body)?)?),
        other => Err(DynoxideError::ValidationException(format!("the embedded table does not carry out {other}"))),
    }
}

/// A statement's own error says "try again", which a full disk does not mean; so the whole batch is refused. Which statements
/// took effect shows when they are written again.
fn unless_full(answered: BatchExecuteStatementResponse) -> Result<BatchExecuteStatementResponse, DynoxideError> {
    let errors = answered.responses.iter().filter_map(|response| response.error.as_ref());
    match errors.map(|error| &error.message).find(|message| full::says_so(message)) {
        Some(message) => Err(DynoxideError::InternalServerError(message.clone())),
        None => Ok(answered),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    // The text of the problem may quote a value.
    serde_json::from_slice(body)
        .map_err(|_| DynoxideError::SerializationException("the request could not be understood".to_owned()))
}

fn write(answer: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|problem| DynoxideError::InternalServerError(problem.to_string()))
}
