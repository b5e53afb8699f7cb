//! One record: its warning, why it is or is not retrying, its tries, and what helps.
//!
//! Must not know: how the gates are asked.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::routing::get;
use engine::explain::{Answer, Explanation, GateNow, explain_by};
use engine::overview::{Waiting, waiting_for};
use engine::parts::Ports;
use maud::{Markup, html};
use rules::gates::Gate;
use rules::ids::RecordKey;
use rules::record::{Record, State as RecordState};

use super::Shown;
use super::frame::{Place, of_connection};
use super::parts::{Kind, badge, empty, hidden, notice};
use super::scene::Scene;
use super::suspension::sentence;
use super::when::{count, when, when_or};
use super::words::{line_state, outcome, state, try_kind, type_title};
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::{Problem, Refusal};
use crate::routes::{record_key, unknown_connection};

/// The records that wait for this one and are listed on its page, at most.
const CHILDREN: usize = 20;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/c/{connection}/records/{object}/{id}", get(show::<P>))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named((name, object, id)): Named<(String, String, String)>,
) -> Shown {
    let key = record_key(&name, &object, &id)?;
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let body = match explain_by(ports.as_ref(), &scene.standing.connection, &scene.facts, &key).await? {
        Answer::UnknownConnection => return Err(unknown_connection(&key.connection)),
        Answer::UnknownRecord => {
            let detail = format!("no failure of {}/{} was reported, or it was resolved long ago", key.object, key.id);
            return Err(Problem::of(Refusal::UnknownRecord, detail));
        }
        Answer::OnlySucceeded(at) => html! {
            (empty("It never failed here", "Only a success of this record was reported."))
            p { "Reported " (when(at, scene.now())) }
        },
        Answer::Explained(explanation) => {
            let waiting = waiting_for(ports.as_ref(), &scene.standing.connection, &key, CHILDREN).await?;
            body(&scene, &explanation, &waiting)
        }
    };
    Ok(of_connection(&scene, Place::Errors, &format!("{}/{}", key.object, key.id), &body))
}

fn body(scene: &Scene, explanation: &Explanation, waiting: &Waiting) -> Markup {
    let record = &explanation.record;
    html! {
        (warning(scene, explanation))
        div.columns {
            div.column-wide {
                (why(scene, explanation))
                (tries(scene, record))
            }
            div.column-narrow {
                (facts(scene, explanation))
                (parent(scene, explanation))
                (children(scene, waiting))
            }
        }
    }
}

fn warning(scene: &Scene, explanation: &Explanation) -> Markup {
    let record = &explanation.record;
    let (failure, is_failing) = (&record.failure, record.is_failing());
    let title = if is_failing { type_title(&failure.error_type) } else { "It needs no more tries".to_owned() };
    notice(
        if is_failing { Kind::Warning } else { Kind::Good },
        &title,
        &html! {
            p.error-message { (failure.message) }
            p.muted { code { (failure.code) } " · last failed " (when(record.last_failed, scene.now())) }
            @if is_failing && !explanation.advice.is_empty() { p { strong { "What helps: " } (explanation.advice) } }
            @if is_failing && scene.may_act() {
                form.actions method="post" action=(scene.address(&["plans"])) {
                    (hidden("record", &name(&record.key)))
                    button.primary type="submit" name="action" value="resync" { "Resync" }
                    button.danger type="submit" name="action" value="delete" { "Delete the failure" }
                }
            }
        },
    )
}

fn name(key: &RecordKey) -> String {
    format!("{}/{}", key.object, key.id)
}

fn why(scene: &Scene, explanation: &Explanation) -> Markup {
    let (now, record) = (scene.now(), &explanation.record);
    let (closed, open): (Vec<_>, Vec<_>) = explanation.gates.iter().partition(|gate| !gate.open);
    html! {
        section.panel aria-labelledby="why" {
            h2 id="why" { "Why is it " (if record.is_failing() { "not retrying right now?" } else { "not retried any more?" }) }
            p.next-try {
                @match (explanation.next_try, record.is_failing()) {
                    (Some(at), _) => {
                        "It is tried next at " strong { (when(at, now)) } " at the latest."
                        @if let Some(assumes) = explanation.assumes { span.muted { " This assumes that " (assumes) "." } }
                    }
                    (None, true) => { strong { "As things stand, nobody will try it." } " A gate below says why." }
                    (None, false) => { "It is resolved: nothing is left to try." }
                }
            }
            @if let Some(failing) = &explanation.failing_parent { p { (sentence(&failing.text)) } }
            @if !explanation.requests.is_empty() {
                p { "A person asked for it: "
                    @for id in &explanation.requests { a href=(scene.address(&["requests", id.as_str()])) { (id) } " " }
                }
            }
            ul.gates aria-label="Gates" {
                @for gate in closed.iter().chain(&open) { (one_gate(gate)) }
            }
        }
    }
}

