//! Answers as status and bytes. It must not know the HTTP server, nor why an answer is given.

use serde::Serialize;
use serde_json::json;

use crate::org::errors::{ApiError, RowError};
use crate::org::faults::Canned;
use crate::org::sessions::LoginError;

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Json(Vec<u8>),
    Html(&'static str),
    Empty,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    /// The value of `Sforce-Limit-Info`, when it is shown.
    pub(crate) usage: Option<String>,
}

impl Answer {
    fn new(status: u16, body: Body) -> Self {
        Self { status, body, usage: None }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("answers have text keys and serializable values only");
        Self::new(status, Body::Json(bytes))
    }

    pub(crate) fn no_content() -> Self {
        Self::new(204, Body::Empty)
    }

    pub(crate) fn error(error: &ApiError) -> Self {
        let mut item = json!({"message": error.message, "errorCode": error.code});
        if !error.fields.is_empty() {
            item["fields"] = json!(error.fields);
        }
        Self::json(error.status, &[item])
    }

    /// The answer of a refused login.
    pub(crate) fn login_error(error: &LoginError) -> Self {
        Self::json(400, &error.body())
    }

    /// The answer of a fault.
    pub(crate) fn canned(canned: Canned) -> Self {
        match canned {
            Canned::ExpiredSession => Self::error(&ApiError::session_expired()),
            Canned::TotalLimit => Self::error(&ApiError::total_limit()),
            Canned::ConcurrentLimit => Self::error(&ApiError::concurrent_limit()),
            Canned::ApiDisabled => Self::error(&ApiError::api_disabled()),
            Canned::ServerUnavailable => Self::error(&ApiError::server_unavailable()),
            Canned::LoginRefused => Self::login_error(&LoginError::refused()),
            Canned::Html(status) => Self::new(status, Body::Html(MAINTENANCE_PAGE)),
            Canned::Empty(status) => Self::new(status, Body::Empty),
            Canned::ErrorObject(status) => Self::json(
                status,
                &json!({"message": "An unexpected error occurred", "errorCode": "UNKNOWN_EXCEPTION"}),
            ),
            Canned::Garbage => Self::new(200, Body::Json(b"[{\"id\":\"003".to_vec())),
        }
    }
}

const MAINTENANCE_PAGE: &str = "<!DOCTYPE html><html><head><title>We're sorry</title></head><body><h1>We are down for \
maintenance.</h1><p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>";

/// The result of one row of a collections call.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RowResult {
    Written { id: crate::SalesforceId, success: bool, created: bool, errors: [(); 0] },
    Refused { success: bool, errors: [RowError; 1] },
}
