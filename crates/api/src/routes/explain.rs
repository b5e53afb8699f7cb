//! One record: why it is, or is not, retrying.
//!
//! Must not know: how the gates are asked.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use engine::explain::{Answer, explain};
use engine::parts::Ports;
use rules::ids::RecordKey;
use rules::time::Timestamp;
use serde::Serialize;

use super::{record_key, unknown_connection};
use crate::params::Named;
use crate::problem::{Problem, Refusal};

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/records/{object}/{id}", get(record::<P>))
}

#[derive(Serialize)]
struct OnlySucceeded {
    record: RecordKey,
    succeeded_at: Timestamp,
}

async fn record<P: Ports>(
    State(ports): State<Arc<P>>,
    Named((connection, object, id)): Named<(String, String, String)>,
) -> Result<Response, Problem> {
    let key = record_key(&connection, &object, &id)?;
    match explain(ports.as_ref(), &key).await? {
        Answer::UnknownConnection => Err(unknown_connection(&key.connection)),
        Answer::UnknownRecord => {
            Err(Problem::of(Refusal::UnknownRecord, "no failure of it was reported, or it was resolved long ago"))
        }
        Answer::OnlySucceeded(succeeded_at) => Ok(Json(OnlySucceeded { record: key, succeeded_at }).into_response()),
        Answer::Explained(explanation) => Ok(Json(explanation).into_response()),
    }
}
