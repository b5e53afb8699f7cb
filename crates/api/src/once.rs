//! `Idempotency-Key`: the same action twice under one key is one action, and its first answer is given again.
//!
//! Must not know: what the actions do.
//!
//! The key is claimed for one attempt before the action, and the answer is kept after it. While the attempt is at work, the same
//! request again is told so. When it ends without an answer that is kept, or dies and its lease ends, the same request again
//! carries the action out: each is one that may be repeated. A refusal changed nothing, so it gives the key back.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{FromRequest, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::parts::Ports;
use engine::ports::{
    ActionKeys, Attempt, Claimed, Clock, Entropy, Fingerprint, KeptAnswer, KeyedAction, PortError, causes,
};
use rules::fields::{Mistake, Mistakes};
use rules::ids::ActionKey;
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::warn;

use crate::caller::may_change;
use crate::cursor::hexadecimal;
use crate::input::unreadable;
use crate::problem::{Problem, Refusal};

/// The header by which a caller names what it asks for, so that the same action twice is one.
const KEY: &str = "Idempotency-Key";

/// Says that an answer is the one that the first request got.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The largest answer that is kept, in bytes. A larger one is worked out again.
const LARGEST_ANSWER: usize = 4 * 1024;

/// The routes whose answers are never kept: they know by themselves what they were asked before, and answer how it stands now.
const KNOW_BY_THEMSELVES: [&str; 3] = ["/resyncs", "/deletions", "/imports"];

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    body: String,
}

/// Sees to it that an action with a key is one, however often it is asked for. What has no key, or changes nothing, passes by.
pub(crate) async fn once<P: Ports>(
    State(ports): State<Arc<P>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(route) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return Ok(next.run(request).await);
    };
    let key = if may_change(&request) { key(request.headers())? } else { None };
    let Some(key) = key else { return Ok(next.run(request).await) };
    let (request, fingerprint) = fingerprinted(request).await?;
    let attempt = Attempt(ports.entropy().number());
    let action = KeyedAction { key, fingerprint, attempt, at: ports.clock().now() };
    match ports.store().claim_key(&action).await? {
        Claimed::Own => {}
        Claimed::UnderWay { until } => return Err(under_way(until)),
        Claimed::Answered(answer) => return replayed(&answer),
        Claimed::Taken => {
            let detail = format!("this {KEY} was used for something else within 24 hours; take a new one");
            return Err(Problem::of(Refusal::IdempotencyConflict, detail));
        }
    }
    let response = next.run(request).await;
    let keeps = !KNOW_BY_THEMSELVES.iter().any(|ending| route.ends_with(ending));
    Ok(settled(ports.as_ref(), &action, response, keeps).await)
}

fn under_way(until: Timestamp) -> Problem {
    let detail = format!(
        "the same request under this {KEY} is being carried out; ask again in a moment for its answer, or after {until}, when it \
         is given up, to carry it out"
    );
    Problem::of(Refusal::UnderWay, detail).with("until", json!(until))
}

fn key(headers: &HeaderMap) -> Result<Option<ActionKey>, Mistakes> {
    let mistake = |problem: &str, mend: &str| {
        Mistakes(vec![Mistake { field: KEY.to_owned(), problem: problem.to_owned(), mend: mend.to_owned() }])
    };
    let mut given = headers.get_all(KEY).iter();
    let Some(first) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(mistake("is there twice", "give it once"));
    }
    let key = ActionKey::new(first.to_str().unwrap_or_default());
    key.map(Some).map_err(|wrong| mistake(wrong.problem, wrong.mend))
}

/// The request, and what it asks for, whoever asks.
async fn fingerprinted(request: Request) -> Result<(Request, Fingerprint), Problem> {
    let largest = crate::largest_body(&request);
    let (parts, body) = request.into_parts();
    // The limit of the body is among the extensions, which the extractor needs and the next one needs again.
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = Bytes::from_request(whole, &()).await.map_err(|rejection| unreadable(rejection, largest))?;
    let what = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut asked = format!("{}\n{what}\n", parts.method).into_bytes();
    asked.extend_from_slice(&bytes);
    let fingerprint = Fingerprint(hexadecimal(&asked));
    Ok((Request::from_parts(parts, Body::from(bytes)), fingerprint))
}

fn replayed(answer: &KeptAnswer) -> Result<Response, Problem> {
    let kept: Kept = serde_json::from_str(&answer.0).map_err(|_| damaged())?;
    let status = StatusCode::from_u16(kept.status).map_err(|_| damaged())?;
    let mut response = (status, kept.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    if status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn damaged() -> PortError {
    PortError::Unreadable { what: "the answer of an action".to_owned(), problem: "it is damaged".to_owned() }
}

/// Keeps what was answered, or gives the key back. The action is done by now, so that a store that fails here is logged only:
/// the same request again carries the action out once more.
async fn settled<P: Ports>(ports: &P, action: &KeyedAction, response: Response, keeps: bool) -> Response {
    let status = response.status();
    let (response, answer) = if status.is_success() && keeps { kept(response).await } else { (response, None) };
    let settling = match answer {
        Some(answer) => ports.store().keep_answer(action, &answer).await,
        None if status.is_client_error() => ports.store().release_key(action).await,
        None => ports.store().end_attempt(action).await,
    };
    if let Err(failure) = settling {
        warn!(problem = %causes(&failure), "an action's answer could not be kept");
        // Else the same request again would wait for the lease.
        if let Err(failure) = ports.store().end_attempt(action).await {
            warn!(problem = %causes(&failure), "an attempt at an action ends with its lease");
        }
    }
    response
}

/// An answer that may be kept: JSON or nothing, and short. It holds what its reader may see: no secret, no payload.
async fn kept(response: Response) -> (Response, Option<KeptAnswer>) {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind == "application/json") || response.status() == StatusCode::NO_CONTENT;
    let is_short = response.body().size_hint().upper().is_some_and(|size| size <= LARGEST_ANSWER as u64);
    if !is_json || !is_short {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_ANSWER).await else {
        return (Problem::of(Refusal::Unavailable, "the answer broke off; try again").into_response(), None);
    };
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let answer = serde_json::to_string(&Kept { status: parts.status.as_u16(), body });
    let answer = answer.expect("a number and a text can be written");
    (Response::from_parts(parts, Body::from(bytes)), Some(KeptAnswer(answer)))
}
