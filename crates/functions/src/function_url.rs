//! The function URL: each event is a request to the router of `api`, by whom Lambda says that it is.
//!
//! Must not know: routes. An event's headers say nothing about identity: whoever signs a request may write any of them.

mod answer;
mod event;

use std::convert::Infallible;
use std::sync::Arc;

use api::{Problem, Refusal, router};
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::parts::Ports;
use lambda_runtime::{LambdaEvent, service_fn};
use tower::ServiceExt;
use tracing::info;

use self::event::{Answer, Event, Unreadable};
use crate::access::{Access, NotLetIn};
use crate::start::StartError;

/// Serves requests, one after another, until the process is ended.
///
/// # Errors
/// When the interface that hands out invocations fails.
pub async fn serve<P: Ports + 'static>(ports: P, access: Access) -> Result<(), StartError> {
    let (router, access) = (router(Arc::new(ports)), &access);
    let service = service_fn(|event: LambdaEvent<Event>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, access, event.payload).await) }
    });
    lambda_runtime::run(service).await.map_err(StartError::Runtime)
}

/// One request, answered whole: the function is frozen as soon as it has answered. Nothing may be cached unless it says so, or
/// read by another origin.
async fn answer(router: Router, access: &Access, event: Event) -> Answer {
    let response = match admitted(access, event) {
        Ok(request) => {
            let Ok(response) = router.oneshot(request).await;
            response
        }
        Err(response) => *response,
    };
    let (status, mut headers, body) = answer::whole(response).await;
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    Answer::of(status.as_u16(), &headers, body)
}

/// The request for the router, by a caller who has a role; or the answer that there is none.
fn admitted(access: &Access, event: Event) -> Result<axum::extract::Request, Box<Response>> {
    let caller = access.caller(event.signer()).map_err(|problem| Box::new(refused(&problem)))?;
    let mut request = event.request().map_err(|problem| Box::new(unreadable(problem)))?;
    request.extensions_mut().insert(caller);
    Ok(request)
}

fn unreadable(problem: Unreadable) -> Response {
    Problem::of(Refusal::BadRequest, problem.to_string()).into_response()
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
mod fuzz_tests;
#[cfg(test)]
mod tests;
