//! The way of a call: admitted, delayed, processed, answered, left hanging or cut off. Time is read here, under the
//! org's lock, so that the log is in the order of its times. It must not know what a call asks for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use crate::http::connection::Connection;
use crate::names::Millis;
use crate::org::answer::{Answer, Body};
use crate::org::{Admission, Call, Org, Reply};
use crate::settings::{Clock, Settings, Work, now};

const LIMIT_INFO: HeaderName = HeaderName::from_static("sforce-limit-info");

/// The org behind its lock, and what the server needs besides.
pub(crate) struct Shell {
    org: Mutex<Org>,
    clock: Clock,
    hang: Duration,
    work: Work,
    received: AtomicU64,
    stop: watch::Sender<bool>,
}

impl Shell {
    pub(crate) fn new(org: Org, settings: &Settings) -> Self {
        let (clock, hang, work) = (Arc::clone(&settings.clock), settings.hang, settings.work);
        Self { org: Mutex::new(org), clock, hang, work, received: AtomicU64::new(0), stop: watch::Sender::new(false) }
    }

    /// Notes a body that arrived.
    pub(crate) fn receive(&self, bytes: u64) {
        self.received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The bytes of all bodies so far.
    pub(crate) fn bytes_received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Uses the org, with every late commit that is due carried out.
    pub(crate) fn with_org<T>(&self, use_it: impl FnOnce(&mut Org, Millis) -> T) -> T {
        let mut org = self.org.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now(&self.clock);
        org.settle(now);
        use_it(&mut org, now)
    }

    /// Ends the server and every call that hangs.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Comes back when the server is to end.
    pub(crate) async fn stopped(&self) {
        // The sender lives in `self`, so waiting can only end by the value.
        self.stop.subscribe().wait_for(|stop| *stop).await.expect("the sender outlives this call");
    }

    /// Serves one call.
    pub(crate) async fn serve(self: &Arc<Self>, call: Call, connection: &Connection) -> Response {
        let admission = self.with_org(|org, now| org.admit(&call, now));
        let works = call.operation.rows().map_or(Duration::ZERO, |rows| self.work.of(rows));
        let lasts = works + Duration::from_millis(admission.latency());
        let reply = if lasts.is_zero() {
            self.finish(call, admission)
        } else {
            self.finish_after(call, admission, lasts).await
        };
        match reply {
            Reply::Answer(answer) => respond(answer),
            Reply::Silence => {
                self.hang().await;
                cut(connection)
            }
            Reply::Reset => cut(connection),
        }
    }

    fn finish(&self, call: Call, admission: Admission) -> Reply {
        self.with_org(|org, now| org.finish(call, admission, now))
    }

    /// A task of its own: as in Salesforce, a client that gives up does not stop the work.
    async fn finish_after(self: &Arc<Self>, call: Call, admission: Admission, lasts: Duration) -> Reply {
        let shell = Arc::clone(self);
        let work = tokio::spawn(async move {
            real_time(lasts).await;
            shell.finish(call, admission)
        });
        work.await.unwrap_or(Reply::Reset)
    }

    async fn hang(&self) {
        tokio::select! {
            () = real_time(self.hang) => {}
            () = self.stopped() => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "latency and time-outs are real time by definition: the client's socket feels them"
)]
async fn real_time(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn cut(connection: &Connection) -> Response {
    connection.cut();
    StatusCode::BAD_GATEWAY.into_response()
}

fn respond(answer: Answer) -> Response {
    let (content_type, body) = match answer.body {
        Body::Json(bytes) => (Some("application/json;charset=UTF-8"), HttpBody::from(bytes)),
        Body::Html(page) => (Some("text/html; charset=UTF-8"), HttpBody::from(page)),
        Body::Empty => (None, HttpBody::empty()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content_type) = content_type {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(Ok(usage)) = answer.usage.map(HeaderValue::try_from) {
        response.headers_mut().insert(LIMIT_INFO, usage);
    }
    response
}
