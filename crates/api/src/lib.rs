//! HTTP routes and pages over the engine's use cases, served on loopback by `resync local` and called in process by the commands.
//!
//! Must not know: Salesforce, raw attributes of a table, who serves it. A handler does three things: parse, call the engine,
//! shape the answer.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{from_fn, from_fn_with_state, map_request, map_response_with_state};
use engine::parts::Ports;

mod caller;
mod cursor;
pub mod distance;
pub mod guard;
mod input;
pub mod near;
mod once;
mod pages;
mod params;
mod plan_id;
mod problem;
mod routes;
mod row;
mod sheet;
mod wanted;

pub use caller::{Caller, Role};
pub use problem::{Problem, Refusal};

/// The largest body that is read, in bytes, but for imports.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// The largest body of an import, in bytes.
pub const LARGEST_IMPORT: usize = 8 * 1024 * 1024;

/// All routes. Whoever serves or calls it says who is calling by a [`Caller`] among the request's extensions; without one every
/// request is refused.
pub fn router<P: Ports + 'static>(ports: Arc<P>) -> Router {
    routes::all::<P>()
        .merge(pages::all())
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn_with_state(Arc::clone(&ports), once::once::<P>))
        .layer(map_response_with_state(Arc::clone(&ports), problem::report_failure::<P>))
        .layer(map_request(limited))
        .layer(from_fn(caller::permitted))
        .layer(from_fn(pages::as_page))
        .with_state(ports)
}

/// The largest body that a request's route reads, in bytes.
fn largest_body(request: &Request) -> usize {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if route.ends_with("/imports") { LARGEST_IMPORT } else { LARGEST_BODY }
}

async fn limited(mut request: Request) -> Request {
    DefaultBodyLimit::max(largest_body(&request)).apply(&mut request);
    request
}
