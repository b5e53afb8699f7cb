//! Asking for records to be tried or deleted: the key of the request, its plan, and the answer.
//!
//! Must not know: how a request is worked off.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use engine::manage::request;
use engine::overview::waits_for;
use engine::parts::Ports;
use engine::plan::VALID;
use engine::ports::{Clock, Entropy, PortError};
use engine::resync::{Accepted, NewRequest, status};
use rules::connection::Connection;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::RequestId;
use rules::resync::{Action, Count, MOST_OPEN, Planned, Request, RequestState, Wanted};
use rules::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::unknown_connection;
use crate::cursor::hexadecimal;
use crate::plan_id::{self, NotThat};
use crate::problem::{Problem, Refusal};

/// The header by which a caller names its request, so that the same one twice is one.
const KEY: &str = "Idempotency-Key";

/// A request, and what it waits for.
#[derive(Serialize)]
pub(super) struct Asked {
    request: Request,
    /// Records that wait yet, as far as its plan tells.
    waiting: Option<Count>,
    waits_for: Vec<String>,
}

impl Asked {
    /// As it stands.
    pub(super) async fn about<P: Ports>(
        ports: &P,
        connection: &Connection,
        request: Request,
    ) -> Result<Self, PortError> {
        // A deletion needs no call, and waits for no gate.
        let waits = request.state == RequestState::Open && request.action == Action::Resync;
        let waits_for = if waits { waits_for(ports, connection).await? } else { Vec::new() };
        Ok(Self { waiting: request.waiting(), request, waits_for })
    }
}

/// The records that are meant.
pub(super) struct Meant {
    wanted: Wanted,
    planned: Option<(Timestamp, Planned)>,
    /// The request's own name, when its caller gives it none: any number of clicks on one plan are one request.
    id: Option<RequestId>,
}

impl From<Wanted> for Meant {
    fn from(wanted: Wanted) -> Self {
        Self { wanted, planned: None, id: None }
    }
}

/// Who asks for what.
pub(super) struct Wish<'a> {
    pub(super) who: &'a str,
    pub(super) action: Action,
    pub(super) plan: Meant,
}

/// Reads `{"plan": "…"}`.
pub(super) fn planned(mut fields: Fields<'_>, connection: &Connection, action: Action) -> Result<Meant, Mistakes> {
    let id: Option<String> = fields.optional_text("plan");
    let said = id.as_ref().map(|id| plan_id::read(id, &connection.id, action));
    let wrong = match &said {
        Some(Err(NotThat::MadeUp)) => {
            Some(("is not the id of a plan", "make a plan, and give the id that it came with"))
        }
        Some(Err(NotThat::OtherConnection)) => Some(("is of another connection", "make a plan for this one")),
        Some(Err(NotThat::OtherAction)) => Some(("plans something else", "make a plan for this action")),
        Some(Ok(said)) if said.planned.records.number == 0 => Some(("means no record", "make a plan that means one")),
        Some(Ok(_)) | None => None,
    };
    if let Some((problem, mend)) = wrong {
        fields.wrong("plan", problem, mend);
    }
    match (id.zip(said), fields.strict()) {
        (Some((id, Ok(said))), mistakes) if mistakes.is_empty() => {
            let planned = Some((said.as_of, said.planned));
            let id = RequestId::new(&hexadecimal(id.as_bytes())[..16]).ok();
            Ok(Meant { wanted: said.wanted, planned, id })
        }
        (_, mistakes) => Err(Mistakes(mistakes)),
    }
}

/// Accepts a request, or says why not.
pub(super) async fn accept<P: Ports>(
    ports: &P,
    connection: &Connection,
    headers: &HeaderMap,
    wish: Wish<'_>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let (code, request) = ask(ports, connection, key(headers)?, wish).await?;
    Ok((code, Json(Asked::about(ports, connection, request).await?)))
}

/// Carries out the plan that `body` names, as a page does it. Any number of clicks on one plan are one request.
pub(crate) async fn carry_out<P: Ports>(
    ports: &P,
    connection: &Connection,
    action: Action,
    body: &Value,
    who: &str,
) -> Result<Request, Problem> {
    let plan = planned(Fields::of("", body), connection, action)?;
    Ok(ask(ports, connection, None, Wish { who, action, plan }).await?.1)
}

/// The records that the plan means which `body` names.
pub(crate) fn meant(connection: &Connection, action: Action, body: &Value) -> Result<Wanted, Mistakes> {
    Ok(planned(Fields::of("", body), connection, action)?.wanted)
}

async fn ask<P: Ports>(
    ports: &P,
    connection: &Connection,
    key: Option<RequestId>,
    wish: Wish<'_>,
) -> Result<(StatusCode, Request), Problem> {
    let Wish { who, action, plan: Meant { wanted, planned, id } } = wish;
    let random = || RequestId::new(format!("{:016x}", ports.entropy().number())).expect("16 digits are a request's id");
    let id = key.or(id).unwrap_or_else(random);
    refuse_stale(ports, connection, &id, planned).await?;
    let (connection_id, requested_by) = (connection.id.clone(), who.to_owned());
    let new = NewRequest { connection: connection_id, id, action, wanted, planned, requested_by };
    match request(ports, new).await? {
        Accepted::New(request) => Ok((StatusCode::ACCEPTED, request)),
        Accepted::Known(request) => Ok((StatusCode::OK, request)),
        Accepted::Conflict => {
            let detail = format!("another request has this {KEY}; take a new one");
            Err(Problem::of(Refusal::Conflict, detail))
        }
        Accepted::TooMany => {
            let detail = format!("{MOST_OPEN} requests are open; wait until one is done, or cancel one");
            Err(Problem::of(Refusal::TooMany, detail))
        }
        Accepted::UnknownConnection => Err(unknown_connection(&connection.id)),
    }
}

/// A plan is carried out within its time; the same request again is told how it stands whenever it comes.
async fn refuse_stale<P: Ports>(
    ports: &P,
    connection: &Connection,
    id: &RequestId,
    planned: Option<(Timestamp, Planned)>,
) -> Result<(), Problem> {
    let Some((as_of, _)) = planned.filter(|(as_of, _)| *as_of + VALID < ports.clock().now()) else {
        return Ok(());
    };
    if status(ports, &connection.id, id).await?.is_some() {
        return Ok(());
    }
    let detail =
        format!("the plan is of {}, and holds for {} minutes; make a new one", as_of.minute(), VALID.as_secs() / 60);
    Err(Problem::of(Refusal::StalePlan, detail))
}

fn key(headers: &HeaderMap) -> Result<Option<RequestId>, Mistakes> {
    let Some(given) = headers.get(KEY) else { return Ok(None) };
    RequestId::new(given.to_str().unwrap_or_default()).map(Some).map_err(|wrong| {
        let (problem, mend) = (wrong.problem.to_owned(), wrong.mend.to_owned());
        Mistakes(vec![Mistake { field: KEY.to_owned(), problem, mend }])
    })
}
