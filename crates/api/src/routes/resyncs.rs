//! Forced resyncs: asking for one, following it, taking it back.
//!
//! Must not know: how a request is worked off.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use engine::manage::{cancel_request, request};
use engine::overview::waits_for;
use engine::parts::Ports;
use engine::ports::Entropy;
use engine::resync::{Accepted, Cancelled, NewRequest, list, status};
use rules::fields::{Mistake, Mistakes};
use rules::ids::RequestId;
use rules::resync::{MOST_OPEN, Request, RequestState};
use serde::Serialize;

use super::{settings, unknown_connection};
use crate::caller::Caller;
use crate::input::Input;
use crate::params::{Named, Params};
use crate::problem::{Problem, Refusal};
use crate::wanted;

/// The header by which a caller names its request, so that the same one twice is one.
const KEY: &str = "Idempotency-Key";

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/v1/connections/{connection}/resyncs", get(latest::<P>).post(ask::<P>))
        .route("/v1/connections/{connection}/resyncs/{id}", get(show::<P>))
        .route("/v1/connections/{connection}/resyncs/{id}/cancel", post(cancel::<P>))
}

#[derive(Serialize)]
struct Asked {
    request: Request,
    waits_for: Vec<String>,
}

async fn ask<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let ports = ports.as_ref();
    let id = match key(&headers)? {
        Some(id) => id,
        None => RequestId::new(format!("{:016x}", ports.entropy().number())).expect("16 digits are a request's id"),
    };
    let wanted = wanted::read(&body)?;
    let connection = settings(ports, &name).await?;
    let requested_by = caller.as_str().to_owned();
    let new = NewRequest { connection: connection.id.clone(), id, wanted, requested_by };
    let (code, request) = match request(ports, new).await? {
        Accepted::New(request) => (StatusCode::ACCEPTED, request),
        Accepted::Known(request) => (StatusCode::OK, request),
        Accepted::Conflict => {
            let detail = format!("another resync has this {KEY}; take a new one");
            return Err(Problem::of(Refusal::Conflict, detail));
        }
        Accepted::TooMany => {
            let detail = format!("{MOST_OPEN} resyncs are open; wait until one is done, or cancel one");
            return Err(Problem::of(Refusal::TooMany, detail));
        }
        Accepted::UnknownConnection => return Err(unknown_connection(&connection.id)),
    };
    let waits_for = match request.state {
        RequestState::Open => waits_for(ports, &connection).await?,
        RequestState::Done | RequestState::Cancelled => Vec::new(),
    };
    Ok((code, Json(Asked { request, waits_for })))
}

fn key(headers: &HeaderMap) -> Result<Option<RequestId>, Mistakes> {
    let Some(given) = headers.get(KEY) else { return Ok(None) };
    RequestId::new(given.to_str().unwrap_or_default()).map(Some).map_err(|wrong| {
        let (problem, mend) = (wrong.problem.to_owned(), wrong.mend.to_owned());
        Mistakes(vec![Mistake { field: KEY.to_owned(), problem, mend }])
    })
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
    let limit = params.number("limit", 1..=1_000, 20);
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
    let waits_for = match request.state {
        RequestState::Open => waits_for(ports, &connection).await?,
        RequestState::Done | RequestState::Cancelled => Vec::new(),
    };
    Ok(Json(Asked { request, waits_for }))
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
    match cancel_request(ports, &connection.id, &id, caller.as_str()).await? {
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
