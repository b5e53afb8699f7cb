//! The HTTP side: routes, the call's way through the org, the admin routes and the connections that can be cut.
//! It must not judge a request: it reads it, asks the org, and writes the reply.

mod admin;
mod connection;
mod data;
mod shell;

pub(crate) use connection::{Connection, CuttableListener};
pub(crate) use shell::Shell;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, post};

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 50 * 1024 * 1024;

/// All routes of the simulator.
pub(crate) fn router(shell: Arc<Shell>) -> Router {
    Router::new()
        .route("/services/oauth2/token", post(data::token))
        .nest("/__sim", admin::router())
        .fallback(any(data::data))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(shell)
}
