//! The console's files: one style sheet, htmx, and a little of our own. Their addresses change with their content, so that a
//! browser may keep them for ever.
//!
//! Must not know: the pages.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::parts::Ports;

use crate::cursor::hexadecimal;
use crate::problem::no_such_route;

/// One file.
pub(super) struct Asset {
    name: String,
    kind: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let digest = hexadecimal(text.as_bytes());
        Self { name: format!("{stem}-{}.{ending}", &digest[..12]), kind, text }
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The style sheet.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "css", "text/css; charset=utf-8", include_str!("../../assets/console.css")));

/// htmx 2.0.11, from the npm package `htmx.org` (0BSD: `assets/htmx-LICENSE`).
pub(super) static HTMX: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("htmx", "js", SCRIPT, include_str!("../../assets/htmx.min.js")));

/// The little that plain HTML cannot do: all boxes of a table at once, and how many are ticked.
pub(super) static OWN: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "js", SCRIPT, include_str!("../../assets/console.js")));

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let all: [&Asset; 3] = [&STYLE, &HTMX, &OWN];
    match all.into_iter().find(|asset| asset.name == name) {
        Some(Asset { kind, text, .. }) => {
            let kept = "public, max-age=31536000, immutable";
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, kept)], *text).into_response()
        }
        None => no_such_route().await.into_response(),
    }
}
