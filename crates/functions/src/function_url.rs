//! The function URL: each event is a request to the router of `api`, by whom Lambda says that it is.
//!
//! Must not know: routes. An event's headers say nothing about identity: whoever signs a request may write any of them.

mod answer;

use std::convert::Infallible;
use std::sync::Arc;

use api::{Problem, Refusal, router};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::parts::Ports;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt, service_fn};
use tower::ServiceExt;
use tracing::info;

use crate::access::{Access, NotLetIn};
use crate::start::StartError;

/// Serves requests, one after another, until the process is ended.
///
/// # Errors
/// When the interface that hands out invocations fails.
pub async fn serve<P: Ports + 'static>(ports: P, access: Access) -> Result<(), StartError> {
    let (router, access) = (router(Arc::new(ports)), &access);
    let service = service_fn(|request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, access, request).await) }
    });
    lambda_http::run(service).await.map_err(StartError::Runtime)
}

/// One request, answered whole: the function is frozen as soon as it has answered. Nothing may be cached unless it says so, or
/// read by another origin.
async fn answer(router: Router, access: &Access, request: Request) -> Response {
    let mut response = match admitted(access, request) {
        Ok(request) => {
            let Ok(response) = router.oneshot(request).await;
            answer::whole(response).await
        }
        Err(problem) => refused(&problem),
    };
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// The request for the router, by a caller who has a role.
fn admitted(access: &Access, request: Request) -> Result<axum::extract::Request, NotLetIn> {
    let iam = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.authorizer.as_ref().and_then(|by| by.iam.as_ref()),
        Some(_) | None => None,
    };
    let caller = access.caller(iam)?;
    let uri = asked(&request);
    let (parts, body) = request.into_parts();
    let mut admitted = axum::extract::Request::new(Body::from(body.to_vec()));
    (*admitted.method_mut(), *admitted.uri_mut(), *admitted.headers_mut()) = (parts.method, uri, parts.headers);
    admitted.extensions_mut().insert(caller);
    Ok(admitted)
}

/// What was asked for, as it was written: the event's path keeps its percent-encoding, and a record's id may hold a slash or
/// be two dots. `lambda_http` resolves dots.
fn asked(request: &Request) -> Uri {
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", request.raw_http_path()).parse().unwrap_or_else(|_| request.uri().clone())
}

fn refused(problem: &NotLetIn) -> Response {
    info!(%problem, "a request was refused");
    let refusal = match problem {
        NotLetIn::Unsigned => Refusal::Unauthorised,
        NotLetIn::Unknown(_) => Refusal::Forbidden,
    };
    let mut response = Problem::of(refusal, problem.to_string()).into_response();
    if refusal == Refusal::Unauthorised {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("AWS4-HMAC-SHA256"));
    }
    response
}

#[cfg(test)]
mod tests;
