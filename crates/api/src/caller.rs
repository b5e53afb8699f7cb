//! Who is calling, as the audit names them, and whether they may change anything.
//!
//! Must not know: how that was found out.

use std::fmt;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Problem, Refusal};

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Read, and plan.
    Viewer,
    /// Everything.
    Operator,
}

/// Who is calling, such as a user of the machine. Set by whoever serves or calls the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    name: String,
    role: Role,
}

impl Caller {
    /// The most characters of a name that are kept.
    pub const LONGEST: usize = 256;

    /// A caller of this name and role. The name is kept without control characters and cut to [`Caller::LONGEST`]; one
    /// without a name is `unknown`.
    #[must_use]
    pub fn new(name: &str, role: Role) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect();
        let name = name.trim();
        let name = if name.is_empty() { "unknown" } else { name };
        Self { name: name.to_owned(), role }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// What they may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Refuses a request of which nobody said who makes it, since nothing may be changed that the audit cannot lay at a door; and
/// one by a viewer that may change something. It stands before all routes, so that a new one is closed to viewers by itself.
pub(crate) async fn permitted(request: Request, next: Next) -> Response {
    let Some(role) = request.extensions().get::<Caller>().map(Caller::role) else {
        return Problem::of(Refusal::Unauthorised, "nobody said who is calling").into_response();
    };
    match role {
        Role::Viewer if may_change(&request) => {
            let detail = "viewers may read and plan; ask whoever runs Resync here to make you an operator";
            Problem::of(Refusal::Forbidden, detail).into_response()
        }
        Role::Viewer | Role::Operator => next.run(request).await,
    }
}

/// Whether a request may change something: any but a reading one, and the one for a plan.
pub(crate) fn may_change(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let plans = *request.method() == Method::POST && route.ends_with("/plans");
    !reads && !plans
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use axum::{Extension, Router};
    use tower::ServiceExt;

    use super::*;

    async fn status(role: Role, method: Method, path: &str) -> StatusCode {
        let router = Router::new()
            .route("/v1/connections/{connection}/plans", post(|| async {}).put(|| async {}))
            .route("/v1/connections/{connection}", get(|| async {}).post(|| async {}))
            .layer(axum::middleware::from_fn(permitted))
            .layer(Extension(Caller::new("vic", role)));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        router.oneshot(request).await.expect("a router does not fail").status()
    }

    #[tokio::test]
    async fn a_viewer_may_ask_for_a_plan_and_for_nothing_else_by_post() {
        let plans = "/v1/connections/acme/plans";
        assert_eq!(status(Role::Viewer, Method::POST, plans).await, StatusCode::OK);
        assert_eq!(status(Role::Viewer, Method::PUT, plans).await, StatusCode::FORBIDDEN);
        assert_eq!(status(Role::Viewer, Method::POST, "/v1/connections/plans").await, StatusCode::FORBIDDEN);
        assert_eq!(status(Role::Operator, Method::POST, "/v1/connections/plans").await, StatusCode::OK);
    }

    #[test]
    fn a_name_is_cut_and_cleaned_and_never_empty() {
        let named = |name: &str| Caller::new(name, Role::Viewer).to_string();
        assert_eq!(named(" ada\n\u{1b}[31m "), "ada[31m");
        assert_eq!(named(&"ä".repeat(257)), "ä".repeat(256));
        assert_eq!((named(""), named("\0 ")), ("unknown".to_owned(), "unknown".to_owned()));
    }
}
