//! Who is calling, as the audit names them.
//!
//! Must not know: how that was found out.

use std::fmt;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Problem, Refusal};

/// Who is calling, such as a user of the machine. Set by whoever serves or calls the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(String);

impl Caller {
    /// The most characters of a name that are kept.
    pub const LONGEST: usize = 64;

    /// A caller of this name, without control characters and cut to [`Caller::LONGEST`]; one without a name is `unknown`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect();
        let name = name.trim();
        Self(if name.is_empty() { "unknown".to_owned() } else { name.to_owned() })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses a request of which nobody said who makes it: nothing may be changed that the audit cannot lay at a door.
pub(crate) async fn known(request: Request, next: Next) -> Response {
    if request.extensions().get::<Caller>().is_none() {
        return Problem::of(Refusal::Unauthorised, "nobody said who is calling").into_response();
    }
    next.run(request).await
}
