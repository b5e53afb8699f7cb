//! An HTTP client for the SDK that reaches no network: each request is carried out by the database in this process.
//!
//! Must not know: which table there is, or what is kept in it.

use std::sync::Arc;

use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::actions::batch_execute_statement::BatchExecuteStatementResponse;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::oneshot;

use super::full;
use super::worker::{Job, Worker};

/// The prefix of an operation's name in the header that names it.
const VERSION: &str = "DynamoDB_20120810.";

/// The client. A clone reaches the same database.
#[derive(Clone)]
pub(super) struct InProcess(pub(super) Arc<Worker<Answer>>);

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
        let (reply, answered) = oneshot::channel();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(VERSION).unwrap_or_default().to_owned();
        let writes = writes(&operation);
        let work = Box::new(move |database: &Database| {
            let body = request.body().bytes().unwrap_or_default();
            carry_out(database, &operation, body)
                .map_or_else(|error| refusal(&error), |body| Answer { status: 200, body })
        });
        // One that is not taken is dropped, and its reply with it.
        self.0.ask(Job { writes, work, reply });
        HttpConnectorFuture::new(async move {
            let answer = answered.await.map_err(|ended| ConnectorError::other(ended.into(), None))?;
            answer.unwrap_or_else(sync_failed).response()
        })
    }
}

/// What an operation comes to: the body of the reply and its status.
pub(super) struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    fn response(self) -> Result<HttpResponse, ConnectorError> {
        let status = StatusCode::try_from(self.status).map_err(|error| ConnectorError::other(error.into(), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        Ok(response)
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
        "TransactWriteItems" => write(&database.transact_write_items(unnamed(read(body)?))?),
        "UpdateItem" => write(&database.update_item(read(body)?)?),
        "UpdateTimeToLive" => write(&database.update_time_to_live(read(body)?)?),
        other => Err(DynoxideError::ValidationException(format!("the embedded table does not carry out {other}"))),
    }
}

/// Without the token by which a transaction that is sent twice is carried out once: within a process no reply is lost, and the
/// database would remember each token for ten minutes.
fn unnamed(request: TransactWriteItemsRequest) -> TransactWriteItemsRequest {
    TransactWriteItemsRequest { client_request_token: None, ..request }
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
