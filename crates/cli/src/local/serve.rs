//! The interface on 127.0.0.1, behind its guard.
//!
//! Must not know: what the routes do.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context;
use api::guard::{Guard, guarded};
use axum::Router;
use functions::{SystemClock, SystemEntropy};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::warn;

use super::caller;
use super::stop::Stop;
use super::token::Token;

/// How long the answers that are under way may take when it stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) url: String,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Serves `router` at this port (0 for any that is free) to whoever shows the token, until it is asked to stop.
    ///
    /// # Errors
    /// When the port is taken.
    pub(super) async fn start(router: Router, port: u16, token: &Token, stop: Stop) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.with_context(|| {
            format!(
                "the interface cannot listen on 127.0.0.1:{port}; set another `port` at the top of resync.toml, or 0 for any \
                 that is free"
            )
        })?;
        let address = listener.local_addr().context("asking where the interface listens")?;
        let guard = Guard::on_loopback(token.expose(), address.port(), SystemClock, SystemEntropy);
        let serving = axum::serve(listener, guarded(router, guard, caller::user()))
            .with_graceful_shutdown(async move { stop.asked().await });
        Ok(Self { url: format!("http://{address}"), served: tokio::spawn(async move { serving.await }) })
    }

    /// Waits for its end, which it was asked for; an answer that nobody reads is cut off.
    pub(super) async fn end(self) {
        let cut = self.served.abort_handle();
        let ended = tokio::time::timeout(PATIENCE, self.served).await;
        match ended {
            Ok(Ok(Ok(()))) => {}
            Ok(problem) => warn!(?problem, "the interface did not end in order"),
            Err(_) => {
                warn!("the interface had answers that nobody read; they are cut off");
                cut.abort();
            }
        }
    }
}
