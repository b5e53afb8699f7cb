//! The overview: what needs a person, and how every connection stands.
//!
//! Must not know: single records.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::routing::get;
use engine::overview::{NextRun, Standing, failing_of_each, overview};
use engine::parts::Ports;
use engine::ports::Totals;
use maud::{Markup, html};
use rules::catalogue::ErrorType;
use rules::ids::ConnectionId;
use rules::policy::Policy;
use rules::time::Timestamp;

use super::Shown;
use super::frame::{Place, of_all};
use super::parts::{Kind, badge, budget_bar, empty};
use super::scene::{Viewer, under};
use super::when::{count, number, when};
use super::words::{health, type_title};
use crate::caller::Caller;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/", get(show::<P>))
}

/// A connection, and what its records fail with.
struct Seen {
    standing: Standing,
    /// How many by type, and in the timeout queue; none when nobody can tell.
    failing: Option<Totals>,
}

impl Seen {
    /// The types that no schedule retries, the most frequent first.
    fn held(&self) -> Vec<(&ErrorType, u64)> {
        let failing = self.failing.iter().flat_map(|totals| &totals.records).map(|(of, &records)| (of, records));
        let mut held: Vec<_> = failing.filter(|(of, _)| self.standing.connection.policy.excludes(of)).collect();
        held.sort_by_key(|&(_, records)| std::cmp::Reverse(records));
        held
    }

    /// The records whose tries are used up: only the nightly run tries them.
    fn timed_out(&self) -> u64 {
        self.failing.as_ref().map_or(0, |totals| totals.timed_out)
    }

    fn address(&self, page: &str) -> String {
        under(&self.standing.connection.id, &[page])
    }
}

async fn show<P: Ports>(State(ports): State<Arc<P>>, Extension(caller): Extension<Caller>) -> Shown {
    let ports = ports.as_ref();
    let viewer = Viewer::of(ports, caller);
    let all = overview(ports).await?;
    let ids: Vec<ConnectionId> = all.connections.iter().map(|standing| standing.connection.id.clone()).collect();
    let failing = failing_of_each(ports, &ids).await?;
    let seen: Vec<Seen> =
        all.connections.into_iter().zip(failing).map(|(standing, failing)| Seen { standing, failing }).collect();
    Ok(of_all(&viewer, Place::Overview, "Overview", &body(&seen, all.unreadable, viewer.now), &ways(&seen)))
}

/// The connections, beside the page.
fn ways(seen: &[Seen]) -> Markup {
    html! {
        @if !seen.is_empty() {
            p.side-title id="side-connections" { "Connections" }
            ul aria-labelledby="side-connections" {
                @for one in seen { li { a href=(one.address("errors")) { (one.standing.connection.id) } } }
            }
        }
    }
}

fn body(seen: &[Seen], unreadable: usize, now: Timestamp) -> Markup {
    if seen.is_empty() && unreadable == 0 {
        return empty(
            "There is no connection yet",
            "Create one with `resync connection create`; it then shows up here.",
        );
    }
    html! {
        (needs(seen, unreadable, now))
        section aria-labelledby="connections" {
            h2 id="connections" { "Connections" }
            (table(seen, now))
        }
    }
}

/// One thing that a person should look at.
struct Need {
    matter: Matter,
    words: String,
    more: Markup,
    address: String,
    does: &'static str,
}

/// What it is about, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Matter {
    Suspended,
    BudgetSpent,
    Held,
    TimedOut,
    Paused,
    UnderWay,
}

impl Matter {
    fn badge(self) -> Markup {
        match self {
            Self::Suspended => badge(Kind::Bad, "Suspended"),
            Self::BudgetSpent => badge(Kind::Warning, "Budget spent"),
            Self::Held => badge(Kind::Warning, "Held"),
            Self::TimedOut => badge(Kind::Warning, "Timeout queue"),
            Self::Paused => badge(Kind::Warning, "Paused"),
            Self::UnderWay => badge(Kind::Info, "Under way"),
        }
    }
}

fn needs(seen: &[Seen], unreadable: usize, now: Timestamp) -> Markup {
    let mut all: Vec<(&Seen, Need)> =
        seen.iter().flat_map(|one| of_connection(one, now).into_iter().map(move |need| (one, need))).collect();
    all.sort_by_key(|(_, need)| need.matter);
    html! {
        section.needs aria-labelledby="needs" {
            h2 id="needs" { "What needs you" }
            @if unreadable > 0 {
                p.notice.bad { (count(unreadable as u64, "connection", "connections")) " cannot be read; the log says why." }
            }
            @if all.is_empty() {
                p.all-well { "Nothing. Every connection runs, and its retries go on by themselves." }
            } @else {
                ul.need-list { @for (one, need) in &all {
                    li {
                        (need.matter.badge())
                        p { strong { (one.standing.connection.id) } (need.words) (need.more) }
                        a.button href=(need.address) { (need.does) span.visually-hidden { " of " (one.standing.connection.id) } }
                    }
                } }
            }
        }
    }
}

