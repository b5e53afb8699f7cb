//! Plans: what a resync or a deletion would do. Making one changes nothing.
//!
//! Must not know: how records are counted.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use engine::parts::Ports;
use engine::plan::{Plan, plan};
use rules::fields::{Fields, Mistakes};
use rules::resync::{Action, Wanted};
use serde::Serialize;
use serde_json::Value;

use super::settings;
use crate::input::Input;
use crate::params::Named;
use crate::plan_id;
use crate::problem::Problem;
use crate::wanted;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/plans", post(make::<P>))
}

#[derive(Serialize)]
struct Made {
    plan: Identified,
}

/// A plan and the id by which it is carried out.
#[derive(Serialize)]
struct Identified {
    id: String,
    #[serde(flatten)]
    plan: Plan,
}

async fn make<P: Ports>(
    State(ports): State<Arc<P>>,
    Named(name): Named<String>,
    Input(body): Input,
) -> Result<Json<Made>, Problem> {
    let (wanted, action) = read(&body)?;
    let connection = settings(ports.as_ref(), &name).await?;
    let plan = plan(ports.as_ref(), &connection, action, wanted).await?;
    Ok(Json(Made { plan: Identified { id: plan_id::write(&plan), plan } }))
}

fn read(body: &Value) -> Result<(Wanted, Action), Mistakes> {
    let mut fields = Fields::of("", body);
    let wanted = wanted::of(&mut fields, body);
    let action: Option<Action> = fields.optional_text("action");
    match (wanted, fields.strict()) {
        (Some(wanted), mistakes) if mistakes.is_empty() => Ok((wanted, action.unwrap_or_default())),
        (_, mistakes) => Err(Mistakes(mistakes)),
    }
}
