//! The web console: pages that are made here, over the same use cases as the JSON routes. Everything on them is plain links and
//! forms; htmx only brings progress in by itself.
//!
//! Must not know: who serves it, how an operator was let in.

mod assets;
mod audit;
mod bar;
mod chart;
mod errors;
mod filters;
mod form;
mod frame;
mod lines;
mod misspelt;
mod overview;
mod parts;
mod plans;
mod record;
mod records;
mod requests;
mod runs;
mod scene;
mod settings;
mod suspension;
mod trouble;
mod usage;
mod when;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use engine::parts::Ports;
use maud::Markup;

use crate::problem::Problem;

pub(crate) use trouble::as_page;

/// What a page comes to.
type Shown = Result<Markup, Problem>;

pub(crate) fn all<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .merge(overview::routes())
        .merge(errors::routes())
        .merge(records::routes())
        .merge(record::routes())
        .merge(plans::routes())
        .merge(requests::routes())
        .merge(usage::routes())
        .merge(runs::routes())
        .merge(audit::routes())
        .merge(settings::routes())
        .merge(suspension::routes())
        .merge(assets::routes())
        .layer(map_response(secure))
}

/// What a page may load and do: nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), usb=()"),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
