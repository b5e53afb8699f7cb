//! Creating, changing, trying out and deleting connections.
//!
//! Must not know: when that is allowed.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::{patch, post, put};
use axum::{Json, Router};
use engine::manage::{self, Changed, Deleted, Trial, TrialAnswer, Wish, change, create, delete, try_out};
use engine::overview::{UsageNow, usage_of};
use engine::parts::Ports;
use engine::ports::{AuditAction, OrgFigure};
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::ConnectionId;
use serde::Serialize;
use serde_json::{Value, json};

use super::{connection_id, unknown_connection};
use crate::caller::Caller;
use crate::input::Input;
use crate::params::Named;
use crate::problem::{Problem, Refusal};

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/v1/connections", post(add::<P>))
        .route("/v1/connections/{connection}", patch(set::<P>).delete(remove::<P>))
        .route("/v1/connections/{connection}/pause", post(pause::<P>))
        .route("/v1/connections/{connection}/resume", post(resume::<P>))
        .route("/v1/connections/{connection}/limit", put(limit::<P>))
        .route("/v1/connections/{connection}/test", post(test::<P>))
}

#[derive(Serialize)]
struct Created {
    connection: Connection,
}

async fn add<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Input(body): Input,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let connection = Connection::read(&body)?;
    match create(ports.as_ref(), &connection, caller.as_str()).await? {
        manage::Created::Created => Ok((StatusCode::CREATED, Json(Created { connection }))),
        manage::Created::Refused(mistakes) => Err(mistakes.into()),
        manage::Created::NameTaken => {
            let detail = format!("{} exists; change it, or take another name", connection.id);
            Err(Problem::of(Refusal::Conflict, detail))
        }
    }
}

#[derive(Serialize)]
struct Set {
    connection: Connection,
    changed: bool,
}

async fn set<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    Input(body): Input,
) -> Result<Json<Set>, Problem> {
    let id = connection_id(&name)?;
    let wish = Wish { patch: &body, action: AuditAction::ConnectionChanged, who: caller.as_str() };
    Ok(Json(carry_out(ports.as_ref(), &id, wish).await?))
}

async fn pause<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Json<Set>, Problem> {
    let wish = Wish { patch: &json!({ "paused": true }), action: AuditAction::Paused, who: caller.as_str() };
    Ok(Json(carry_out(ports.as_ref(), &connection_id(&name)?, wish).await?))
}

async fn resume<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Json<Set>, Problem> {
    let wish = Wish { patch: &json!({ "paused": false }), action: AuditAction::Resumed, who: caller.as_str() };
    Ok(Json(carry_out(ports.as_ref(), &connection_id(&name)?, wish).await?))
}

async fn limit<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    Input(body): Input,
) -> Result<Json<UsageNow>, Problem> {
    let id = connection_id(&name)?;
    let patch = json!({ "budget": { "api_limit": wanted_limit(&body)? } });
    let wish = Wish { patch: &patch, action: AuditAction::LimitChanged, who: caller.as_str() };
    let connection = change_limit(ports.as_ref(), &id, wish).await?;
    Ok(Json(usage_of(ports.as_ref(), &connection).await?))
}

/// The limit, or null for none. A body without it is a mistake: nobody takes a limit off by leaving a word out.
fn wanted_limit(body: &Value) -> Result<&Value, Mistakes> {
    let mut fields = Fields::of("", body);
    fields.value("api_limit");
    let given = body.get("api_limit");
    if given.is_none() && body.is_object() {
        fields.wrong("api_limit", "is missing", "write a number of calls per 24 hours, or null for no limit");
    }
    let mistakes = fields.strict();
    given.filter(|_| mistakes.is_empty()).ok_or(Mistakes(mistakes))
}

/// Changes it, with mistakes told of the field as this route calls it.
async fn change_limit<P: Ports>(ports: &P, id: &ConnectionId, wish: Wish<'_>) -> Result<Connection, Problem> {
    match change(ports, id, wish).await? {
        Changed::Refused(Mistakes(mistakes)) => {
            let renamed = |mistake: Mistake| Mistake { field: mistake.field.replace("budget.", ""), ..mistake };
            Err(Mistakes(mistakes.into_iter().map(renamed).collect()).into())
        }
        changed => set_as(changed, id).map(|set| set.connection),
    }
}

async fn carry_out<P: Ports>(ports: &P, id: &ConnectionId, wish: Wish<'_>) -> Result<Set, Problem> {
    set_as(change(ports, id, wish).await?, id)
}

fn set_as(changed: Changed, id: &ConnectionId) -> Result<Set, Problem> {
    match changed {
        Changed::Changed(connection) => Ok(Set { connection: *connection, changed: true }),
        Changed::Same(connection) => Ok(Set { connection: *connection, changed: false }),
        Changed::Refused(mistakes) => Err(mistakes.into()),
        Changed::HasRecords => {
            let detail =
                "its failing records wait for this policy; make another connection, or let them be resolved first";
            Err(Problem::of(Refusal::Conflict, detail))
        }
        Changed::UnknownConnection => Err(unknown_connection(id)),
    }
}

async fn remove<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<StatusCode, Problem> {
    let id = connection_id(&name)?;
    let conflict = |detail: String| Err(Problem::of(Refusal::Conflict, detail));
    match delete(ports.as_ref(), &id, caller.as_str()).await? {
        Deleted::Deleted => Ok(StatusCode::NO_CONTENT),
        Deleted::HasRecords => conflict("it has failing records, which nobody would try again".to_owned()),
        Deleted::HasRequests => conflict("it has resyncs that are not done; cancel them first".to_owned()),
        Deleted::Running { until } => conflict(format!("a run is under way; try again when it ended, {until} at last")),
        Deleted::InUse => conflict("failures or requests came in, or somebody changed it, at the same time".to_owned()),
        Deleted::UnknownConnection => Err(unknown_connection(&id)),
    }
}

#[derive(Serialize)]
struct Tested {
    ok: bool,
    answer: TrialAnswer,
    words: Cow<'static, str>,
    api_calls: ApiCalls,
    org: Option<Org>,
}

#[derive(Serialize)]
struct Org {
    used: ApiCalls,
    limit: ApiCalls,
}

async fn test<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Json<Tested>, Problem> {
    let id = connection_id(&name)?;
    match try_out(ports.as_ref(), &id, caller.as_str()).await? {
        Trial::Made { answer, api_calls, org } => {
            let org = org.map(|OrgFigure { used, limit }| Org { used, limit });
            Ok(Json(Tested { ok: answer == TrialAnswer::Up, answer, words: answer.words(), api_calls, org }))
        }
        Trial::Spent(gate) => {
            let detail = format!("a test takes two calls, and {gate}; {}", gate.sooner());
            Err(Problem::of(Refusal::GateClosed, detail).with("gates", json!([gate])))
        }
        Trial::UnknownConnection => Err(unknown_connection(&id)),
    }
}
