//! A deployment in AWS, asked from this machine: the address of its function URL, requests signed with the user's AWS
//! credentials, and what it means when AWS itself refuses one.
//!
//! Must not know: the routes, or who wants to ask them.

mod address;
pub(crate) mod console;
mod credentials;
pub(crate) mod proxy;
mod refusal;
pub(crate) mod schedules;
mod signing;
mod whole;

use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use engine::ports::Clock;
use functions::SystemClock;

pub(crate) use address::{Address, Region};
use credentials::UsersCredentials;
use signing::{Encoding, Signed, sign};

use crate::exit::Failure;

/// How long a connection may take to come about.
const TO_CONNECT: Duration = Duration::from_secs(10);

/// How long the function may be silent: longer than the 120 seconds that the template lets it run.
const TO_ANSWER: Duration = Duration::from_secs(130);

/// The service that function URLs belong to.
const FUNCTION_URLS: &str = "lambda";

/// The most that is read of a refusal.
const LONGEST_REFUSAL: usize = 16 * 1024;

/// A deployment and who asks it.
pub(crate) struct Deployment {
    http: reqwest::Client,
    address: Address,
    region: Region,
    credentials: UsersCredentials,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Path and query, percent-encoded.
    pub(crate) path: String,
    /// Its own headers; those of the signature are added.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Deployment {
    /// The deployment behind `address`.
    ///
    /// # Errors
    /// When its region is not known.
    pub(crate) async fn at(address: Address, region: Option<Region>) -> Result<Self, Failure> {
        let region = address.region_or(region)?;
        // A redirect would take a signed request to another host.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.connect_timeout(TO_CONNECT).read_timeout(TO_ANSWER);
        let http = if address.is_loopback() { http.no_proxy() } else { http };
        let credentials = UsersCredentials::of_the_usual_places(&region).await;
        Ok(Self { http: http.build().context("preparing to ask AWS")?, address, region, credentials })
    }

    /// Sends a request and gives the function's answer. What AWS itself refuses, before or in place of the function, is a
    /// failure in words.
    ///
    /// # Errors
    /// When there are no credentials, nobody answers, or AWS refuses.
    pub(crate) async fn ask(&self, asked: &Asked) -> Result<reqwest::Response, Failure> {
        let answer = self.send(asked, Encoding::Twice).await?;
        if is_ours(&answer) {
            return Ok(answer);
        }
        let refused = self.refusal(answer).await;
        // AWS documents that paths are encoded twice in what is signed, but for S3, and says nothing of function URLs in
        // particular. A refused signature means that the function was not called, so the other reading may be tried.
        if refused.is_of_the_signature() && asked.path.contains('%') {
            let answer = self.send(asked, Encoding::Once).await?;
            if is_ours(&answer) {
                return Ok(answer);
            }
        }
        Err(refused.into_failure())
    }

    async fn send(&self, asked: &Asked, encoding: Encoding) -> Result<reqwest::Response, Failure> {
        self.send_to(&self.address, FUNCTION_URLS, asked, encoding).await
    }

    /// Sends a request to a service of AWS.
    async fn send_to(
        &self,
        address: &Address,
        service: &'static str,
        asked: &Asked,
        encoding: Encoding,
    ) -> Result<reqwest::Response, Failure> {
        // Parsed before it is signed, so that what is signed is what is sent.
        let url = address.with(&asked.path)?;
        let credentials = self.credentials.now().await?;
        let signed = Signed { service, region: &self.region, credentials, at: SystemClock.now(), encoding };
        let added = sign(asked, url.as_str(), &signed)?;
        let mut request = self.http.request(asked.method.clone(), url).headers(asked.headers.clone());
        for (name, value) in added {
            request = request.header(name, value);
        }
        let sent = request.body(asked.body.clone()).send().await;
        Ok(sent.with_context(|| format!("asking {address}"))?)
    }

    async fn refusal(&self, mut answer: reqwest::Response) -> refusal::Refused {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut text = Vec::new();
        while let Ok(Some(piece)) = answer.chunk().await {
            text.extend_from_slice(&piece[..piece.len().min(LONGEST_REFUSAL - text.len())]);
        }
        refusal::Refused::of(status, &headers, &text, SystemClock.now())
    }
}

/// Whether the answer is the function's own: it succeeded, or says in its own form why not.
fn is_ours(answer: &reqwest::Response) -> bool {
    let is_problem = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/problem+json");
    let by_aws = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS, StatusCode::PAYLOAD_TOO_LARGE];
    let headers = answer.headers();
    let named_by_aws = headers.contains_key("x-amzn-errortype");
    let told = headers.get("content-type").is_some_and(is_problem);
    told || !(named_by_aws || by_aws.contains(&answer.status()) || answer.status().is_server_error())
}
