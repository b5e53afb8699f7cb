//! Taking in failed rows of a file, as sources report failures.
//!
//! Must not know: any tool's file format.

mod account;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::routing::post;
use axum::{Json, Router};
use engine::ingest::{Ingest, NotTaken, Taken};
use engine::parts::Ports;
use engine::ports::{Clock, PortError, causes};
use futures::{StreamExt, stream};
use rules::connection::Connection;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::{ConnectionId, folded};
use rules::ingest::Ignored;
use rules::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tracing::error;

use super::settings;
use crate::caller::Caller;
use crate::input::Input;
use crate::params::Named;
use crate::problem::Problem;
use crate::row;
use account::{Account, Import};

/// The most rows of one request.
const MOST_ROWS: usize = 1_000;

/// How many records are taken in at the same time.
const LANES: usize = 16;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/imports", post(carry_out::<P>))
}

#[derive(Serialize)]
struct Imported {
    results: Vec<Outcome>,
}

/// What became of one row.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Accepted,
    Updated,
    Unchanged { because: &'static str },
    Refused { mistakes: Vec<Mistake> },
    Failed { detail: String },
}

/// A request for rows to be taken in.
#[derive(Debug)]
struct Wanted<'a> {
    rows: &'a [Value],
    dry_run: bool,
    import: Option<Import>,
}

async fn carry_out<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    Input(body): Input,
) -> Result<Json<Imported>, Problem> {
    let ports = ports.as_ref();
    let Wanted { rows, dry_run, import } = read(&body, ports.clock().now())?;
    let connection = settings(ports, &name).await?;
    let taken = if dry_run {
        take_all(ports, &Ingest::rehearsing(ports), &connection.id, rows).await
    } else {
        let account = Account::of(ports, &connection, caller.as_str(), import.as_ref());
        take_audited(ports, account, &connection, rows).await?
    };
    report_failures(&connection.id, &taken);
    Ok(Json(Imported { results: taken.into_iter().map(outcome).collect() }))
}

/// Takes the rows in, and keeps the import's entry in the audit. The entry is there before the import's first change: the rows
/// are rehearsed until one of them would change something, and rows of which none would are not taken in at all. From then on
/// the entry's count follows the changes. So a crash leaves no change without an entry; the entry's count may be wrong by the
/// rows of the last request, and those that it promised and that were not changed are changed when the file is imported again.
async fn take_audited<P: Ports>(
    ports: &P,
    mut account: Account,
    connection: &Connection,
    rows: &[Value],
) -> Result<Vec<Answer>, PortError> {
    if !account.is_kept() {
        let rehearsed = take_all(ports, &Ingest::rehearsing(ports), &connection.id, rows).await;
        if changed(&rehearsed) == 0 {
            return Ok(rehearsed);
        }
        account.keep(ports, changed(&rehearsed)).await?;
    }
    let ingest = Ingest::new(ports);
    let taken = take_all(ports, &ingest, &connection.id, rows).await;
    ingest.write_counts().await;
    account.keep(ports, changed(&taken)).await?;
    Ok(taken)
}

fn changed(taken: &[Answer]) -> usize {
    taken.iter().filter(|answer| matches!(answer, Ok(Taken::Accepted | Taken::Updated))).count()
}

fn read(body: &Value, now: Timestamp) -> Result<Wanted<'_>, Mistakes> {
    let mut fields = Fields::of("", body);
    let dry_run = fields.flag("dry_run").unwrap_or(false);
    let import = fields.value("import").map(|import| Import::read(import, now)).transpose();
    let import = import.unwrap_or_else(|mistakes| {
        fields.gather(mistakes);
        None
    });
    let rows = fields.required("rows").and_then(Value::as_array).map(Vec::as_slice);
    match rows {
        Some(rows) if rows.len() > MOST_ROWS => {
            fields.wrong("rows", format!("has {} rows", rows.len()), format!("send at most {MOST_ROWS} at a time"));
        }
        None if body.get("rows").is_some_and(|rows| !rows.is_null()) => {
            fields.wrong("rows", "is not a list", "write it as [ { \"object\": …, … }, … ]");
        }
        Some(_) | None => {}
    }
    match (rows, fields.strict()) {
        (Some(rows), mistakes) if mistakes.is_empty() => Ok(Wanted { rows, dry_run, import }),
        (_, mistakes) => Err(Mistakes(mistakes)),
    }
}

/// The rows in lanes, each by its number: rows of one record share a lane in their order. A row that names none has its own.
fn lanes(rows: &[Value]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let new = lanes.len();
        let lane = match (text("object"), text("external_id")) {
            (Some(object), Some(id)) => *known.entry(folded(object, id)).or_insert(new),
            (_, _) => new,
        };
        if lane < new {
            lanes[lane].push(at);
        } else {
            lanes.push(vec![at]);
        }
    }
    lanes
}

type Answer = Result<Taken, NotTaken>;

/// What became of the rows, in their order.
async fn take_all<P: Ports>(
    ports: &P,
    ingest: &Ingest<'_, P>,
    connection: &ConnectionId,
    rows: &[Value],
) -> Vec<Answer> {
    let lanes = stream::iter(lanes(rows)).map(|lane| take_lane(ports, ingest, connection, rows, lane));
    let mut taken: Vec<_> = lanes.buffer_unordered(LANES).concat().await;
    taken.sort_unstable_by_key(|(row, _)| *row);
    taken.into_iter().map(|(_, answer)| answer).collect()
}

async fn take_lane<P: Ports>(
    ports: &P,
    ingest: &Ingest<'_, P>,
    connection: &ConnectionId,
    rows: &[Value],
    lane: Vec<usize>,
) -> Vec<(usize, Answer)> {
    let mut taken = Vec::with_capacity(lane.len());
    for at in lane {
        let answer = match row::event(connection, &rows[at], ports.clock().now()) {
            Ok(event) => ingest.take(&event).await,
            Err(mistakes) => Err(NotTaken::Refused(mistakes)),
        };
        taken.push((at, answer));
    }
    taken
}

fn outcome(answer: Answer) -> Outcome {
    match answer {
        // A failure is never answered as a success or as usage; both would mean that it was taken in.
        Ok(Taken::Accepted | Taken::Succeeded | Taken::Counted) => Outcome::Accepted,
        Ok(Taken::Updated) => Outcome::Updated,
        Ok(Taken::Ignored(why)) => Outcome::Unchanged { because: words(why) },
        Err(NotTaken::Refused(mistakes)) => Outcome::Refused { mistakes: row::renamed(mistakes).0 },
        Err(NotTaken::Port(failure)) => Outcome::Failed { detail: causes(&failure) },
        Err(failed @ (NotTaken::Throttled | NotTaken::Contended)) => Outcome::Failed { detail: failed.to_string() },
    }
}

fn words(why: Ignored) -> &'static str {
    match why {
        Ignored::Older => "a newer version of the record is known",
        Ignored::Succeeded | Ignored::KnownSuccess => "this version has succeeded already",
        Ignored::Repeated => "the same failure is known already",
    }
}

/// Says once what kept rows from being taken in: it is the same for all of them.
fn report_failures(connection: &ConnectionId, taken: &[Answer]) {
    let failures: Vec<&PortError> = taken
        .iter()
        .filter_map(|answer| match answer {
            Err(NotTaken::Port(failure)) => Some(failure),
            Ok(_) | Err(NotTaken::Refused(_) | NotTaken::Throttled | NotTaken::Contended) => None,
        })
        .collect();
    if let Some(first) = failures.first() {
        error!(connection = %connection, rows = failures.len(), problem = %causes(*first), "rows were not taken in");
    }
}
