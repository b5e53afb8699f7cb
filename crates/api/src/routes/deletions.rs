//! Deletions of failures: each carries out a plan. They are followed and cancelled as resyncs are.
//!
//! Must not know: how a request is worked off.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use engine::parts::Ports;
use rules::fields::Fields;
use rules::resync::Action;

use super::asking::{Asked, Wish, accept, planned};
use super::settings;
use crate::caller::Caller;
use crate::input::Input;
use crate::params::Named;
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/deletions", post(ask::<P>))
}

async fn ask<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Input(body): Input,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let ports = ports.as_ref();
    let connection = settings(ports, &name).await?;
    let mut fields = Fields::of("", &body);
    if body.is_object() && body.get("plan").is_none_or(serde_json::Value::is_null) {
        fields.wrong("plan", "is missing", "make a plan with \"action\": \"delete\", look at it, and give its id here");
    }
    let plan = planned(fields, &connection, Action::Delete)?;
    accept(ports, &connection, &headers, Wish { who: caller.as_str(), action: Action::Delete, plan }).await
}