fn one_gate(gate: &GateNow) -> Markup {
    // A time that has not come yet is no trouble.
    let (kind, word) = match (&gate.gate, gate.open) {
        (_, true) => (Kind::Good, "Open"),
        (Gate::Due { next: Some(_) }, false) => (Kind::Info, "Waits"),
        (_, false) => (Kind::Bad, "Closed"),
    };
    html! {
        li.gate.(if gate.open { "is-open" } else { "is-closed" }) {
            (badge(kind, word))
            div {
                p { (sentence(&gate.text)) }
                @if let Some(sooner) = gate.sooner { p.muted { "Sooner: " (sooner) "." } }
            }
        }
    }
}

fn tries(scene: &Scene, record: &Record) -> Markup {
    let now = scene.now();
    let tries: Vec<_> = record.tries.iter().collect();
    html! {
        section.panel aria-labelledby="tries" {
            h2 id="tries" { "Last tries" }
            @if tries.is_empty() {
                p.muted { "It was not tried yet." }
            } @else {
                ol.timeline reversed {
                    @for tried in tries.iter().rev() {
                        @let (kind, words) = outcome(tried.outcome);
                        li {
                            (badge(kind, words))
                            p { (when(tried.at, now)) span.muted { " · " (try_kind(tried.kind)) } }
                        }
                    }
                    li { (badge(Kind::Plain, "First failure")) p { (when(record.first_failed, now)) span.muted { " · reported by the source" } } }
                }
            }
        }
    }
}

fn facts(scene: &Scene, explanation: &Explanation) -> Markup {
    let (now, record) = (scene.now(), &explanation.record);
    let next = match record.state {
        RecordState::Resolved { at, .. } => html! { dt { "Resolved" } dd { (when(at, now)) } },
        RecordState::Scheduled(_) | RecordState::TimedOut { .. } | RecordState::Held(_) => {
            html! { dt { "Next try" } dd { (when_or(explanation.next_try, now, "by no schedule")) } }
        }
    };
    let attempts = record.attempts;
    html! {
        section.panel aria-labelledby="facts" {
            h2 id="facts" { "The record" }
            dl.facts {
                dt { "State" } dd { (state(&record.state, explanation.expired)) }
                (next)
                dt { "First failed" } dd { (when(record.first_failed, now)) }
                dt { "Last failed" } dd { (when(record.last_failed, now)) }
                dt { "Tries" } dd {
                    (count(u64::from(attempts.total()), "try", "tries"))
                    span.muted { ": " (attempts.interval) " scheduled, " (attempts.nightly) " nightly, " (attempts.recent) " in sweeps, " (attempts.forced) " forced" }
                }
                dt { "Matched by" } dd { code { (record.external_id_field) } }
                dt { "Source version" } dd { (record.source_version) }
            }
        }
    }
}

fn parent(scene: &Scene, explanation: &Explanation) -> Markup {
    html! {
        @if let Some(parent) = &explanation.record.parent {
            section.panel aria-labelledby="parent" {
                h2 id="parent" { "Its parent" }
                p { a href=(scene.address(&["records", parent.object.as_str(), parent.id.as_str()])) { (parent.object) "/" (parent.id) } }
                @if let Some(failing) = &explanation.failing_parent {
                    p { (badge(Kind::Warning, "Fails too")) " " (type_title(&failing.error_type)) }
                    p.muted { (sentence(failing.sooner)) }
                } @else {
                    p.muted { "The parent goes first. Retrying it brings along the records that wait for it." }
                }
            }
        }
    }
}

fn children(scene: &Scene, waiting: &Waiting) -> Markup {
    html! {
        @if !waiting.records.is_empty() {
            section.panel aria-labelledby="children" {
                h2 id="children" { "What waits for it" }
                ul.plain-list { @for (key, state) in &waiting.records {
                    li {
                        a href=(scene.address(&["records", key.object.as_str(), key.id.as_str()])) { (name(key)) } " " (line_state(*state))
                    }
                } }
                @if waiting.more { p.muted { "These are the first; others wait, too." } }
                p.muted { "A resync of this record tries them after it." }
            }
        }
    }
}
