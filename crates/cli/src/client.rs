//! The commands' way to the routes: to a deployment in AWS by its function URL, over the loopback socket of the `resync local`
//! that runs, or in this process.
//!
//! All ways lead through the very same router, so a command never knows which one it took.
//!
//! Must not know: the commands, or what the routes do.

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::args::Common;
use crate::cloud::Deployment;
use crate::exit::Failure;
use crate::local::{self, Access};

mod in_process;
mod over_tcp;
mod over_url;
mod path;
mod place;
mod problem;

use in_process::InProcess;
use over_tcp::OverTcp;
use over_url::OverUrl;
pub(crate) use path::Route;
pub(crate) use place::Place;

/// The most that a failure's description is read.
const LONGEST_PROBLEM: usize = 1 << 20;

/// A client of the data.
pub(crate) struct Client {
    way: Way,
}

enum Way {
    Cloud(OverUrl),
    Running(OverTcp),
    Stopped(InProcess),
}

/// What is asked.
struct Question<'a> {
    method: Method,
    route: &'a Route,
    /// The header `Idempotency-Key`.
    name: Option<&'a str>,
    body: Option<&'a Value>,
}

/// The header by which the same question asked again is known.
const NAME: &str = "idempotency-key";

/// The header that says where the next page of a file begins.
pub(crate) const NEXT: &str = "resync-next";

/// The records of a page of a file: what Lambda carries is enough for several times as many.
pub(crate) const PAGE: &str = "2000";

fn next_page(headers: &HeaderMap) -> Option<String> {
    headers.get(NEXT).and_then(|next| next.to_str().ok()).map(str::to_owned)
}

/// What a route answered, before its body is read.
struct Answer {
    status: StatusCode,
    /// The header `Resync-Next`: where a page of a file goes on.
    next: Option<String>,
    body: Chunks,
}

/// A page of a file.
pub(crate) struct Page {
    pub(crate) body: Chunks,
    /// Where the next one begins; none at the end.
    pub(crate) next: Option<String>,
}

/// A body, piece by piece.
pub(crate) enum Chunks {
    /// From the socket.
    OverTcp(reqwest::Response),
    /// From the router of this process.
    InProcess(axum::body::BodyDataStream),
}

impl Client {
    /// Finds the way to the place that is named (the usual directory when none is).
    pub(crate) async fn open(common: &Common) -> Result<Self, Failure> {
        match Place::of(common)? {
            Place::Directory(data) => Self::over(local::access(data).await?),
            Place::Cloud(address) => Ok(Self::to(Deployment::at(address, common.region.clone()).await?)),
        }
    }

    /// As [`Client::open`], for a command that a newcomer may begin with: the directory is created when it is not there.
    pub(crate) async fn open_or_create(common: &Common) -> Result<Self, Failure> {
        match Place::of(common)? {
            Place::Directory(data) => Self::over(local::access_or_create(data).await?),
            Place::Cloud(address) => Ok(Self::to(Deployment::at(address, common.region.clone()).await?)),
        }
    }

    fn to(deployment: Deployment) -> Self {
        Self { way: Way::Cloud(OverUrl::to(deployment)) }
    }

    fn over(access: Access) -> Result<Self, Failure> {
        let way = match access {
            Access::Running(endpoint) => Way::Running(OverTcp::to(&endpoint)?),
            Access::Stopped(system) => Way::Stopped(InProcess::over(system)),
        };
        Ok(Self { way })
    }

    /// Whether somebody is there to carry out what is asked for.
    pub(crate) fn is_running(&self) -> bool {
        match self.way {
            Way::Cloud(_) | Way::Running(_) => true,
            Way::Stopped(_) => false,
        }
    }

    /// That nobody is there to try anything, so that no time that is told comes true; nothing where somebody is, or where time
    /// stands still.
    pub(crate) fn stopped(&self) -> Option<String> {
        match &self.way {
            Way::Cloud(_) | Way::Running(_) => None,
            Way::Stopped(way) if way.is_for_looking_only() => None,
            Way::Stopped(way) => Some(format!(
                "`resync local` is not running on {}: nothing is retried until it is started",
                way.directory().display()
            )),
        }
    }

