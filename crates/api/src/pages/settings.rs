//! A connection's settings: all of them to read, and the numbers to change.
//!
//! Must not know: which values are allowed; the engine refuses those that are not.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::get;
use engine::manage::{Changed, Wish, change};
use engine::parts::Ports;
use engine::ports::AuditAction;
use maud::{Markup, html};
use rules::connection::{Connection, Flow};
use rules::policy::Policy;
use serde_json::{Map, Value, json};

use super::Shown;
use super::form::{Form, Refused, go_to, mistakes, mistakes_elsewhere, refused};
use super::frame::{Place, of_connection};
use super::overview::policy_words;
use super::scene::Scene;
use super::usage::number_of;
use super::when::count;
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::{Problem, Refusal};
use crate::routes::unknown_connection;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/c/{connection}/settings", get(show::<P>).post(save::<P>))
}

/// How a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Number,
    Text,
    List,
}

/// One setting that can be changed here. Its name is its path in the settings, as a mistake names it.
struct Setting {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    form: Written,
}

const fn number(name: &'static str, label: &'static str, help: &'static str) -> Setting {
    Setting { name, label, help, form: Written::Number }
}

const INTERVAL: [Setting; 4] = [
    number("policy.every_minutes", "Minutes between two tries", "The schedule ticks every 20 minutes."),
    number("policy.tries", "Tries before the timeout queue", "Failed tries that count."),
    Setting {
        name: "policy.nightly_at",
        label: "Nightly run of the timeout queue",
        help: "UTC, as HH:MM.",
        form: Written::Text,
    },
    Setting {
        name: "policy.excluded",
        label: "Types that no schedule retries",
        help: "Error types, with commas between.",
        form: Written::List,
    },
];

const RECENT: [Setting; 3] = [
    number("policy.window_days", "Days in which a sweep retries", "Counted from a record's first failure."),
    number("policy.batch", "Records of one invocation", "A sweep hands on after so many."),
    Setting {
        name: "policy.excluded",
        label: "Types that no sweep retries",
        help: "Error types, with commas between.",
        form: Written::List,
    },
];

const BUDGET: [Setting; 3] = [
    number("budget.cap_without_limit", "Cap without a limit", "API calls in 24 hours."),
    number("budget.limit_share_percent", "Share of the limit for retries", "In percent; the rest is for new syncs."),
    number(
        "budget.org_share_percent",
        "Share of the org's limit at which runs stop",
        "In percent of what Salesforce gives the org.",
    ),
];

const CALLS: [Setting; 2] = [
    number("calls_in_flight", "Calls in flight", "At most so many at a time."),
    number("request_timeout_seconds", "Time-out of a call", "In seconds."),
];

const RETENTION: [Setting; 3] = [
    number(
        "retention.resolved_days",
        "Days that resolved records stay",
        "A late, older failure is recognised as long.",
    ),
    number("retention.audit_days", "Days that the audit stays", ""),
    number("retention.report_days", "Days that reports of runs stay", ""),
];

fn groups(connection: &Connection) -> [(&'static str, &'static [Setting]); 4] {
    let policy: &[Setting] = match connection.policy {
        Policy::Interval(_) => &INTERVAL,
        Policy::Recent(_) => &RECENT,
    };
    [("Policy", policy), ("API budget", &BUDGET), ("Calls", &CALLS), ("Retention", &RETENTION)]
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    Ok(page(&scene, None))
}

fn page(scene: &Scene, refused: Option<&Refused>) -> Markup {
    let connection = &scene.standing.connection;
    let body = html! {
        div.columns {
            div.column-wide { (numbers(scene, refused)) }
            div.column-narrow {
                (running(scene))
                (org(connection))
                (rules(connection))
            }
        }
    };
    of_connection(scene, Place::Settings, Place::Settings.title(), &body)
}

fn numbers(scene: &Scene, refused: Option<&Refused>) -> Markup {
    let connection = &scene.standing.connection;
    let values = serde_json::to_value(connection).expect("settings have no map with keys that are not texts");
    html! {
        form.panel.stacked method="post" action=(scene.address(&["settings"])) {
            p { (policy_words(&connection.policy)) "." }
            @if let Some(refused) = refused {
                p.mistake role="alert" { "Nothing was saved: " (count(refused.count(), "value", "values")) " cannot be taken." }
                (mistakes_elsewhere(&refused.elsewhere(&shown(connection))))
            }
            @for (title, settings) in groups(connection) {
                fieldset disabled[!scene.may_act()] {
                    legend { (title) }
                    div.fields { @for setting in settings { (field(setting, &values, refused)) } }
                }
            }
            @if scene.may_act() { div.actions { button.primary type="submit" { "Save the settings" } } }
        }
    }
}

