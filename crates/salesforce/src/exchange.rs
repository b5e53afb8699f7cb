//! One HTTP request and its answer, or the lack of one.
//!
//! Must not know: what is asked, what an answer means.

use std::error::Error;
use std::iter::successors;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::ports::OrgFigure;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, header};
use rules::counts::ApiCalls;
use rules::ids::ConnectionId;
use tracing::warn;

use crate::limit_info;
use crate::names::{Guarded, Names};

const USER_AGENT: &str = concat!("resync/", env!("CARGO_PKG_VERSION"));

/// The longest that a connection may take to come about.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// How long an idle connection is used again. Short, so that none is taken up that the other side has closed meanwhile: a
/// request lost on it would count as one with an unknown outcome.
const LONGEST_IDLE: Duration = Duration::from_secs(20);

/// The longest body that is read: 200 results with long messages stay far below.
const LONGEST_BODY: usize = 8 * 1024 * 1024;

/// An answer.
pub(crate) struct Heard {
    /// Its status.
    pub(crate) status: u16,
    /// The org's figure, if it carried one.
    pub(crate) org: Option<OrgFigure>,
    /// Its body; empty when it broke off or was too long, for then nothing in it can be relied on.
    pub(crate) body: Vec<u8>,
}

/// No answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The request was not sent: no connection came about.
    NotSent,
    /// It may have been received.
    Lost,
}

/// One connection's HTTP client, with a pool of its own.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: ConnectionId,
    http: Client,
    requests: AtomicU64,
}

impl Wire {
    /// A client whose requests take `timeout` at most, and go where `names` lead. `plain` is for this machine only: no proxy is
    /// asked.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new<N: Names>(
        connection: ConnectionId,
        timeout: Duration,
        plain: bool,
        names: Guarded<N>,
    ) -> Result<Self, reqwest::Error> {
        let builder = settings(timeout).dns_resolver(names);
        let builder = if plain { builder.no_proxy() } else { builder };
        Ok(Self { connection, http: builder.build()?, requests: AtomicU64::new(0) })
    }

    /// The client, to prepare a request with.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// The requests made so far, those included for which no connection came about.
    pub(crate) fn requests(&self) -> ApiCalls {
        ApiCalls(self.requests.load(Ordering::Relaxed))
    }

    /// Makes one request.
    ///
    /// # Errors
    /// When no answer came.
    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<Heard, Silence> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match request.send().await {
            Ok(response) => Ok(self.heard(response).await),
            Err(error) => Err(self.silence(error)),
        }
    }

    async fn heard(&self, response: Response) -> Heard {
        let status = response.status().as_u16();
        let org = response.headers().get_all(limit_info::HEADER).iter().find_map(|value| {
            let text = value.to_str().ok()?;
            limit_info::org_figure(text)
        });
        let body = body(response).await.unwrap_or_else(|problem| {
            let connection = &self.connection;
            warn!(%connection, status, problem = chain(&problem), "the answer could not be read to its end");
            Vec::new()
        });
        Heard { status, org, body }
    }

    fn silence(&self, error: reqwest::Error) -> Silence {
        let silence = if error.is_connect() || error.is_builder() { Silence::NotSent } else { Silence::Lost };
        let connection = &self.connection;
        warn!(%connection, ?silence, problem = chain(&error.without_url()), "no answer came from Salesforce");
        silence
    }
}

/// While it works on a batch, Salesforce sends nothing: the wait for the next byte may last as long as the whole request.
/// A pooled connection that was closed before the request went out is replaced by the client; what went out never goes
/// out again.
fn settings(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .default_headers([(header::ACCEPT, header::HeaderValue::from_static("application/json"))].into_iter().collect())
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .connect_timeout(LONGEST_CONNECT.min(timeout / 2))
        .read_timeout(timeout)
        .timeout(timeout)
        .pool_idle_timeout(LONGEST_IDLE)
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
enum NoBody {
    #[error("it is longer than {LONGEST_BODY} bytes")]
    TooLong,
    #[error("it broke off")]
    BrokeOff(#[source] reqwest::Error),
}

async fn body(mut response: Response) -> Result<Vec<u8>, NoBody> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| NoBody::BrokeOff(error.without_url()))? {
        if body.len() + chunk.len() > LONGEST_BODY {
            return Err(NoBody::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let texts: Vec<String> = successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    texts.join(": ")
}
