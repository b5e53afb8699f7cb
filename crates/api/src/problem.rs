//! Problems: every answer that is not the one asked for, in the form of RFC 9457.
//!
//! Must not know: payloads and secrets; a problem says what is wrong with a request, never what was in it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::parts::Ports;
use engine::ports::{Entropy, PortError, causes};
use rules::fields::{Mistake, Mistakes};
use serde_json::{Map, Value, json};
use tracing::error;

/// The kinds of problem. Their names are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request itself cannot be read.
    BadRequest,
    /// The bearer token is missing or wrong.
    Unauthorised,
    /// A page of another origin, or a viewer that would change something.
    Forbidden,
    /// There is no such route.
    NoSuchRoute,
    /// There is no such connection.
    UnknownConnection,
    /// No failure of this record is known.
    UnknownRecord,
    /// There is no such request for a resync.
    UnknownRequest,
    /// The route has no such method.
    NoSuchMethod,
    /// What is there now does not allow it.
    Conflict,
    /// The key that the caller gave names another action.
    IdempotencyConflict,
    /// The same action is being carried out.
    UnderWay,
    /// The plan is too old.
    StalePlan,
    /// A gate keeps it from being done now.
    GateClosed,
    /// The body is too large.
    TooLarge,
    /// The answer is larger than can be carried.
    AnswerTooLarge,
    /// The body is not JSON.
    NotJson,
    /// The `Host` header names another machine.
    Misdirected,
    /// The input has mistakes.
    Mistakes,
    /// Too much at a time.
    TooMany,
    /// The store, the bus or another service behind this one failed.
    Unavailable,
}

impl Refusal {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read"),
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, "unauthorised", "Nobody who is let in"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "no-such-route", "There is no such route"),
            Self::UnknownConnection => {
                (StatusCode::NOT_FOUND, "unknown-connection", "There is no connection of this name")
            }
            Self::UnknownRecord => (StatusCode::NOT_FOUND, "unknown-record", "No failure of this record is known"),
            Self::UnknownRequest => (StatusCode::NOT_FOUND, "unknown-request", "There is no request of this id"),
            Self::NoSuchMethod => (StatusCode::METHOD_NOT_ALLOWED, "no-such-method", "The route has no such method"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "What is there does not allow it"),
            Self::IdempotencyConflict => (StatusCode::CONFLICT, "idempotency-conflict", "The key names another action"),
            Self::UnderWay => (StatusCode::CONFLICT, "under-way", "It is being carried out"),
            Self::StalePlan => (StatusCode::CONFLICT, "stale-plan", "The plan is too old"),
            Self::GateClosed => (StatusCode::CONFLICT, "gate-closed", "A gate is closed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::AnswerTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "answer-too-large", "The answer is too large"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "The body is not JSON"),
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, "misdirected", "Another machine was meant"),
            Self::Mistakes => (StatusCode::UNPROCESSABLE_ENTITY, "mistakes", "The input has mistakes"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many", "Too much at a time"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Something behind this failed"),
        }
    }
}

/// One problem.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    refusal: Refusal,
    detail: String,
    mistakes: Vec<Mistake>,
    more: Map<String, Value>,
    failure: Option<PortError>,
}

impl Problem {
    /// A problem of this kind; `detail` says what it is about and what helps.
    #[must_use]
    pub fn of(refusal: Refusal, detail: impl Into<String>) -> Self {
        let (mistakes, more) = (Vec::new(), Map::new());
        Self(Box::new(Parts { refusal, detail: detail.into(), mistakes, more, failure: None }))
    }

    /// A field more, for a program to read.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.more.insert(name.to_owned(), value);
        self
    }
}

impl Parts {
    fn body(&self) -> Value {
        let (status, name, title) = self.refusal.parts();
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("urn:resync:problem:{name}")));
        body.insert("title".to_owned(), json!(title));
        body.insert("status".to_owned(), json!(status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        if !self.mistakes.is_empty() {
            body.insert("mistakes".to_owned(), json!(self.mistakes));
        }
        body.extend(self.more.clone());
        Value::Object(body)
    }
}

impl From<PortError> for Problem {
    fn from(failure: PortError) -> Self {
        let mut problem = Self::of(Refusal::Unavailable, "see the log");
        problem.0.failure = Some(failure);
        problem
    }
}

impl From<Mistakes> for Problem {
    fn from(mistakes: Mistakes) -> Self {
        let mut problem = Self::of(Refusal::Mistakes, mistakes.to_string());
        problem.0.mistakes = mistakes.0;
        problem
    }
}

/// The failure behind a response, on its way to the log.
#[derive(Clone)]
struct Failed(Arc<PortError>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut parts = self.0;
        let (status, _, _) = parts.refusal.parts();
        let failure = parts.failure.take();
        let mut response = (status, Json(parts.body())).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if parts.refusal == Refusal::Unauthorised {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(failure) = failure {
            response.extensions_mut().insert(Failed(Arc::new(failure)));
        }
        response
    }
}

/// Logs the failure behind a response, once, under an id that the response then names.
pub(crate) async fn report_failure<P: Ports>(State(ports): State<Arc<P>>, response: Response) -> Response {
    let Some(Failed(failure)) = response.extensions().get::<Failed>().cloned() else {
        return response;
    };
    let id = format!("{:016x}", ports.entropy().number());
    let problem = causes(failure.as_ref());
    error!(problem_id = %id, %problem, "a request failed");
    let detail = format!("{problem}; try again, or look for {id} in the log");
    Problem::of(Refusal::Unavailable, detail).with("id", json!(id)).into_response()
}

pub(crate) async fn no_such_route() -> Problem {
    Problem::of(Refusal::NoSuchRoute, "the path leads nowhere; all begin with /v1/")
}

pub(crate) async fn no_such_method() -> Problem {
    Problem::of(Refusal::NoSuchMethod, "the path is known, and this method is not one of its")
}
