//! What stands against a whole connection, and ending it: a suspension, a pause, a budget that is spent.
//!
//! Must not know: what suspends a connection.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine::manage::{Wish, change, clear_suspension};
use engine::overview::SuspensionNow;
use engine::parts::Ports;
use engine::ports::AuditAction;
use maud::{Markup, html};
use serde_json::json;

use super::Shown;
use super::form::go_to;
use super::frame::{Place, of_connection};
use super::parts::{Kind, empty, notice};
use super::scene::{Scene, under};
use super::when::{number, when};
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::Problem;
use crate::routes::connection_id;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/c/{connection}/suspension", get(ask::<P>).post(clear::<P>))
        .route("/c/{connection}/pause", post(pause::<P>))
        .route("/c/{connection}/resume", post(resume::<P>))
}

/// A notice for each gate of the connection that is closed.
pub(super) fn closed(scene: &Scene) -> Markup {
    let (standing, now) = (&scene.standing, scene.now());
    let budget = &standing.budget;
    html! {
        @if let Some(suspension) = &standing.suspension {
            (notice(Kind::Bad, "Suspended: nothing is sent, and no record is blamed", &html! {
                p { (suspended(scene, suspension)) }
                @if scene.may_act() {
                    p.actions { a.button href=(scene.address(&["suspension"])) { "Clear the suspension" } }
                }
            }))
        }
        @if standing.connection.paused {
            (notice(Kind::Warning, "Paused: nothing is retried until a person resumes it", &html! {
                @if scene.may_act() {
                    form method="post" action=(scene.address(&["resume"])) { button type="submit" { "Resume" } }
                }
            }))
        }
        @if budget.used >= budget.cap {
            (notice(Kind::Warning, "Budget spent: retries wait, so that new syncs can go on", &html! {
                p {
                    (number(budget.used.0)) " of " (number(budget.cap.0)) " API calls are used or reserved in the past 24 hours. "
                    @match budget.resumes {
                        Some(at) => { "Calls can be made again from " (when(at, now)) ", if sources make none until then." }
                        None => { "With this cap none come back." }
                    }
                }
                @if scene.may_act() {
                    p.actions { a.button href=(scene.address(&["usage"])) { "See the usage, or raise the limit" } }
                }
            }))
        }
    }
}

/// Why, since when, and when it is looked at again.
fn suspended(scene: &Scene, suspension: &SuspensionNow) -> Markup {
    let now = scene.now();
    html! {
        (sentence(&suspension.words)) " Since " (when(suspension.since, now)) ". "
        @match suspension.next_probe {
            Some(at) => { "The next probe is at " (when(at, now)) "; it goes on by itself when that finds the cause gone." }
            None => { "It goes on " (suspension.goes_on.unwrap_or("when a person clears it")) "." }
        }
    }
}

/// Words as a sentence of their own.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if words.ends_with('?') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

async fn ask<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let body = match &scene.standing.suspension {
        None => empty("The connection is not suspended", "Nothing has to be cleared."),
        Some(suspension) => html! {
            section.panel {
                h2 { "Is the cause gone?" }
                p { (suspended(&scene, suspension)) }
                p {
                    "The next run sends again, the first call alone. If the cause is still there, that call suspends the "
                    "connection anew. It costs one or two calls and no record a try."
                }
                @if scene.may_act() {
                    form.actions method="post" action=(scene.address(&["suspension"])) {
                        button.primary type="submit" { "The cause is gone: clear it" }
                        a.button href=(scene.address(&["errors"])) { "Not yet" }
                    }
                }
            }
        },
    };
    Ok(of_connection(&scene, Place::Settings, "Clear the suspension", &body))
}

async fn clear<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    let id = connection_id(&name)?;
    clear_suspension(ports.as_ref(), &id, caller.as_str()).await?;
    Ok(go_to(&under(&id, &["errors"])))
}

async fn pause<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    set(ports.as_ref(), &name, true, &caller).await
}

async fn resume<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    set(ports.as_ref(), &name, false, &caller).await
}

async fn set<P: Ports>(ports: &P, name: &str, paused: bool, caller: &Caller) -> Result<Response, Problem> {
    let id = connection_id(name)?;
    let action = if paused { AuditAction::Paused } else { AuditAction::Resumed };
    change(ports, &id, Wish { patch: &json!({ "paused": paused }), action, who: caller.as_str() }).await?;
    Ok(go_to(&under(&id, &["settings"])))
}
