//! Requests: asking for a resync, following one or a deletion, taking it back.
//!
//! Must not know: how a request is worked off.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::manage::cancel_request;
use engine::parts::Ports;
use engine::resync::{Cancelled, list, status};
use rules::fields::Fields;
use rules::ids::RequestId;
use rules::resync::{Action, Request};
use serde::Serialize;

use super::asking::{Asked, Meant, Wish, accept, planned};
use super::settings;
use crate::caller::Caller;
use crate::input::Input;
use crate::params::{Named, Params};
use crate::problem::{Problem, Refusal};
use crate::wanted;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/v1/connections/{connection}/resyncs", get(latest::<P>).post(ask::<P>))
        .route("/v1/connections/{connection}/resyncs/{id}", get(show::<P>))
        .route("/v1/connections/{connection}/resyncs/{id}/cancel", post(cancel::<P>))
}

async fn ask<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let ports = ports.as_ref();
    let is_planned = body.get("plan").is_some_and(|plan| !plan.is_null());
    // What is wrong with a description is said whatever the connection is.
    let described = if is_planned { None } else { Some(Meant::from(wanted::read(&body)?)) };
    let connection = settings(ports, &name).await?;
    let plan = match described {
        Some(described) => described,
        None => planned(Fields::of("", &body), &connection, Action::Resync)?,
    };
    accept(ports, &connection, &headers, Wish { who: caller.as_str(), action: Action::Resync, plan }).await
}

#[derive(Serialize)]
struct Latest {
    resyncs: Vec<Request>,
}

async fn latest<P: Ports>(
    State(ports): State<Arc<P>>,
    Named(name): Named<String>,
    mut params: Params,
) -> Result<Json<Latest>, Problem> {
    let limit = params.number("limit", 1..=500, 20);
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    Ok(Json(Latest { resyncs: list(ports.as_ref(), &connection.id, limit).await? }))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Named((name, id)): Named<(String, String)>,
) -> Result<Json<Asked>, Problem> {
    let ports = ports.as_ref();
    let (connection, id) = (settings(ports, &name).await?, request_id(&id)?);
    let request = status(ports, &connection.id, &id).await?.ok_or_else(|| unknown_request(&id))?;
    Ok(Json(Asked::about(ports, &connection, request).await?))
}

#[derive(Serialize)]
struct Ended {
    request: Request,
    cancelled: bool,
}

async fn cancel<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named((name, id)): Named<(String, String)>,
) -> Result<Json<Ended>, Problem> {
    let ports = ports.as_ref();
    let (connection, id) = (settings(ports, &name).await?, request_id(&id)?);
    match cancel_request(ports, &connection, &id, caller.as_str()).await? {
        Cancelled::Cancelled(request) => Ok(Json(Ended { request, cancelled: true })),
        Cancelled::Ended(request) => Ok(Json(Ended { request, cancelled: false })),
        Cancelled::Unknown => Err(unknown_request(&id)),
    }
}

pub(crate) fn request_id(text: &str) -> Result<RequestId, Problem> {
    RequestId::new(text).map_err(|wrong| Problem::of(Refusal::UnknownRequest, format!("the id {wrong}")))
}

pub(crate) fn unknown_request(id: &RequestId) -> Problem {
    Problem::of(Refusal::UnknownRequest, format!("{id} is not known; it ended long ago, or never was"))
}
