//! API usage: a picture of 24 hours, the numbers, and the limit.
//!
//! Must not know: how calls are counted.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine::manage::{Changed, Wish, change};
use engine::overview::{ForecastNow, UsageNow, usage};
use engine::parts::Ports;
use engine::ports::AuditAction;
use maud::{Markup, html};
use rules::counts::ApiCalls;
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::Shown;
use super::chart::chart;
use super::form::{Form, Refused, go_to, mistakes, refused};
use super::frame::{Place, of_connection};
use super::parts::figure;
use super::scene::Scene;
use super::suspension::sentence;
use super::when::{clock_time, count, number, when, when_or};
use crate::caller::Caller;
use crate::params::Named;
use crate::problem::Problem;
use crate::routes::unknown_connection;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/c/{connection}/usage", get(show::<P>)).route("/c/{connection}/limit", post(limit::<P>))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    page(ports.as_ref(), caller, &name, None).await
}

async fn page<P: Ports>(ports: &P, caller: Caller, name: &str, refused: Option<Refused>) -> Shown {
    let scene = Scene::of(ports, name, caller).await?;
    let usage = usage(ports, scene.id()).await?.ok_or_else(|| unknown_connection(scene.id()))?;
    let now = scene.now();
    let body = html! {
        (figures(&usage, now))
        section.panel aria-labelledby="picture" {
            h2 id="picture" { "The past 24 hours, and how they leave" }
            (chart(&usage, now))
            (numbers(&usage, now))
        }
        (forecast(&usage.forecast, now))
        (limit_form(&scene, &usage, refused.as_ref()))
    };
    Ok(of_connection(&scene, Place::Usage, Place::Usage.title(), &body))
}

fn figures(usage: &UsageNow, now: Timestamp) -> Markup {
    let budget = &usage.budget;
    let left = budget.cap.less(budget.used).0;
    html! {
        dl.figures {
            (figure("Used in 24 hours", &html! { (number(budget.used.0)) }, &html! { (number(usage.own.0)) " our retries, " (number(usage.reported.0)) " reported"
                @if usage.reserved_at_most > ApiCalls(0) {
                    "; a run is under way: up to " (number(usage.reserved_at_most.0)) " of ours are only reserved for it"
                }
            }))
            (figure("Left for retries", &html! { (number(left)) }, &html! { "of a cap of " (number(budget.cap.0)) }))
            @if left == 0 {
                (figure("Calls come back", &when_or(budget.resumes, now, "never with this cap"), &html! {
                    @if budget.cap == ApiCalls(0) { "only a higher limit helps" } @else { "unless sources report more until then; sooner with a higher limit" }
                }))
            }
            (figure("Limit of the connection", &html! { @match budget.api_limit { Some(limit) => { (number(limit.0)) } None => { "none" } } }, &html! { "set for this connection" }))
            @match &usage.org {
                Some(org) => { (figure("The org's own figure", &html! { (number(org.used.0)) " of " (number(org.limit.0)) }, &html! { "everybody's calls, as of " (when(org.at, now)) })) }
                None => { (figure("The org's own figure", &html! { "not seen yet" }, &html! { "Salesforce tells it with the first call" })) }
            }
        }
    }
}

/// When what waits will have been tried.
fn forecast(forecast: &ForecastNow, now: Timestamp) -> Markup {
    html! {
        section.panel aria-labelledby="forecast" {
            h2 id="forecast" { "Forecast" }
            @if forecast.waiting_records == 0 {
                p { "No record waits for a schedule." }
            } @else {
                p {
                    "About " (count(forecast.waiting_records, "record waits", "records wait")) " for a schedule"
                    @if forecast.timed_out_records > 0 { ", " (number(forecast.timed_out_records)) " of them in the timeout queue for the night" }
                    "; trying each once takes about " (count(forecast.calls_needed.0, "call", "calls")) ". "
                    @if let Some(at) = forecast.resumes { "As far as sources do as in the past day, retries go on at " strong { (when(at, now)) } ". " }
                    @match (forecast.clears, forecast.because) {
                        (Some(at), _) => { "The last of them is tried at " strong { (when(at, now)) } " at the earliest." }
                        (None, Some(because)) => { strong { "Nobody can tell when the last of them is tried: " } (because) "." }
                        (None, None) => {}
                    }
                }
                details {
                    summary { "What this takes for granted" }
                    ul.bullets { @for one in forecast.assumes { li { (sentence(one)) } } }
                }
            }
        }
    }
}

