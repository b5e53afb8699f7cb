//! Problems as pages: what a program gets as a problem document, a browser gets as a page that says what to do.
//!
//! Must not know: what went wrong.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::assets::STYLE;
use super::secure;
use super::suspension::sentence;

/// The largest problem that is shown.
const LARGEST: usize = 1 << 20;

/// Turns a problem into a page, where a browser asked for one.
pub(crate) async fn as_page(request: Request, next: Next) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let wants_page = accepts.contains("text/html") && !request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if !wants_page || kind != Some(b"application/problem+json") {
        return response;
    }
    let status = response.status();
    let problem = to_bytes(response.into_body(), LARGEST).await.ok();
    let problem = problem.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null);
    secure((status, page(status, &problem)).into_response()).await
}

fn page(status: StatusCode, problem: &Value) -> Markup {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    // The document speaks to a program, of routes.
    let (title, detail) = if text("type").ends_with(":no-such-route") {
        ("There is no such page", "The address is mistyped, or what was there is gone.".to_owned())
    } else {
        (text("title"), sentence(text("detail")))
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " · Resync" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href=(STYLE.address());
            }
            body.trouble {
                main id="main" {
                    p.muted { "Error " (status.as_u16()) }
                    h1 { (title) }
                    p { (detail) }
                    p { a.button href="/" { "Go to the overview" } }
                }
            }
        }
    }
}