    /// Where the `resync local` that runs is reached, such as `http://127.0.0.1:40001`.
    pub(crate) fn url(&self) -> Option<&str> {
        match &self.way {
            Way::Running(way) => Some(way.url()),
            Way::Cloud(_) | Way::Stopped(_) => None,
        }
    }

    /// Whether it is what a demo kept, which nothing changes.
    pub(crate) fn is_for_looking_only(&self) -> bool {
        match &self.way {
            Way::Cloud(_) | Way::Running(_) => false,
            Way::Stopped(way) => way.is_for_looking_only(),
        }
    }

    /// Reads.
    pub(crate) async fn get(&self, route: impl Into<Route>) -> Result<Value, Failure> {
        self.call(Method::GET, route.into(), None).await
    }

    /// Has something done.
    pub(crate) async fn post(&self, route: impl Into<Route>, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, route.into(), Some(body)).await
    }

    /// Has something done once, however often it is asked for under this name (the header `Idempotency-Key`).
    pub(crate) async fn post_as(
        &self,
        route: impl Into<Route>,
        name: Option<&str>,
        body: &Value,
    ) -> Result<Value, Failure> {
        self.named_call(Method::POST, route.into(), name, Some(body)).await
    }

    /// Puts a value in place of another.
    pub(crate) async fn put(&self, route: impl Into<Route>, body: &Value) -> Result<Value, Failure> {
        self.call(Method::PUT, route.into(), Some(body)).await
    }

    /// Changes some fields (RFC 7396).
    pub(crate) async fn patch(&self, route: impl Into<Route>, body: &Value) -> Result<Value, Failure> {
        self.call(Method::PATCH, route.into(), Some(body)).await
    }

    /// Removes.
    pub(crate) async fn delete(&self, route: impl Into<Route>) -> Result<Value, Failure> {
        self.call(Method::DELETE, route.into(), None).await
    }

    /// Reads a page of what may be long, piece by piece.
    pub(crate) async fn page(&self, route: impl Into<Route>) -> Result<Page, Failure> {
        let route = route.into();
        let answer = self.send(&Question { method: Method::GET, route: &route, name: None, body: None }).await?;
        if !answer.status.is_success() {
            return Err(answer.problem().await);
        }
        Ok(Page { body: answer.body, next: answer.next })
    }

    /// Lets go of the data directory.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.way {
            Way::Cloud(_) | Way::Running(_) => Ok(()),
            Way::Stopped(system) => system.close().await,
        }
    }

    async fn call(&self, method: Method, route: Route, body: Option<&Value>) -> Result<Value, Failure> {
        self.named_call(method, route, None, body).await
    }

    async fn named_call(
        &self,
        method: Method,
        route: Route,
        name: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let answer = self.send(&Question { method, route: &route, name, body }).await?;
        if !answer.status.is_success() {
            return Err(answer.problem().await);
        }
        let text = answer.body.all(usize::MAX).await?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&text).with_context(|| format!("reading the answer of {}", route.as_str()))?)
    }

    async fn send(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        match &self.way {
            Way::Cloud(way) => way.send(question).await,
            Way::Running(way) => way.send(question).await,
            Way::Stopped(way) => way.send(question).await,
        }
    }
}

impl Answer {
    async fn problem(self) -> Failure {
        match self.body.all(LONGEST_PROBLEM).await {
            Ok(text) => problem::failure(self.status, &text),
            Err(unread) => unread,
        }
    }
}

impl Chunks {
    /// The next piece; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::OverTcp(response) => Ok(response.chunk().await.context("reading the answer")?),
            Self::InProcess(body) => in_process::next(body).await,
        }
    }

    async fn all(mut self, at_most: usize) -> Result<Vec<u8>, Failure> {
        let mut text = Vec::new();
        while let Some(piece) = self.next().await? {
            text.extend_from_slice(&piece[..piece.len().min(at_most - text.len())]);
        }
        Ok(text)
    }
}
