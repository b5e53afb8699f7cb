//! Passes a browser's requests on to a deployment, signed, and the answers back: what the browser knows of this machine stays
//! here, and the browser never sees a credential.
//!
//! Must not know: who is let in (its guard decides), or what the pages are.

use std::sync::Arc;

use api::{Problem, Refusal};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::whole::{first_part, joined};
use super::{Asked, Deployment};

/// The most bytes of a request. AWS takes 6 MB, in which a form's bytes may be a third longer
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST: usize = 4 * 1024 * 1024;

/// What a page's request may say to the function. Nothing that tells who asks is among it: no cookie, no token, no origin, no
/// forwarded name. Who asks is told by the signature.
const TO_FUNCTION: [&str; 13] = [
    "accept",
    "accept-language",
    "content-type",
    "hx-boosted",
    "hx-history-restore-request",
    "hx-prompt",
    "hx-request",
    "hx-target",
    "hx-trigger",
    "hx-trigger-name",
    "idempotency-key",
    "if-modified-since",
    "if-none-match",
];

/// What of an answer is between two machines only (RFC 9110, section 7.6.1), or would set something in the browser for this
/// machine's name.
const NOT_BACK: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A router that passes everything on.
pub(crate) fn router(deployment: Arc<Deployment>) -> Router {
    Router::new().fallback(pass_on).with_state(deployment)
}

async fn pass_on(State(deployment): State<Arc<Deployment>>, request: Request) -> Response {
    let answered = async {
        let asked = asked(request).await?;
        let first = first_part(&asked);
        let answer = deployment.ask(first.as_ref().unwrap_or(&asked)).await;
        let answer = answer.map_err(|failure| Problem::of(Refusal::Unavailable, failure.words()))?;
        Ok(match first {
            Some(first) => joined(answer, first, deployment),
            None => passed_back(answer, &deployment),
        })
    };
    answered.await.unwrap_or_else(|problem: Problem| problem.into_response())
}

/// The request as the function gets it.
async fn asked(request: Request) -> Result<Asked, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(|_| {
        Problem::of(Refusal::TooLarge, "AWS takes no more than 4 MB at a time; send less, or use `resync import`")
    })?;
    let wanted = |name: &HeaderName| TO_FUNCTION.contains(&name.as_str());
    let headers =
        parts.headers.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone()));
    Ok(Asked { method: parts.method, path: path(&parts.uri), headers: headers.collect(), body })
}

/// Path and query. A form writes a space as `+`, which a signature may take for a plus; `%20` is a space to all.
fn path(uri: &Uri) -> String {
    match uri.query() {
        Some(query) => format!("{}?{}", uri.path(), query.replace('+', "%20")),
        None => uri.path().to_owned(),
    }
}

/// The function's answer as the browser gets it, piece by piece.
fn passed_back(answer: reqwest::Response, deployment: &Deployment) -> Response {
    let (status, headers) = (answer.status(), back(answer.headers(), deployment));
    let pieces = stream::try_unfold(answer, async |mut answer: reqwest::Response| {
        Ok::<_, reqwest::Error>(answer.chunk().await?.map(|piece| (piece, answer)))
    });
    (status, headers, Body::from_stream(pieces)).into_response()
}

pub(super) fn back(headers: &HeaderMap, deployment: &Deployment) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| !NOT_BACK.contains(&name.as_str()));
    let mut headers: HeaderMap = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    // The function may name itself by its own address, which lets no browser in.
    if let Some(place) = headers.get(header::LOCATION).and_then(|place| place.to_str().ok()) {
        let here = place.strip_prefix(&deployment.address.to_string()).unwrap_or(place).to_owned();
        match here.parse() {
            Ok(here) => drop(headers.insert(header::LOCATION, here)),
            Err(_) => drop(headers.remove(header::LOCATION)),
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_function_is_told_what_is_asked_and_nothing_of_who_asks_by_which_browser() {
        let request = Request::post("/connections/a%20b?q=a+b&r=%2B")
            .header("cookie", "resync_session_1=secret")
            .header("origin", "http://127.0.0.1:1")
            .header("host", "127.0.0.1:1")
            .header("authorization", "Bearer secret")
            .header("x-forwarded-for", "10.0.0.1")
            .header("x-amz-security-token", "somebody else's")
            .header("connection", "close")
            .header("idempotency-key", "friday")
            .header("hx-request", "true")
            .body(Body::from("a=b"))
            .expect("a request");
        let asked = asked(request).await.expect("it is small");
        assert_eq!(asked.path, "/connections/a%20b?q=a%20b&r=%2B");
        let mut names: Vec<&str> = asked.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["hx-request", "idempotency-key"]);
        assert_eq!(asked.body, "a=b");
    }

    #[tokio::test]
    async fn a_body_that_aws_would_not_take_is_not_read_to_its_end() {
        let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
        let request = Request::post("/").body(Body::from_stream(pieces)).expect("a request");
        let refused = asked(request).await.err().expect("it is refused").into_response();
        assert_eq!(refused.status(), axum::http::StatusCode::PAYLOAD_TOO_LARGE);
    }
}
