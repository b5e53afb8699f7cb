//! The door: where a ticket becomes a session, and what somebody who has neither is shown.
//!
//! Must not know: the pages behind it.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Guard;
use crate::problem::Problem;

/// Where a browser comes in.
const OPEN: &str = "/open";

/// Where one who has the token asks for a ticket.
const SESSION: &str = "/v1/session";

/// Answers what is the door's own business. The request has shown the right host and origin.
pub(super) fn answer(guard: &Guard, request: &Request) -> Option<Response> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, OPEN) => Some(open(guard, request.uri())),
        (&Method::POST, SESSION) if guard.has_token(request.headers()) => {
            Some(Json(json!({ "open": guard.ticket() })).into_response())
        }
        (_, _) => None,
    }
}

/// The address at which a browser uses this ticket.
pub(super) fn address(ticket: &str) -> String {
    format!("{OPEN}?ticket={ticket}")
}

/// Lets a browser in that shows a good ticket, and says what to do to one that does not.
fn open(guard: &Guard, uri: &Uri) -> Response {
    let ticket = uri.query().and_then(|query| query.strip_prefix("ticket=")).unwrap_or_default();
    match guard.sessions.open(ticket) {
        Some(session) => {
            let cookie = format!("{}={session}; Path=/; HttpOnly; SameSite=Strict", guard.cookie);
            (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response()
        }
        None => page(
            StatusCode::UNAUTHORIZED,
            "This link has been used, or is older than a minute",
            "Each link opens the console once, so that nobody else can use it after you.",
        ),
    }
}

/// Answers somebody who is not let in: a browser with a page, a program with the problem.
pub(super) fn turn_away(problem: Problem, headers: &HeaderMap) -> Response {
    let response = problem.into_response();
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if response.status() == StatusCode::UNAUTHORIZED && accepts.contains("text/html") {
        let why = "Your session has ended, or this browser never had one.";
        return page(StatusCode::UNAUTHORIZED, "The console is closed to this browser", why);
    }
    response
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem}\
    h1{font-size:1.4rem;line-height:1.3}code{font:0.95em ui-monospace,monospace}";

fn page(status: StatusCode, title: &str, why: &str) -> Response {
    let style = STYLE.replace(' ', "%20");
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · Resync</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"data:text/css,{style}\"></head><body><main><h1>{title}</h1><p>{why}</p>\
         <p>For a new link run <code>resync console</code> on this machine; for a demo press Enter in the terminal where \
         <code>resync demo --serve</code> runs.</p></main></body></html>"
    );
    let policy = "default-src 'none'; style-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = (status, [(header::CONTENT_TYPE, kind)], html).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
