//! What people asked for: resyncs and deletions, how far each has come, and taking one back.
//!
//! Must not know: how a request is worked off.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine::manage::cancel_request;
use engine::overview::waits_for;
use engine::parts::Ports;
use engine::resync::{Cancelled, list, status};
use maud::{Markup, html};
use rules::resync::{Action, Matching, Request, RequestState, Wanted};

use super::Shown;
use super::bar::{Tone, bar};
use super::form::go_to;
use super::frame::{Place, of_connection};
use super::parts::{Kind, empty, notice};
use super::scene::{Scene, under};
use super::suspension::sentence;
use super::when::{count, number, when, when_or};
use super::words::{line_state_name, request_state, type_title};
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::Problem;
use crate::routes::{request_id, settings, unknown_request};

/// How many are listed.
const LATEST: usize = 100;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/c/{connection}/requests", get(latest::<P>))
        .route("/c/{connection}/requests/{id}", get(show::<P>))
        .route("/c/{connection}/requests/{id}/progress", get(progress::<P>))
        .route("/c/{connection}/requests/{id}/cancel", post(cancel::<P>))
}

async fn latest<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let requests = list(ports.as_ref(), scene.id(), LATEST).await?;
    let body = if requests.is_empty() {
        empty(
            "Nobody asked for anything yet",
            "A resync or a deletion that you start shows up here, with its progress.",
        )
    } else {
        table(&scene, &requests)
    };
    Ok(of_connection(&scene, Place::Requests, Place::Requests.title(), &body))
}

fn table(scene: &Scene, requests: &[Request]) -> Markup {
    let now = scene.now();
    html! {
        div.table-wrap {
            table {
                caption.visually-hidden { "Requests, newest first" }
                thead { tr {
                    th scope="col" { "What" }
                    th scope="col" { "State" }
                    th.num scope="col" { "Done" }
                    th.num scope="col" { "Resolved" }
                    th.num scope="col" { "Failed again" }
                    th scope="col" { "Asked" }
                    th scope="col" { "By" }
                } }
                tbody { @for request in requests {
                    tr {
                        th.record scope="row" { a href=(scene.address(&["requests", request.id.as_str()])) { (title(request)) } }
                        td data-label="State" { (request_state(request.state)) }
                        td.num data-label="Done" { (number(worked(request).0)) }
                        td.num data-label="Resolved" { (number(request.progress.resolved)) }
                        td.num data-label="Failed again" { (number(request.progress.failed)) }
                        td data-label="Asked" { (when(request.as_of, now)) }
                        td data-label="By" { (request.requested_by) }
                    }
                } }
            }
        }
    }
}

/// What a request is about.
fn title(request: &Request) -> String {
    let what = match request.action {
        Action::Resync => "Resync",
        Action::Delete => "Deletion",
    };
    format!("{what} of {}", wanted(&request.wanted))
}

/// Which records are meant, in words.
pub(super) fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Records(records) => match records.as_slice() {
            [(object, id)] => format!("{object}/{id}"),
            many => format!("{} chosen records", many.len()),
        },
        Wanted::Matching(matching) => described(matching),
    }
}

/// What describes the records, in words.
fn described(matching: &Matching) -> String {
    let Matching { error_type, object, state, failed_from, failed_to } = matching;
    let words = [
        object.as_ref().map(|object| format!("of {object}")),
        error_type.as_ref().map(|error_type| format!("with {}", type_title(error_type))),
        state.map(|state| format!("that are {}", line_state_name(state).to_lowercase())),
        failed_from.map(|from| format!("first failed from {}", from.minute())),
        failed_to.map(|to| format!("first failed until {}", to.minute())),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    if words.is_empty() { "all failing records".to_owned() } else { format!("all {}", words.join(" ")) }
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named((name, id)): Named<(String, String)>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let (request, waits) = read(ports.as_ref(), &scene, &id).await?;
    let body = html! {
        (panel(&scene, &request, &waits))
        (facts(&scene, &request))
    };
    Ok(of_connection(&scene, Place::Requests, &title(&request), &body))
}

async fn progress<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named((name, id)): Named<(String, String)>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let (request, waits) = read(ports.as_ref(), &scene, &id).await?;
    Ok(panel(&scene, &request, &waits))
}

async fn read<P: Ports>(ports: &P, scene: &Scene, id: &str) -> Result<(Request, Vec<String>), Problem> {
    let id = request_id(id)?;
    let request = status(ports, scene.id(), &id).await?.ok_or_else(|| unknown_request(&id))?;
    let waits = match (request.state, request.action) {
        (RequestState::Open, Action::Resync) => waits_for(ports, &scene.standing.connection).await?,
        // A deletion needs no call, and waits for no gate.
        (RequestState::Open, Action::Delete) | (RequestState::Done | RequestState::Cancelled, _) => Vec::new(),
    };
    Ok((request, waits))
}

