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
use serde_json::{Value, json};

use super::environment::{BUS, TABLE};
use super::json_service::serve;

/// How the names of secrets begin that the functions may read: the template's default.
const SECRET_PREFIX: &str = "resync/";

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

/// The actions that a request needs, each with the resource that it names.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>
fn asked(target: &str, request: &Value) -> Vec<(String, String)> {
    let (service, operation) = target.split_once('.').unwrap();
    match service {
        "AWSEvents" => {
            let entries = request["Entries"].as_array().unwrap().iter();
            entries.map(|entry| (format!("events:{operation}"), bus(text(&entry["EventBusName"])))).collect()
        }
        "secretsmanager" => vec![(format!("secretsmanager:{operation}"), secret(text(&request["SecretId"])))],
        "DynamoDB_20120810" => {
            let of_table = of_table(operation, request).into_iter();
            of_table.map(|(action, on)| (format!("dynamodb:{action}"), on)).collect()
        }
        _ => panic!("{target} is of no service that is known"),
    }
}

fn of_table(operation: &str, request: &Value) -> Vec<(String, String)> {
    match operation {
        "TransactWriteItems" => {
            let items = request["TransactItems"].as_array().unwrap().iter();
            let parts = items.flat_map(|item| item.as_object().unwrap());
            parts.map(|(kind, part)| (of_transaction(kind).to_owned(), table(text(&part["TableName"])))).collect()
        }
        "BatchExecuteStatement" => {
            let statements = request["Statements"].as_array().unwrap().iter();
            statements.map(|one| of_statement(text(&one["Statement"]))).collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().unwrap().iter();
            tables.map(|(name, _)| (operation.to_owned(), table(name))).collect()
        }
        _ => {
            let table = table(text(&request["TableName"]));
            let on =
                request["IndexName"].as_str().map_or_else(|| table.clone(), |index| format!("{table}/index/{index}"));
            vec![(operation.to_owned(), on)]
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a resource has no name, but {value}"))
}

/// What the template calls the table of this name; the name itself where it is another.
fn table(name: &str) -> String {
    if name == TABLE { "Table".to_owned() } else { format!("the table {name}") }
}

fn bus(name: &str) -> String {
    if name == BUS { "EventBus".to_owned() } else { format!("the bus {name}") }
}

/// A secret may be named by its ARN as well.
fn secret(id: &str) -> String {
    let name = id.rsplit_once(":secret:").map_or(id, |(_, name)| name);
    if name.starts_with(SECRET_PREFIX) { "secrets".to_owned() } else { format!("the secret {id}") }
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

/// A statement names its table in quotation marks, before anything else that stands in such.
fn of_statement(statement: &str) -> (String, String) {
    let verb = statement.split(' ').next().unwrap_or_default();
    let action = match verb {
        "UPDATE" => "PartiQLUpdate",
        "DELETE" => "PartiQLDelete",
        "INSERT" => "PartiQLInsert",
        "SELECT" => "PartiQLSelect",
        _ => panic!("{verb} begins no statement"),
    };
    let name = statement.split('"').nth(1).unwrap_or_else(|| panic!("{statement} names no table"));
    (action.to_owned(), table(name))
}

#[test]
fn a_request_about_another_table_bus_or_secret_is_told_apart() {
    let of = |target: &str, request: Value| asked(target, &request).remove(0).1;
    let statement = |text: &str| json!({"Statements": [{"Statement": text}]});
    for (target, ours, other) in [
        ("DynamoDB_20120810.GetItem", json!({"TableName": TABLE}), json!({"TableName": "payroll"})),
        (
            "DynamoDB_20120810.BatchGetItem",
            json!({"RequestItems": {TABLE: {}}}),
            json!({"RequestItems": {"payroll": {}}}),
        ),
        (
            "DynamoDB_20120810.BatchExecuteStatement",
            statement(&format!("UPDATE \"{TABLE}\" SET \"n\" = ?")),
            statement("UPDATE \"payroll\" SET \"n\" = ?"),
        ),
        (
            "DynamoDB_20120810.TransactWriteItems",
            json!({"TransactItems": [{"Put": {"TableName": TABLE}}]}),
            json!({"TransactItems": [{"Put": {"TableName": "payroll"}}]}),
        ),
        (
            "AWSEvents.PutEvents",
            json!({"Entries": [{"EventBusName": BUS}]}),
            json!({"Entries": [{"EventBusName": "default"}]}),
        ),
        (
            "secretsmanager.GetSecretValue",
            json!({"SecretId": "arn:aws:secretsmanager:us-east-1:123456789012:secret:resync/acme-AbCdEf"}),
            json!({"SecretId": "payroll/acme"}),
        ),
    ] {
        assert!(["Table", "EventBus", "secrets"].contains(&of(target, ours).as_str()), "{target}");
        assert!(of(target, other).starts_with("the "), "{target}");
    }
}
