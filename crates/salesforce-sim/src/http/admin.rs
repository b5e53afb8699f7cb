//! The admin routes under `/__sim/`, so that another process can drive the simulator. They are neither counted nor
//! logged. It must not do more than the handle in `simulator` does.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::shell::Shell;
use crate::log::Sequence;
use crate::names::{ExternalId, FieldName, Fields, ObjectName, RuleId};
use crate::org::faults::Fault;
use crate::org::rules::Rule;
use crate::settings::ClientSecret;

type SharedShell = State<Arc<Shell>>;

/// The admin routes, relative to `/__sim`.
pub(crate) fn router() -> Router<Arc<Shell>> {
    Router::new()
        .route("/log", get(log))
        .route("/rules", get(list_rules).post(add_rule))
        .route("/rules/{id}/mend", post(mend))
        .route("/rules/{id}/mend-records", post(mend_records))
        .route("/faults", get(list_faults).post(queue_fault).delete(clear_faults))
        .route("/secret", put(set_secret))
        .route("/limit", put(set_limit))
        .route("/calls", post(use_calls))
        .route("/tokens/expire", post(expire_tokens))
        .route("/records", put(put_record))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn log(State(shell): SharedShell, Query(After { after }): Query<After>) -> Json<Value> {
    let entries = shell.with_org(|org, _| org.log_after(Sequence(after)).to_vec());
    Json(json!(entries))
}

async fn list_rules(State(shell): SharedShell) -> Json<Value> {
    let rules = shell.with_org(|org, _| org.rules().list());
    Json(rules.into_iter().map(|(id, rule)| json!({"id": id, "rule": rule})).collect())
}

async fn add_rule(State(shell): SharedShell, Json(rule): Json<Rule>) -> (StatusCode, Json<Value>) {
    let id = shell.with_org(|org, _| org.rules().add(rule));
    (StatusCode::CREATED, Json(json!({"id": id})))
}

async fn mend(State(shell): SharedShell, Path(id): Path<u64>) -> StatusCode {
    found(shell.with_org(|org, _| org.rules().mend(RuleId(id))))
}

async fn mend_records(
    State(shell): SharedShell,
    Path(id): Path<u64>,
    Json(records): Json<Vec<ExternalId>>,
) -> StatusCode {
    found(shell.with_org(|org, _| org.rules().mend_records(RuleId(id), records)))
}

const fn found(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn list_faults(State(shell): SharedShell) -> Json<Vec<Fault>> {
    Json(shell.with_org(|org, _| org.faults.list()))
}

async fn queue_fault(State(shell): SharedShell, Json(fault): Json<Fault>) -> StatusCode {
    shell.with_org(|org, _| org.faults.queue(fault));
    StatusCode::CREATED
}

async fn clear_faults(State(shell): SharedShell) -> StatusCode {
    shell.with_org(|org, _| org.faults.clear());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct NewSecret {
    secret: ClientSecret,
}

async fn set_secret(State(shell): SharedShell, Json(NewSecret { secret }): Json<NewSecret>) -> StatusCode {
    shell.with_org(|org, _| org.sessions.set_secret(secret));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct NewLimit {
    limit: u32,
}

async fn set_limit(State(shell): SharedShell, Json(NewLimit { limit }): Json<NewLimit>) -> StatusCode {
    shell.with_org(|org, _| org.usage.set_limit(limit));
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Used {
    calls: u32,
}

async fn use_calls(State(shell): SharedShell, Json(Used { calls }): Json<Used>) -> StatusCode {
    shell.with_org(|org, now| org.usage.count(calls, now));
    StatusCode::NO_CONTENT
}

async fn expire_tokens(State(shell): SharedShell) -> StatusCode {
    shell.with_org(|org, _| org.sessions.expire_all());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Put {
    object: ObjectName,
    field: FieldName,
    external_id: ExternalId,
    #[serde(default)]
    fields: Fields,
}

async fn put_record(State(shell): SharedShell, Json(put): Json<Put>) -> Json<Value> {
    let Put { object, field, external_id, fields } = put;
    let id = shell.with_org(|org, now| org.put(&object, Some((&field, &external_id)), fields, now));
    Json(json!({"id": id}))
}
