//! Sync errors of a connection: a card for each type, grouped as operators know them.
//!
//! Must not know: single records.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Redirect;
use axum::routing::get;
use engine::overview::{ErrorCount, errors};
use engine::parts::Ports;
use maud::{Markup, html};

use super::Shown;
use super::frame::{Place, of_connection};
use super::overview::{next_run, policy_words};
use super::parts::{Kind, badge, budget_bar, empty, encoded, figure, hidden};
use super::scene::{Scene, under};
use super::when::{count, number, when, when_or};
use super::words::type_title;
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::Problem;
use crate::routes::connection_id;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/c/{connection}", get(home)).route("/c/{connection}/errors", get(show::<P>))
}

async fn home(Named(name): Named<String>) -> Result<Redirect, Problem> {
    Ok(Redirect::to(&under(&connection_id(&name)?, &["errors"])))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let errors = errors(ports.as_ref(), scene.id()).await?.unwrap_or_default();
    Ok(of_connection(&scene, Place::Errors, "Sync errors", &body(&scene, &errors)))
}

fn body(scene: &Scene, errors: &[ErrorCount]) -> Markup {
    let records: u64 = errors.iter().map(|error| error.records).sum();
    html! {
        (figures(scene, errors, records))
        @if errors.is_empty() {
            (empty("No record fails", "A record that fails to sync shows up here, with its error and what helps."))
        } @else {
            div.actions {
                @if scene.may_act() {
                    form method="post" action=(scene.address(&["plans"])) {
                        (hidden("all", "true"))
                        button.primary type="submit" name="action" value="resync" { "Retry all " (number(records)) }
                    }
                }
                a.button href=(scene.address(&["records"])) { "List all records" }
                a.button href=(export(scene, "")) download { "Export as CSV" }
            }
            section aria-labelledby="types" {
                h2 id="types" { "By type of error, the most frequent first" }
                div.cards { @for error in errors { (card(scene, error)) } }
            }
        }
    }
}

/// Where the errors are exported, with a query that narrows it.
pub(super) fn export(scene: &Scene, query: &str) -> String {
    let sign = if query.is_empty() { "" } else { "?" };
    format!("/v1/connections/{}/export{sign}{query}", encoded(scene.id().as_str()))
}

fn figures(scene: &Scene, errors: &[ErrorCount], records: u64) -> Markup {
    let (now, standing) = (scene.now(), &scene.standing);
    let oldest = errors.iter().filter_map(|error| error.oldest).min();
    html! {
        dl.figures {
            (figure("Failing records", &html! { (number(records)) }, &html! { (count(errors.len() as u64, "type", "types")) " of error" }))
            (figure("Failing since", &when_or(oldest, now, "nothing fails"), &html! { @if oldest.is_some() { "the oldest of them" } }))
            (figure("Next run", &next_run(standing, now), &html! { (policy_words(&standing.connection.policy)) }))
            (figure("API budget", &budget_bar(&standing.budget), &html! { "used or reserved in the past 24 hours" }))
        }
    }
}

fn card(scene: &Scene, error: &ErrorCount) -> Markup {
    let (error_type, title) = (error.error_type.as_str(), type_title(&error.error_type));
    let address = format!("{}?type={}", scene.address(&["records"]), encoded(error_type));
    html! {
        article.card {
            p.eyebrow { (error.group.title()) }
            header {
                h3 { a href=(address) { (title) } }
                p.card-count { span.big { (number(error.records)) } " " (if error.records == 1 { "record" } else { "records" }) }
            }
            @if error.excluded {
                p { (badge(Kind::Bad, "Held")) " No schedule retries this type; a person can." }
            }
            p.advice { (if error.advice.is_empty() { "Nothing is known of this code. Look at the message of a record." } else { &error.advice }) }
            p.muted {
                code { (error_type) }
                @if let Some(oldest) = error.oldest { " · oldest " (when(oldest, scene.now())) }
            }
            footer {
                a.button href=(address) { "See the records" span.visually-hidden { " with " (title) } }
                @if scene.may_act() {
                    form method="post" action=(scene.address(&["plans"])) {
                        (hidden("type", error_type))
                        button type="submit" name="action" value="resync" {
                            "Retry " (if error.records == 1 { "it" } else { "all" })
                            span.visually-hidden { " with " (title) }
                        }
                    }
                }
            }
        }
    }
}
