//! A plan before an action: what it would do, what it costs, when it ends; and carrying out just that.
//!
//! Must not know: how a plan is made, or worked off.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use engine::parts::Ports;
use engine::plan::{Plan, plan};
use maud::{Markup, html};
use rules::resync::{Action, Count, Wanted};
use rules::time::Timestamp;
use serde_json::{Map, Value, json};

use super::bar::{Tone, bar};
use super::form::{Form, go_to, refused};
use super::frame::{Place, of_connection};
use super::misspelt::misspelt;
use super::parts::{Kind, empty, figure, hidden, notice};
use super::requests::wanted as wanted_words;
use super::scene::Scene;
use super::suspension::sentence;
use super::when::{count, number, span, when, when_or};
use crate::caller::Caller;
use crate::params::Named;
use crate::plan_id;
use crate::problem::Problem;
use crate::routes::asking;
use crate::wanted;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/c/{connection}/plans", post(show::<P>))
        .route("/c/{connection}/resyncs", post(resync::<P>))
        .route("/c/{connection}/deletions", post(delete::<P>))
}

/// The fields of a form that describe records, as a body has them.
const DESCRIBING: [&str; 5] = ["type", "object", "state", "failed_from", "failed_to"];

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    form: Form,
) -> Result<Response, Problem> {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let action = if form.text("action") == Some("delete") { Action::Delete } else { Action::Resync };
    let body = body_of(&form);
    if body.as_object().is_some_and(Map::is_empty) {
        let nothing = html! {
            (empty("No record is selected", "Tick the records in the list, then choose what to do with them."))
            p.actions { a.button href=(scene.address(&["records"])) { "Back to the records" } }
        };
        return Ok(refused(of_connection(&scene, Place::Errors, "Nothing to plan", &nothing)));
    }
    let plan = plan(ports.as_ref(), &scene.standing.connection, action, wanted::read(&body)?).await?;
    let misspelt = match &plan.wanted {
        Wanted::Matching(wanted) if plan.is_empty() => {
            misspelt(ports.as_ref(), &scene, wanted.error_type.as_ref(), wanted.object.as_ref()).await?
        }
        Wanted::Matching(_) | Wanted::Records(_) => None,
    };
    Ok(page(&scene, &plan, misspelt.as_ref(), false).into_response())
}

fn body_of(form: &Form) -> Value {
    let mut body = Map::new();
    let records: Vec<&str> = form.all("record").collect();
    if !records.is_empty() {
        body.insert("records".to_owned(), json!(records));
    }
    for name in DESCRIBING {
        if let Some(text) = form.text(name) {
            body.insert(name.to_owned(), json!(text));
        }
    }
    if form.text("all").is_some() {
        body.insert("all".to_owned(), json!(true));
    }
    Value::Object(body)
}

fn page(scene: &Scene, plan: &Plan, misspelt: Option<&Markup>, not_confirmed: bool) -> Markup {
    let verb = match plan.action {
        Action::Resync => "Retry",
        Action::Delete => "Delete",
    };
    let title = format!("{verb} {}?", wanted_words(&plan.wanted));
    let body = html! {
        p.lead { "This is a plan: nothing is done yet. It holds until " (when(plan.expires, scene.now())) "." }
        @if !plan.is_empty() {
            (figures(scene, plan))
            (waits(plan))
        }
        (exclusions(plan))
        @if plan.is_empty() {
            @if let Some(misspelt) = misspelt { (misspelt) }
            (empty("Nothing would be done", nothing(plan)))
            p.actions { a.button href=(scene.address(&["errors"])) { "Back to the errors" } }
        } @else if scene.may_act() {
            (confirm(scene, plan, not_confirmed))
        }
    };
    of_connection(scene, Place::Errors, &title, &body)
}

/// Why a plan means no record.
fn nothing(plan: &Plan) -> &'static str {
    match (&plan.wanted, plan.exclusions.is_empty()) {
        (_, false) => "None of these records can be taken; the reasons are above.",
        (Wanted::Matching(_), true) => "No failing record fits this description now.",
        (Wanted::Records(_), true) => "None of these records fails now.",
    }
}

fn about(records: Count, at_most: bool) -> String {
    let word = match (records.exact, at_most) {
        (_, true) => "at most ",
        (false, false) => "about ",
        (true, false) => "",
    };
    format!("{word}{}", number(records.number))
}

fn figures(scene: &Scene, plan: &Plan) -> Markup {
    let now = scene.now();
    let brought = plan.children.filter(|children| children.number > 0);
    html! {
        dl.figures {
            (figure("Records", &html! { (about(plan.records, plan.at_most)) }, &html! {
                @match brought {
                    Some(children) => { (number(children.number)) " of them wait for one that is named" }
                    None => { "failing as of " (when(plan.as_of, now)) }
                }
            }))
            @match plan.action {
                Action::Resync => { (cost(plan, now)) }
                Action::Delete => { (figure("API calls", &html! { "none" }, &html! { "Salesforce is not asked, and not changed" })) }
            }
        }
    }
}