/// The progress, which brings itself up to date as long as the request is open.
fn panel(scene: &Scene, request: &Request, waits: &[String]) -> Markup {
    let is_open = request.state == RequestState::Open;
    let polled = is_open.then(|| scene.address(&["requests", request.id.as_str(), "progress"]));
    html! {
        section.panel.progress id="progress" aria-labelledby="progress-title" hx-get=[polled.as_deref()] hx-trigger=[is_open.then_some("every 2s")] hx-swap="outerHTML" {
            div.title-line {
                h2 id="progress-title" { "Progress" }
                (request_state(request.state))
                @if is_open { span.updating aria-hidden="true" { "Updating" } }
            }
            @if is_open {
                p.mistake role="alert" data-stale hidden { "This cannot be brought up to date just now; it is tried again every two seconds." }
            }
            div aria-live="polite" { (told(request)) }
            @if !waits.is_empty() {
                (notice(Kind::Warning, "It waits", &html! { @for gate in waits { p { (sentence(gate)) } } }))
            }
            @if is_open {
                noscript { p { a href="" { "Load the page again" } " to see how far it has come." } }
                @if scene.may_act() {
                    form.actions method="post" action=(scene.address(&["requests", request.id.as_str(), "cancel"])) {
                        button.danger type="submit" { "Cancel what is not tried yet" }
                    }
                }
            }
        }
    }
}

fn told(request: &Request) -> Markup {
    let (progress, waiting) = (&request.progress, request.waiting());
    // What was left alone is told apart from this.
    let (worked, word) = worked(request);
    let done = progress.done();
    let total = (done + waiting.map_or(0, |waiting| waiting.number)).max(1);
    html! {
        p.big-line {
            @match (request.state, waiting) {
                (RequestState::Open, Some(waiting)) => {
                    (if waiting.exact { "" } else { "About " }) (number(waiting.number)) " waiting, " (number(worked)) " " (word)
                }
                (RequestState::Open, None) => { "Working on it: " (number(worked)) " " (word) }
                (RequestState::Done, _) => { "Done: " (ended(request)) }
                (RequestState::Cancelled, _) => { "Cancelled after " (ended(request)) }
            }
        }
        (bar(done, total, Tone::Fine, &format!("{} of {} worked off", number(done), number(total))))
        (tally(request))
    }
}

/// The records that it has worked at, and what was done with them.
fn worked(request: &Request) -> (u64, &'static str) {
    match request.action {
        Action::Resync => (request.progress.tried, "tried"),
        Action::Delete => (request.progress.deleted, "deleted"),
    }
}

fn ended(request: &Request) -> String {
    let (worked, word) = worked(request);
    let least = if request.progress.at_least { "at least " } else { "" };
    match request.action {
        Action::Resync => format!("{least}{} {word}", count(worked, "record", "records")),
        Action::Delete => format!("{least}{} {word}", count(worked, "failure", "failures")),
    }
}

fn tally(request: &Request) -> Markup {
    let (progress, why) = (&request.progress, &request.progress.skipped_because);
    let left = [
        (why.resolved, "did not fail any more"),
        (why.unknown, "of which no failure is known"),
        (why.payload_missing, "with nothing to send"),
        (why.failed_anew, "failed anew since the plan"),
        (why.changed, "did not fit the selection, or did not any more"),
        (progress.skipped.saturating_sub(why.total()), "could not be taken"),
    ];
    html! {
        ul.tally {
            @if request.action == Action::Resync {
                li { strong { (number(progress.resolved)) } " resolved" }
                li { strong { (number(progress.failed)) } " failed again" }
            }
            @if progress.unknown > 0 { li { strong { (number(progress.unknown)) } " without an answer" } }
            @if progress.at_least {
                li { "A run ended before it could note all that it had done: there may be more of each. The records themselves are right." }
            }
            @if let Some(passed) = request.passed_over() {
                li { strong { (if passed.exact { "" } else { "About " }) (number(passed.number)) } " of those planned were not there any more: another request had taken them, or they were done" }
            }
            @for (number_of, words) in left { @if number_of > 0 { li { strong { (number(number_of)) } " left alone: " (words) } } }
        }
    }
}

fn facts(scene: &Scene, request: &Request) -> Markup {
    let now = scene.now();
    html! {
        section.panel aria-labelledby="facts" {
            h2 id="facts" { "The request" }
            dl.facts {
                dt { "Asked" } dd { (when(request.as_of, now)) span.muted { "; records that failed later are left out" } }
                dt { "By" } dd { (request.requested_by) }
                dt { "Ended" } dd { (when_or(request.ended, now, "not yet")) }
                dt { "Id" } dd { code { (request.id) } }
            }
        }
    }
}

async fn cancel<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named((name, id)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let (connection, id) = (settings(ports.as_ref(), &name).await?, request_id(&id)?);
    match cancel_request(ports.as_ref(), &connection, &id, caller.as_str()).await? {
        Cancelled::Cancelled(_) | Cancelled::Ended(_) => Ok(go_to(&under(&connection.id, &["requests", id.as_str()]))),
        Cancelled::Unknown => Err(unknown_request(&id)),
    }
}
