//! Failing records, page by page.
//!
//! Must not know: how they are found.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use engine::overview::{Filter, Line, Page, list};
use engine::parts::Ports;
use rules::resync::FailingState;
use serde::Serialize;

use super::settings;
use crate::cursor;
use crate::params::{Named, Params};
use crate::problem::Problem;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/records", get(page::<P>))
}

#[derive(Serialize)]
struct Listed {
    records: Vec<Line>,
    searched: u64,
    of: u64,
    unreadable: usize,
    next: Option<String>,
}

/// What the parameters `type`, `object`, `state`, `failed_from`, `failed_to`, `message` and `id` ask for.
pub(crate) fn filter(params: &mut Params) -> Filter {
    let filter = Filter {
        error_type: params.text("type"),
        object: params.text("object"),
        state: state(params),
        failed_from: params.time("failed_from"),
        failed_to: params.time("failed_to"),
        message: params.text("message"),
        id: params.text("id"),
    };
    if filter.message.is_some() && filter.error_type.is_none() {
        let mend = "name the error type in `type`, or leave `message` out";
        params.wrong("message", "is searched within one error type only", mend);
    }
    if let (Some(from), Some(to)) = (filter.failed_from, filter.failed_to)
        && to < from
    {
        params.wrong("failed_to", "is before failed_from", "exchange the two");
    }
    filter
}

fn state(params: &mut Params) -> Option<FailingState> {
    let text = params.raw("state")?;
    let found = FailingState::ALL.into_iter().find(|state| state.as_str() == text);
    if found.is_none() {
        let mend = format!("write one of {}", FailingState::ALL.map(FailingState::as_str).join(", "));
        params.wrong("state", "is not a state", &mend);
    }
    found
}

async fn page<P: Ports>(
    State(ports): State<Arc<P>>,
    Named(name): Named<String>,
    mut params: Params,
) -> Result<Json<Listed>, Problem> {
    let filter = filter(&mut params);
    let limit = params.number("limit", 1..=500, 100);
    let given = params.raw("cursor");
    let place = given.map(|text| cursor::read(&text, &name, &filter));
    if place.as_ref().is_some_and(Option::is_none) {
        params.wrong(
            "cursor",
            "is not one of this listing",
            "take `next` of the page before, with the same parameters",
        );
    }
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    let page = list(ports.as_ref(), &connection, &filter, limit, place.flatten()).await?;
    let next = page.next.as_ref().map(|place| cursor::write(place, &name, &filter));
    let Page { records, searched, of, unreadable, next: _ } = page;
    Ok(Json(Listed { records, searched, of, unreadable, next }))
}