fn cost(plan: &Plan, now: Timestamp) -> Markup {
    let share = plan.calls.share_of(plan.left);
    let words = share.map_or_else(
        || "the budget has none left".to_owned(),
        |share| format!("{share} of the {} that are left", number(plan.left.0)),
    );
    let tone = if share.is_none_or(|share| share.percent > 100) {
        Tone::Spent
    } else if share.is_some_and(|share| share.percent > 50) {
        Tone::Near
    } else {
        Tone::Fine
    };
    html! {
        (figure("API calls", &html! { "about " (number(plan.calls.0)) }, &html! {
            (bar(plan.calls.0, plan.left.0, tone, &words)) (words)
        }))
        (figure("Starts", &when_or(plan.starts, now, plan.starts_when.unwrap_or("nobody can tell")), &html! { (if plan.waits_for.is_empty() { "at once" } else { "it waits first: see below" }) }))
        (figure("Ends", &when_or(plan.ends, now, &ends_after(plan)), &html! { "assumes " (plan.assumes) }))
    }
}

/// When it ends, as far as that is known without when it starts.
fn ends_after(plan: &Plan) -> String {
    match plan.takes_seconds {
        seconds if plan.starts.is_none() => format!("{} after it starts", span(Duration::from_secs(seconds))),
        _ => "nobody can tell".to_owned(),
    }
}

fn waits(plan: &Plan) -> Markup {
    html! {
        @if !plan.waits_for.is_empty() {
            (notice(Kind::Warning, "It would be accepted now, and wait", &html! {
                @for gate in &plan.waits_for { p { (sentence(gate)) } }
            }))
        }
    }
}

fn exclusions(plan: &Plan) -> Markup {
    html! {
        @if !plan.exclusions.is_empty() {
            section.panel aria-labelledby="left-out" {
                h2 id="left-out" { "Left out, or later" }
                ul.plain-list { @for exclusion in &plan.exclusions {
                    li {
                        p { strong { (about(exclusion.records, false)) } " – " (exclusion.text) }
                        @if !exclusion.named.is_empty() { p.muted.names { (exclusion.named.join(", ")) } }
                    }
                } }
            }
        }
    }
}

fn confirm(scene: &Scene, plan: &Plan, not_confirmed: bool) -> Markup {
    let id = plan_id::write(plan);
    let (target, is_deletion) = match plan.action {
        Action::Resync => ("resyncs", false),
        Action::Delete => ("deletions", true),
    };
    html! {
        form.panel.stacked method="post" action=(scene.address(&[target])) {
            (hidden("plan", &id))
            @if is_deletion {
                p { "The failures are taken off the list and never retried. The records in Salesforce and in the source are not touched; "
                    "one that fails again shows up again. This cannot be undone." }
                div.field {
                    label for="confirm" { "Type " code { (scene.id()) } " to confirm" }
                    input id="confirm" name="confirm" autocomplete="off" autocapitalize="none" spellcheck="false" required
                        aria-invalid=[not_confirmed.then_some("true")];
                    @if not_confirmed { p.mistake role="alert" { "Nothing was deleted: type the connection's name as it is written above." } }
                }
            }
            div.actions {
                @if is_deletion {
                    button.danger type="submit" {
                        "Delete " (if plan.at_most { "at most " } else { "" }) (count(plan.records.number, "failure", "failures"))
                    }
                } @else {
                    button.primary type="submit" { "Retry " (count(plan.records.number, "record", "records")) }
                }
                a.button href=(scene.address(&["errors"])) { "Do nothing" }
            }
        }
    }
}

async fn resync<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    form: Form,
) -> Result<Response, Problem> {
    carry_out(ports.as_ref(), caller, &name, Action::Resync, &form).await
}

async fn delete<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    form: Form,
) -> Result<Response, Problem> {
    let ports = ports.as_ref();
    let scene = Scene::of(ports, &name, caller.clone()).await?;
    if form.text("confirm") == Some(scene.id().as_str()) {
        return carry_out(ports, caller, &name, Action::Delete, &form).await;
    }
    let connection = &scene.standing.connection;
    let meant = asking::meant(connection, Action::Delete, &named(&form))?;
    let again = plan(ports, connection, Action::Delete, meant).await?;
    Ok(refused(page(&scene, &again, None, true)))
}

/// The plan that a form names, as a body has it.
fn named(form: &Form) -> Value {
    json!({ "plan": form.text("plan").unwrap_or_default() })
}

/// Carries out a plan, once however often its form is sent: a plan's own id names the request.
async fn carry_out<P: Ports>(
    ports: &P,
    caller: Caller,
    name: &str,
    action: Action,
    form: &Form,
) -> Result<Response, Problem> {
    let scene = Scene::of(ports, name, caller.clone()).await?;
    let request = asking::carry_out(ports, &scene.standing.connection, action, &named(form), caller.as_str()).await?;
    Ok(go_to(&scene.address(&["requests", request.id.as_str()])))
}
