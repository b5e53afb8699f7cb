//! A wire between a function and a service of AWS that passes everything on and notes what was asked for, in the words of IAM.
//!
//! Must not know: what is allowed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::json_service::serve;

/// What was asked for: an action of IAM, and what it was done to.
pub(super) type Asked = BTreeSet<(String, String)>;

/// Wires that note what is asked for over them. A clone notes in the same list.
#[derive(Clone, Default)]
pub(super) struct Wiretap(Arc<Mutex<Asked>>);

#[derive(Clone)]
struct Wire {
    tap: Wiretap,
    service: String,
    http: reqwest::Client,
}

impl Wiretap {
    /// A wire to the service at this address.
    pub(super) async fn to(&self, service: &str) -> String {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let wire = Wire { tap: self.clone(), service: service.to_owned(), http };
        format!("http://{}", serve(Router::new().fallback(pass).with_state(wire)).await)
    }

    /// What was asked for since this was last called.
    pub(super) fn take(&self) -> Asked {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn pass(State(wire): State<Wire>, method: Method, uri: Uri, mut headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let request: Value = serde_json::from_slice(&body).unwrap();
    wire.tap.0.lock().unwrap().extend(asked(&target, &request));
    for name in [header::HOST, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    let request = wire.http.request(method, format!("{}{uri}", wire.service)).headers(headers).body(body);
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response =
        (StatusCode::from_u16(status.as_u16()).unwrap(), Body::from(answer.bytes().await.unwrap())).into_response();
    response.headers_mut().extend(
        headers.into_iter().filter_map(|(name, value)| Some((name?, value))).filter(|(name, _)| {
            ![header::TRANSFER_ENCODING, header::CONNECTION, header::CONTENT_LENGTH].contains(name)
        }),
    );
    response
}

/// The actions that a request needs.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>
fn asked(target: &str, request: &Value) -> Vec<(String, String)> {
    let (service, operation) = target.split_once('.').unwrap();
    let on = |action: &str, on: &str| (action.to_owned(), on.to_owned());
    match (service, operation) {
        ("AWSEvents", _) => vec![on(&format!("events:{operation}"), "EventBus")],
        ("secretsmanager", _) => vec![on(&format!("secretsmanager:{operation}"), "secrets")],
        ("DynamoDB_20120810", "TransactWriteItems") => {
            let items = request["TransactItems"].as_array().unwrap().iter();
            let kinds = items.flat_map(|item| item.as_object().unwrap().keys());
            kinds.map(|kind| on(&format!("dynamodb:{}", of_transaction(kind)), "Table")).collect()
        }
        ("DynamoDB_20120810", "BatchExecuteStatement") => {
            let statements = request["Statements"].as_array().unwrap().iter();
            let verbs = statements.map(|one| one["Statement"].as_str().unwrap().split(' ').next().unwrap());
            verbs.map(|verb| on(&format!("dynamodb:{}", of_statement(verb)), "Table")).collect()
        }
        ("DynamoDB_20120810", _) => {
            let index = request["IndexName"].as_str().map(|index| format!("Table/index/{index}"));
            vec![on(&format!("dynamodb:{operation}"), index.as_deref().unwrap_or("Table"))]
        }
        _ => panic!("{target} is of no service that is known"),
    }
}

fn of_transaction(kind: &str) -> &'static str {
    match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "ConditionCheck" => "ConditionCheckItem",
        _ => panic!("{kind} is no part of a transaction"),
    }
}

fn of_statement(verb: &str) -> &'static str {
    match verb {
        "UPDATE" => "PartiQLUpdate",
        "DELETE" => "PartiQLDelete",
        "INSERT" => "PartiQLInsert",
        "SELECT" => "PartiQLSelect",
        _ => panic!("{verb} begins no statement"),
    }
}
