//! The body of a request: JSON, and nothing else.
//!
//! Must not know: what is in it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;

use crate::largest_body;
use crate::problem::{Problem, Refusal};

/// A body of JSON. Only what says that it is JSON is read: a form of another origin cannot say so.
pub(crate) struct Input(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::of(Refusal::NotJson, "send a body with Content-Type: application/json"));
        }
        let largest = largest_body(&request);
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(rejection, largest))?;
        let value = serde_json::from_slice(&bytes).map_err(|wrong| {
            let place = format!("line {}, column {}", wrong.line(), wrong.column());
            Problem::of(Refusal::BadRequest, format!("the body is not JSON ({place})"))
        })?;
        Ok(Self(value))
    }
}

/// Why a body could not be read, where at most `largest` bytes are.
pub(crate) fn unreadable(rejection: BytesRejection, largest: usize) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::of(Refusal::TooLarge, format!("send at most {largest} bytes"));
    }
    Problem::of(Refusal::BadRequest, "the body could not be read to its end")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        kind == "application/json" || kind.strip_prefix("application/").is_some_and(|kind| kind.ends_with("+json"))
    })
}
