//! A form that a page sent: names and values, a name perhaps several times.
//!
//! Must not know: which forms there are.

use axum::extract::{Form as AxumForm, FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::problem::{Problem, Refusal};

/// What was filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match AxumForm::from_request(request, state).await {
            Ok(AxumForm(fields)) => Ok(Self(fields)),
            Err(_) => Err(Problem::of(Refusal::BadRequest, "the form cannot be read; go back and send it again")),
        }
    }
}

impl Form {
    /// The first value of a field, without spaces around it; none when it is missing or empty.
    pub(super) fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next().map(str::trim).filter(|text| !text.is_empty())
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// Where a browser goes after a form was carried out: another page, so that loading it again sends nothing again.
pub(super) fn go_to(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(axum::http::header::LOCATION, address.to_owned())]).into_response()
}