fn numbers(usage: &UsageNow, now: Timestamp) -> Markup {
    html! {
        details {
            summary { "The same in numbers" }
            @if usage.buckets.is_empty() { p.muted { "No call was made in the past 24 hours." } } @else {
                div.table-wrap.short {
                    table {
                        caption.visually-hidden { "API calls of each 20 minutes, latest first" }
                        thead { tr { th scope="col" { "From" } th.num scope="col" { "Our retries" } th.num scope="col" { "Reported" } } }
                        tbody { @for bucket in usage.buckets.iter().rev() {
                            tr {
                                th scope="row" { (clock_time(bucket.start, now)) }
                                td.num data-label="Our retries" { (number(bucket.own.0)) }
                                td.num data-label="Reported" { (number(bucket.reported.0)) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn limit_form(scene: &Scene, usage: &UsageNow, refused: Option<&Refused>) -> Markup {
    let settings = &scene.standing.connection.budget;
    let current = usage.budget.api_limit.map(|limit| limit.0.to_string()).unwrap_or_default();
    let shown = refused.map_or(current.as_str(), |refused| refused.written("api_limit"));
    html! {
        section.panel id="limit" aria-labelledby="limit-title" {
            h2 id="limit-title" { "The limit" }
            p {
                "Retries use at most " (settings.limit_share_percent) " % of the limit, and " (number(settings.cap_without_limit.0))
                " calls when there is none: the rest is for new syncs. With a higher limit what waits goes on at once."
            }
            @if scene.may_act() {
                form.stacked method="post" action=(scene.address(&["limit"])) {
                    label for="api_limit" { "API calls in 24 hours" }
                    div.field-line {
                        input id="api_limit" name="api_limit" inputmode="numeric" autocomplete="off" value=(shown) placeholder="no limit"
                            aria-describedby="api_limit-help" aria-invalid=[refused.is_some().then_some("true")];
                        button.primary type="submit" { "Save" }
                    }
                    @if let Some(refused) = refused { (mistakes(&refused.elsewhere(&[]))) }
                    p.muted id="api_limit-help" { "Leave it empty for no limit." }
                }
            }
        }
    }
}

async fn limit<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    form: Form,
) -> Result<Response, Problem> {
    let ports = ports.as_ref();
    let scene = Scene::of(ports, &name, caller.clone()).await?;
    let patch = json!({ "budget": { "api_limit": number_of(form.text("api_limit").unwrap_or_default()) } });
    let wish = Wish { patch: &patch, action: AuditAction::LimitChanged, who: caller.as_str() };
    match change(ports, scene.id(), wish).await? {
        Changed::Changed(_) | Changed::Same(_) | Changed::HasRecords => Ok(go_to(&scene.address(&["usage"]))),
        Changed::UnknownConnection => Err(unknown_connection(scene.id())),
        Changed::Refused(mistakes) => {
            Ok(refused(page(ports, caller, &name, Some(Refused::new(form, mistakes.0))).await?))
        }
    }
}

/// A number that somebody wrote, perhaps with a separator before every three digits; a text that is none stays one, and is refused
/// as such.
pub(super) fn number_of(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let groups: Vec<&str> = text.split([',', ' ', '\u{a0}', '_']).collect();
    let are_thousands = groups.split_first().is_some_and(|(first, rest)| {
        rest.is_empty() || (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3)
    });
    groups.concat().parse::<u64>().ok().filter(|_| are_thousands).map_or_else(|| json!(text), |number| json!(number))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::number_of;

    #[test]
    fn separators_stand_before_three_digits_each_or_it_is_no_number() {
        for (written, number) in
            [("150000", 150_000), ("150,000", 150_000), ("1 234 567", 1_234_567), ("1_000", 1_000), ("0", 0)]
        {
            assert_eq!(number_of(written), json!(number), "{written}");
        }
        for wrong in ["15000,5", "1,50", "1,,000", ",000", "-5", "12.5", "many", "1,000,00"] {
            assert_eq!(number_of(wrong), json!(wrong));
        }
        assert_eq!(number_of(""), Value::Null);
    }
}
