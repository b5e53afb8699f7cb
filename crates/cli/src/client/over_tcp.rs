//! The way to a `resync local` that runs: HTTP on the loopback interface, with the token of the data directory.
//!
//! Must not know: what is asked for.

use anyhow::Context;

use super::{Answer, Chunks, NAME, Question, next_page};
use crate::exit::Failure;
use crate::local::{Endpoint, Pid, Token};

/// An HTTP client of one `resync local`.
pub(super) struct OverTcp {
    http: reqwest::Client,
    url: String,
    token: Token,
    pid: Pid,
}

impl OverTcp {
    /// A client of `endpoint`. Proxies are for the network; this stays on the machine.
    pub(super) fn to(endpoint: &Endpoint) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            http: http.build().context("preparing to ask resync local")?,
            url: endpoint.url.clone(),
            token: endpoint.token.clone(),
            pid: endpoint.pid,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn send(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let url = format!("{}{}", self.url, question.route.as_str());
        let mut request = self.http.request(question.method.clone(), url).bearer_auth(self.token.expose());
        if let Some(name) = question.name {
            request = request.header(NAME, name);
        }
        if let Some(body) = question.body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| {
            format!("asking resync local (process {}) at {}; if it has just ended, ask again", self.pid.0, self.url)
        })?;
        let next = next_page(response.headers());
        Ok(Answer { status: response.status(), next, body: Chunks::OverTcp(response) })
    }
}
