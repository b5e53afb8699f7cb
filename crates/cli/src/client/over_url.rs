//! The way to a deployment in AWS: the same routes behind its function URL, each request signed.
//!
//! Must not know: how it is signed, or what is asked for.

use axum::body::Bytes;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{Answer, Chunks, NAME, Question, next_page};
use crate::cloud::{Asked, Deployment};
use crate::exit::Failure;

/// A client of one deployment.
pub(super) struct OverUrl(Deployment);

impl OverUrl {
    pub(super) fn to(deployment: Deployment) -> Self {
        Self(deployment)
    }

    pub(super) async fn send(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some(name) = question.name {
            let value = HeaderValue::from_str(name);
            let value =
                value.map_err(|_| Failure::Wrong("--id is no name; write letters, digits, - and _".to_owned()))?;
            headers.insert(HeaderName::from_static(NAME), value);
        }
        if question.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = question.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let path = question.route.as_str().to_owned();
        let response = self.0.ask(&Asked { method: question.method.clone(), path, headers, body }).await?;
        let next = next_page(response.headers());
        Ok(Answer { status: response.status(), next, body: Chunks::OverTcp(response) })
    }
}
