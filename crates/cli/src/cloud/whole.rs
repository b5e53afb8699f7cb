//! An export, which a deployment gives in parts, as the one file that a browser saves: Lambda carries no more than 6 MB at a time
//! (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
//!
//! Must not know: what is exported.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::proxy::back;
use super::{Asked, Deployment};
use crate::client::{NEXT, PAGE};
use crate::exit::Failure;

/// What is still to be read of a file.
struct Rest {
    deployment: Arc<Deployment>,
    asked: Asked,
    part: reqwest::Response,
    /// Where the next part begins.
    next: Option<String>,
}

/// The request for the first part, when a whole export is asked for.
pub(super) fn first_part(asked: &Asked) -> Option<Asked> {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let is_export = path.starts_with("/v1/connections/") && path.ends_with("/export");
    let in_parts = query.split('&').any(|pair| pair.starts_with("limit=") || pair.starts_with("cursor="));
    let sign = if query.is_empty() { "" } else { "&" };
    let path = format!("{path}?{query}{sign}limit={PAGE}");
    (asked.method == Method::GET && is_export && !in_parts).then(|| Asked { path, ..asked.clone() })
}

/// The answer to the first part, and behind its bytes those of all others.
pub(super) fn joined(first: reqwest::Response, asked: Asked, deployment: Arc<Deployment>) -> Response {
    let status = first.status();
    let mut headers = back(first.headers(), &deployment);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(NEXT);
    let rest = Rest { deployment, asked, next: next(&first), part: first };
    let pieces = stream::try_unfold(rest, async |mut rest: Rest| {
        Ok::<_, Failure>(rest.piece().await?.map(|piece| (piece, rest)))
    });
    (status, headers, Body::from_stream(pieces)).into_response()
}

fn next(part: &reqwest::Response) -> Option<String> {
    part.headers().get(NEXT).and_then(|next| next.to_str().ok()).map(str::to_owned)
}

impl Rest {
    /// The next bytes; nothing at the end. A part that is refused ends the file in the middle, which the browser says.
    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(piece) = self.part.chunk().await.map_err(anyhow::Error::from)? {
                return Ok(Some(piece));
            }
            let Some(next) = self.next.take() else { return Ok(None) };
            let asked = Asked { path: format!("{}&cursor={next}", self.asked.path), ..self.asked.clone() };
            let part = self.deployment.ask(&asked).await?;
            self.part = part.error_for_status().map_err(anyhow::Error::from)?;
            self.next = self::next(&self.part);
        }
    }
}
