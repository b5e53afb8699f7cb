//! Erasing a record.
//!
//! Must not know: where traces of a record are.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::routing::post;
use axum::{Json, Router};
use engine::erase::{Erased, erase};
use engine::manage::Deed;
use engine::parts::Ports;
use engine::ports::AuditAction;
use rules::fields::{Fields, Mistakes};
use rules::ids::{ConnectionId, RecordKey};
use serde::Serialize;
use serde_json::{Value, json};

use super::{connection_id, unknown_connection};
use crate::caller::Caller;
use crate::cursor::hexadecimal;
use crate::input::Input;
use crate::params::Named;
use crate::problem::{Problem, Refusal};

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/erasures", post(carry_out::<P>))
}

const NOTE: &str = "Nothing marks that it was here: a late report of an older failure takes it in again. Records that name it as \
    their parent keep that name. What Salesforce holds is not changed.";

#[derive(Serialize)]
struct Done {
    erased: bool,
    note: &'static str,
}

async fn carry_out<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    Input(body): Input,
) -> Result<Json<Done>, Problem> {
    let key = read(connection_id(&name)?, &body)?;
    let deed = Deed::of(caller.as_str(), AuditAction::RecordErased, subject(&key));
    match erase(ports.as_ref(), &key, deed).await? {
        Erased::Erased => Ok(Json(Done { erased: true, note: NOTE })),
        Erased::Nothing => Ok(Json(Done { erased: false, note: "Nothing of it was stored." })),
        Erased::InFlight { until } => {
            let detail = format!("an earlier send of it may still be committed; erase it after {until}");
            Err(Problem::of(Refusal::Conflict, detail).with("until", json!(until)))
        }
        Erased::Running { until } => {
            let detail = format!("a run is under way, or died, and may have it in hand, {until} at the latest");
            Err(Problem::of(Refusal::Conflict, detail).with("until", json!(until)))
        }
        Erased::UnknownConnection => Err(unknown_connection(&key.connection)),
    }
}

fn read(connection: ConnectionId, body: &Value) -> Result<RecordKey, Mistakes> {
    let mut fields = Fields::of("", body);
    let (object, id) = (fields.text("object"), fields.text("external_id"));
    match (object, id, fields.strict()) {
        (Some(object), Some(id), mistakes) if mistakes.is_empty() => Ok(RecordKey { connection, object, id }),
        (_, _, mistakes) => Err(Mistakes(mistakes)),
    }
}

/// Enough to show later that this record was erased, for one who still knows its id, and no way to the id.
fn subject(key: &RecordKey) -> String {
    format!("{} sha256:{}", key.object, hexadecimal(key.to_string().as_bytes()))
}
