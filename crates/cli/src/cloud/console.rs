//! The console of a deployment, on this machine: a page's requests are signed here and passed on, until a signal ends it.
//!
//! Must not know: what the pages show, or how a browser is started.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::Context;
use api::guard::{Guard, guarded};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use engine::ports::Entropy;
use functions::{SystemClock, SystemEntropy};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Asked, Deployment, proxy};
use crate::exit::Failure;
use crate::local;

/// A console that can be opened.
pub(crate) struct Console {
    /// The link that opens it once.
    pub(crate) link: String,
    listener: TcpListener,
    router: Router,
}

impl Console {
    /// Makes sure that the deployment lets its user in, and gets ready on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When the deployment cannot be asked.
    pub(crate) async fn of(deployment: Deployment) -> Result<Self, Failure> {
        let asked =
            Asked { method: Method::GET, path: "/v1/system".to_owned(), headers: HeaderMap::new(), body: Bytes::new() };
        let status = deployment.ask(&asked).await?.status();
        if !status.is_success() {
            let said = format!("{} answers {status}; is it the URL of a resync deployment?", deployment.address);
            return Err(Failure::Wrong(said));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening on 127.0.0.1")?;
        let port = listener.local_addr().context("asking where it listens")?.port();
        let guard = Guard::on_loopback(token(), port, SystemClock, SystemEntropy);
        let link = format!("http://127.0.0.1:{port}{}", guard.ticket());
        let router = guarded(proxy::router(Arc::new(deployment)), guard, local::user());
        Ok(Self { link, listener, router })
    }

    /// Serves it until Ctrl-C or SIGTERM. What is under way then is cut off: the browser asks again.
    ///
    /// # Errors
    /// When signals cannot be listened to, or the socket fails.
    pub(crate) async fn serve(self) -> Result<(), Failure> {
        let mut stop = signal(SignalKind::terminate()).context("listening to signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listening to signals")?;
        tokio::select! {
            served = axum::serve(self.listener, self.router) => Ok(served.context("serving the console")?),
            _ = stop.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    }
}

/// A bearer token that nobody knows: a browser comes in by its link alone.
fn token() -> String {
    let part = || format!("{:016x}", SystemEntropy.number());
    [part(), part(), part(), part()].concat()
}
