//! The guard: who may speak to the router over a socket that every process of the machine, and every page in a browser, can
//! reach.
//!
//! Must not know: what the routes do.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use engine::ports::{Clock, Entropy};
use subtle::ConstantTimeEq;

use crate::caller::Caller;
use crate::problem::{Problem, Refusal};

mod door;
mod sessions;

use sessions::Sessions;

/// What a request must show: the bearer token, or the cookie of a session that was opened with a ticket.
#[derive(Clone)]
pub struct Guard {
    token: String,
    hosts: Vec<String>,
    cookie: String,
    sessions: Arc<Sessions>,
}

impl Guard {
    /// A guard of a socket on loopback at this port, which wants this bearer token and one of this machine's two names in the
    /// `Host` header. Any other host is a name that somebody made to point here. The clock tells how old a ticket is, and
    /// chance must be such that nobody guesses it.
    #[must_use]
    pub fn on_loopback(
        token: impl Into<String>,
        port: u16,
        clock: impl Clock + 'static,
        chance: impl Entropy + 'static,
    ) -> Self {
        Self {
            token: token.into(),
            hosts: vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            // A browser sends a machine's cookies to all of its ports: each console needs a name of its own.
            cookie: format!("resync_session_{port}"),
            sessions: Arc::new(Sessions::new(clock, chance)),
        }
    }

    /// The path at which a browser comes in with a new ticket. It is good for one use within a minute.
    #[must_use]
    pub fn ticket(&self) -> String {
        door::address(&self.sessions.ticket())
    }

    /// What everybody must show: the right host, and no origin but the own one.
    fn check_source(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        if !the_only(headers, &header::HOST).is_some_and(|host| self.hosts.iter().any(|own| host == own.as_bytes())) {
            return Err(Problem::of(Refusal::Misdirected, "the Host header names another machine than this one"));
        }
        if headers.contains_key(header::ORIGIN) && !self.is_own_origin(headers) && !is_own_form(headers) {
            return Err(Problem::of(Refusal::Forbidden, "a page of another origin may not call this address"));
        }
        if *method == Method::OPTIONS {
            return Err(Problem::of(Refusal::Forbidden, "pages of other origins are not let in"));
        }
        Ok(())
    }

    /// Who is let in: one who has the token, or a browser with a session. A browser adds its cookie to whatever page makes it
    /// ask, so that by cookie a change must come from a page of this origin.
    fn check_person(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        if self.has_token(headers) {
            return Ok(());
        }
        if headers.contains_key(header::AUTHORIZATION) || !self.has_session(headers) {
            return Err(Problem::of(Refusal::Unauthorised, "the bearer token is missing or not the right one"));
        }
        if method.is_safe() || self.is_own_origin(headers) || is_same_origin(headers) {
            return Ok(());
        }
        Err(Problem::of(Refusal::Forbidden, "a change by cookie must come from a page of this address"))
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, session)| name == self.cookie && self.sessions.knows(session))
    }

    fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        the_only(headers, &header::ORIGIN)
            .and_then(|origin| origin.strip_prefix(b"http://"))
            .is_some_and(|host| self.hosts.iter().any(|own| host == own.as_bytes()))
    }

    /// Compares in a time that does not depend on how much of the token is right.
    fn has_token(&self, headers: &HeaderMap) -> bool {
        let given = the_only(headers, &header::AUTHORIZATION).and_then(bearer);
        !self.token.is_empty() && given.is_some_and(|given| bool::from(given.ct_eq(self.token.as_bytes())))
    }
}

/// Whether a browser says that a page of this very origin asks. No page can write this header (Fetch, "forbidden request-header").
fn is_same_origin(headers: &HeaderMap) -> bool {
    the_only(headers, &HeaderName::from_static("sec-fetch-site")) == Some(b"same-origin")
}

/// A form of a page that sends no referrer has the origin `null` (Fetch, "append a request `Origin` header"), even to its own.
fn is_own_form(headers: &HeaderMap) -> bool {
    the_only(headers, &header::ORIGIN) == Some(b"null") && is_same_origin(headers)
}

/// A header that is there exactly once.
fn the_only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut all = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    all.next().filter(|_| all.next().is_none())
}

/// The token of `Bearer TOKEN`; the scheme's name may be in any case (RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

/// `router` behind `guard`; what passes it is done by `caller`. No answer may be read by another origin, or cached
/// unless it says that it may.
pub fn guarded(router: Router, guard: Guard, caller: Caller) -> Router {
    router.layer(from_fn_with_state(Arc::new((guard, caller)), pass))
}

async fn pass(State(state): State<Arc<(Guard, Caller)>>, request: Request, next: Next) -> Response {
    let mut response = decide(state.as_ref(), request, next).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

async fn decide((guard, caller): &(Guard, Caller), mut request: Request, next: Next) -> Response {
    let (method, headers) = (request.method(), request.headers());
    if let Err(problem) = guard.check_source(method, headers) {
        return problem.into_response();
    }
    if let Some(response) = door::answer(guard, &request) {
        return response;
    }
    if let Err(problem) = guard.check_person(method, headers) {
        return door::turn_away(problem, headers);
    }
    request.extensions_mut().insert(caller.clone());
    next.run(request).await
}
