//! A request as Lambda delivers it from the function URL, and an answer as it takes one: payload format 2.0
//! (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>).
//!
//! Read here and not by `lambda_http`: that reads what other services deliver as well, and carries every character set of the web, which
//! would make the function's zip a tenth larger.
//!
//! Must not know: routes, or who may do what.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::access::Signer;

/// What an event says of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
struct Context {
    http: Http,
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

#[derive(Debug, Deserialize)]
struct Authorizer {
    iam: Option<Signer>,
}

/// What of a request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// Its method.
    #[error("the method is none of HTTP's")]
    Method,
    /// Its path or its query.
    #[error("the path is not percent-encoded")]
    Path,
    /// Its body.
    #[error("the body is not in Base64, as it says")]
    Body,
}

impl Event {
    /// Whose signature Lambda has verified.
    pub(super) fn signer(&self) -> Option<&Signer> {
        self.request_context.authorizer.as_ref().and_then(|by| by.iam.as_ref())
    }

    /// The request, as it was written: the path keeps its percent-encoding and its dots, for a record's id may hold a slash or be
    /// two dots.
    pub(super) fn request(self) -> Result<Request, Unreadable> {
        let method = Method::from_bytes(self.request_context.http.method.as_bytes()).map_err(|_| Unreadable::Method)?;
        let uri = uri(&self.raw_path, &self.raw_query_string)?;
        let headers = headers(&self.headers, &self.cookies);
        let body = match self.body {
            Some(body) if self.is_base64_encoded => STANDARD.decode(body).map_err(|_| Unreadable::Body)?,
            Some(body) => body.into_bytes(),
            None => Vec::new(),
        };
        let mut request = Request::new(Body::from(body));
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
        Ok(request)
    }
}

fn uri(path: &str, query: &str) -> Result<Uri, Unreadable> {
    let asked = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    asked.parse().map_err(|_| Unreadable::Path)
}

/// Lambda joins a header's values by commas, and gives cookies apart. What is no header is left out.
fn headers(given: &BTreeMap<String, String>, cookies: &[String]) -> HeaderMap {
    let header = |(name, value): (&String, &String)| Some((name.parse::<HeaderName>().ok()?, value.parse().ok()?));
    let mut headers: HeaderMap = given.iter().filter_map(header).collect();
    if let Ok(cookies) = HeaderValue::from_str(&cookies.join("; "))
        && !cookies.is_empty()
    {
        headers.insert(header::COOKIE, cookies);
    }
    headers
}

/// An answer for Lambda to send.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl Answer {
    /// The answer with this head and this body, which travels as a text if it is one.
    pub(super) fn of(status: u16, given: &HeaderMap, body: Vec<u8>) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let (mut headers, mut cookies) = (BTreeMap::<String, String>::new(), Vec::new());
        for (name, value) in given {
            if name == header::SET_COOKIE {
                cookies.push(text(value));
            } else if let Some(values) = headers.get_mut(name.as_str()) {
                *values = format!("{values}, {}", text(value));
            } else {
                headers.insert(name.as_str().to_owned(), text(value));
            }
        }
        let (body, is_base64_encoded) = match String::from_utf8(body) {
            Ok(text) => (text, false),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
        };
        Self { status_code: status, headers, cookies, body, is_base64_encoded }
    }
}
