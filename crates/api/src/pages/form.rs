//! A form that a page sent: names and values, a name perhaps several times; and one that was refused, which is shown again as it
//! was filled in, each mistake beside its field.
//!
//! Must not know: which forms there are.

use axum::extract::{Form as AxumForm, FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use rules::fields::Mistake;

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

impl From<Vec<(String, String)>> for Form {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(fields)
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

/// A form that was refused: what was written, and what is wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    form: Form,
    mistakes: Vec<Mistake>,
}

impl Refused {
    /// `form`, with its mistakes.
    pub(super) fn new(form: impl Into<Form>, mistakes: Vec<Mistake>) -> Self {
        Self { form: form.into(), mistakes }
    }

    /// What was written into a field.
    pub(super) fn written(&self, name: &str) -> &str {
        self.form.0.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// How many mistakes it has.
    pub(super) fn count(&self) -> u64 {
        self.mistakes.len() as u64
    }

    /// The mistakes of a field, or of a part of it.
    pub(super) fn of_field(&self, name: &str) -> Vec<&Mistake> {
        self.mistakes.iter().filter(|mistake| mistake.field.starts_with(name)).collect()
    }

    /// The mistakes that none of these fields can show beside itself.
    pub(super) fn elsewhere(&self, shown: &[&str]) -> Vec<&Mistake> {
        self.mistakes.iter().filter(|mistake| !shown.iter().any(|name| mistake.field.starts_with(name))).collect()
    }
}

/// What is wrong with a field, below it.
pub(super) fn mistakes(mistakes: &[&Mistake]) -> Markup {
    html! { @for mistake in mistakes { p.mistake role="alert" { "It " (mistake.problem) ": " (mistake.mend.replace('`', "")) "." } } }
}

/// What is wrong with a form and belongs to no field of its page.
pub(super) fn mistakes_elsewhere(mistakes: &[&Mistake]) -> Markup {
    html! {
        @for mistake in mistakes {
            p.mistake role="alert" { code { (mistake.field) } " " (mistake.problem) ": " (mistake.mend) "." }
        }
    }
}

/// The answer to a form that is refused: its page again, which says why.
pub(super) fn refused(page: Markup) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// Where a browser goes after a form was carried out: another page, so that loading it again sends nothing again.
pub(super) fn go_to(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(axum::http::header::LOCATION, address.to_owned())]).into_response()
}
