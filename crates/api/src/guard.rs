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
use subtle::ConstantTimeEq;

use crate::caller::Caller;
use crate::problem::{Problem, Refusal};

/// What a request must show.
#[derive(Clone)]
pub struct Guard {
    token: String,
    hosts: Vec<String>,
}

impl Guard {
    /// A guard that wants this bearer token, and one of these in the `Host` header, such as `127.0.0.1:8731`. Any other host
    /// is a name that somebody made to point here.
    #[must_use]
    pub fn new(token: impl Into<String>, hosts: impl IntoIterator<Item = String>) -> Self {
        Self { token: token.into(), hosts: hosts.into_iter().collect() }
    }

    /// A guard of a socket on loopback at this port.
    #[must_use]
    pub fn on_loopback(token: impl Into<String>, port: u16) -> Self {
        Self::new(token, [format!("127.0.0.1:{port}"), format!("localhost:{port}")])
    }

    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        if !the_only(headers, &header::HOST).is_some_and(|host| self.hosts.iter().any(|own| host == own.as_bytes())) {
            return Err(Problem::of(Refusal::Misdirected, "the Host header names another machine than this one"));
        }
        if headers.contains_key(header::ORIGIN) && !self.is_own_origin(headers) {
            return Err(Problem::of(Refusal::Forbidden, "a page of another origin may not call this address"));
        }
        if *method == Method::OPTIONS {
            return Err(Problem::of(Refusal::Forbidden, "pages of other origins are not let in"));
        }
        if !self.has_token(headers) {
            return Err(Problem::of(Refusal::Unauthorised, "the bearer token is missing or not the right one"));
        }
        Ok(())
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

/// `router` behind `guard`; what passes it is done by `caller`. No answer may be cached or read by another origin.
pub fn guarded(router: Router, guard: Guard, caller: Caller) -> Router {
    router.layer(from_fn_with_state(Arc::new((guard, caller)), pass))
}

async fn pass(State(state): State<Arc<(Guard, Caller)>>, mut request: Request, next: Next) -> Response {
    let (guard, caller) = state.as_ref();
    let mut response = if let Err(problem) = guard.check(request.method(), request.headers()) {
        problem.into_response()
    } else {
        request.extensions_mut().insert(caller.clone());
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