/// The fields of the page.
fn shown(connection: &Connection) -> Vec<&'static str> {
    groups(connection).iter().flat_map(|(_, settings)| settings.iter().map(|one| one.name)).collect()
}

fn field(setting: &Setting, values: &Value, refused: Option<&Refused>) -> Markup {
    let own = refused.map(|refused| refused.of_field(setting.name)).unwrap_or_default();
    let current = text_of(setting.name.split('.').fold(values, |inner, part| &inner[part]));
    let shown = refused.map_or(current, |refused| refused.written(setting.name).to_owned());
    let help = format!("{}-help", setting.name);
    html! {
        div.field {
            label for=(setting.name) { (setting.label) }
            input id=(setting.name) name=(setting.name) value=(shown) autocomplete="off" inputmode=[(setting.form == Written::Number).then_some("numeric")]
                aria-describedby=(help) aria-invalid=[(!own.is_empty()).then_some("true")];
            div { (mistakes(&own)) p.muted id=(help) { (setting.help) } }
        }
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn running(scene: &Scene) -> Markup {
    let paused = scene.standing.connection.paused;
    html! {
        section.panel aria-labelledby="running" {
            h2 id="running" { (if paused { "Paused" } else { "Ready" }) }
            p { (if paused { "Nothing is retried. Failures are still taken in." } else { "A pause stops all retries; failures are still taken in." }) }
            @if scene.may_act() {
                form method="post" action=(scene.address(&[if paused { "resume" } else { "pause" }])) {
                    button type="submit" { (if paused { "Resume" } else { "Pause" }) }
                }
            }
        }
    }
}

fn org(connection: &Connection) -> Markup {
    let target = &connection.target;
    html! {
        section.panel aria-labelledby="org" {
            h2 id="org" { "Salesforce org" }
            dl.facts {
                dt { "Login" } dd { (target.login_url) }
                dt { "Flow" } dd { @match &target.flow {
                    Flow::ClientCredentials => { "Client credentials" }
                    Flow::JwtBearer { username, .. } => { "JWT bearer as " (username) }
                } }
                dt { "Secret" } dd { code { (target.secret) } span.muted { " its name; what is in it is never shown" } }
                dt { "API version" } dd { (target.api_version) }
                dt { "Hosts" } dd { (target.allowed_hosts.join(", ")) }
                @for (object, field) in &connection.external_ids { dt { (object) } dd { "matched by " code { (field) } } }
            }
        }
    }
}

fn rules(connection: &Connection) -> Markup {
    html! {
        section.panel aria-labelledby="rules" {
            h2 id="rules" { "Own error rules" }
            @if connection.own_rules.is_empty() {
                p.muted { "None: the built-in catalogue is used as it is." }
            } @else {
                p { (connection.own_rules.len()) " laid over the built-in catalogue. Change them with " code { "resync connection set" } "." }
            }
        }
    }
}

async fn save<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    form: Form,
) -> Result<Response, Problem> {
    let ports = ports.as_ref();
    let scene = Scene::of(ports, &name, caller.clone()).await?;
    let patch = patch(&scene.standing.connection, &form);
    let wish = Wish { patch: &patch, action: AuditAction::ConnectionChanged, who: caller.as_str() };
    match change(ports, scene.id(), wish).await? {
        Changed::Changed(_) | Changed::Same(_) => Ok(go_to(&scene.address(&["settings"]))),
        Changed::HasRecords => Err(Problem::of(Refusal::Conflict, "its failing records wait for this policy")),
        Changed::UnknownConnection => Err(unknown_connection(scene.id())),
        Changed::Refused(mistakes) => Ok(refused(page(&scene, Some(&Refused::new(form, mistakes.0))))),
    }
}

/// What the form changes. A field that was not sent changes nothing.
fn patch(connection: &Connection, form: &Form) -> Value {
    let mut patch = Map::new();
    for setting in groups(connection).iter().flat_map(|(_, settings)| settings.iter()) {
        let Some(text) = form.all(setting.name).next() else { continue };
        let value = match setting.form {
            Written::Number => number_of(text),
            Written::Text => json!(text.trim()),
            Written::List => json!(text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect::<Vec<_>>()),
        };
        match setting.name.split_once('.') {
            Some((outer, inner)) => {
                let group = patch.entry(outer).or_insert_with(|| json!({}));
                group[inner] = value;
            }
            None => drop(patch.insert(setting.name.to_owned(), value)),
        }
    }
    Value::Object(patch)
}