fn of_connection(one: &Seen, now: Timestamp) -> Vec<Need> {
    let (standing, mut needs) = (&one.standing, Vec::new());
    let mut need = |matter, words: String, more, address, does| {
        needs.push(Need { matter, words, more, address, does });
    };
    if let Some(by) = &standing.suspension {
        let more = html! { ", since " (when(by.since, now)) };
        need(Matter::Suspended, format!(": {}", by.words), more, one.address("suspension"), "Look at the suspension");
    }
    if standing.budget.used >= standing.budget.cap {
        let words = format!(
            " has used or reserved {} of {} API calls",
            number(standing.budget.used.0),
            number(standing.budget.cap.0)
        );
        let more = if let Some(at) = standing.budget.resumes {
            html! { "; calls come back at " (when(at, now)) ", if sources make none until then" }
        } else {
            html! { "; none come back with this cap" }
        };
        need(Matter::BudgetSpent, words, more, one.address("usage"), "See the API usage");
    }
    if standing.connection.paused {
        let words = " is paused by a person, and retries nothing".to_owned();
        need(Matter::Paused, words, html! {}, one.address("settings"), "See the settings");
    }
    for (error_type, records) in one.held() {
        let words = format!(" has {} that no schedule retries: ", count(records, "record", "records"));
        let more = html! { (type_title(error_type)) };
        let address = format!("{}?type={}", one.address("records"), super::parts::encoded(error_type.as_str()));
        need(Matter::Held, words, more, address, "See the records");
    }
    if one.timed_out() > 0 {
        let words = format!(" has {} in the timeout queue", count(one.timed_out(), "record", "records"));
        let more = html! { ": their tries are used up, and only the nightly run goes on until their cause is mended" };
        need(Matter::TimedOut, words, more, one.address("timeout-queue"), "See the queue");
    }
    if standing.open_requests > 0 {
        let words = format!(" has {}", count(standing.open_requests as u64, "open request", "open requests"));
        need(Matter::UnderWay, words, html! {}, one.address("requests"), "Follow the requests");
    }
    needs
}

fn table(seen: &[Seen], now: Timestamp) -> Markup {
    html! {
        div.table-wrap {
            table.connections {
                caption.visually-hidden { "All connections, and how each stands" }
                thead { tr {
                    th scope="col" { "Connection" }
                    th scope="col" { "Health" }
                    th.num scope="col" { "Failing records" }
                    th scope="col" { "API budget, 24 hours" }
                    th scope="col" { "Next run" }
                } }
                tbody { @for one in seen { (row(one, now)) } }
            }
        }
    }
}

fn row(one: &Seen, now: Timestamp) -> Markup {
    let connection = &one.standing.connection;
    html! {
        tr {
            th.record scope="row" {
                a href=(one.address("errors")) { (connection.id) }
                p.message { (policy_words(&connection.policy)) }
            }
            td data-label="Health" { (health(&one.standing)) }
            td.num data-label="Failing records" {
                div { (failing(one.failing.as_ref().map(|totals| &totals.records))) }
            }
            td data-label="API budget, 24 hours" { (budget_bar(&one.standing.budget)) }
            td data-label="Next run" { (next_run(&one.standing, now)) }
        }
    }
}

fn failing(by_type: Option<&BTreeMap<ErrorType, u64>>) -> Markup {
    let Some(by_type) = by_type else { return html! { p.message { "not known; the log says why" } } };
    html! {
        span.big { (number(by_type.values().sum::<u64>())) }
        @if !by_type.is_empty() { p.message { (count(by_type.len() as u64, "type", "types")) } }
    }
}

/// How failures are retried, in a line.
pub(super) fn policy_words(policy: &Policy) -> String {
    match policy {
        Policy::Interval(policy) => format!(
            "Every {} min, {} tries, then every night at {} UTC",
            policy.every_minutes, policy.tries, policy.nightly_at
        ),
        Policy::Recent(policy) => {
            let times: Vec<String> = policy.sweeps_at.iter().map(ToString::to_string).collect();
            format!("At {} UTC, failures of {} days", times.join(" and "), policy.window_days)
        }
    }
}

/// The next time at which a schedule tries records, or what that waits for.
pub(super) fn next_run(standing: &Standing, now: Timestamp) -> Markup {
    match standing.next_run {
        NextRun::At(at) => when(at, now),
        NextRun::When(words) => html! { span.muted { (words) } },
    }
}
