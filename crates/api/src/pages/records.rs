//! A connection's failing records: listed, narrowed, chosen.
//!
//! Must not know: what is done with the chosen ones.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::overview::{Filter, Page, list};
use engine::parts::Ports;
use maud::{Markup, html};
use rules::resync::FailingState;

use super::errors::export;
use super::filters::Filters;
use super::form::{Refused, refused};
use super::frame::{Place, of_connection};
use super::lines::{Look, table};
use super::misspelt::misspelt;
use super::parts::{Kind, badge, empty, encoded, hidden};
use super::scene::Scene;
use super::when::{count, number};
use super::words::type_title;
use crate::caller::Caller;
use crate::cursor;
use crate::params::{Named, Params};
use crate::problem::Problem;
use crate::routes::filter;

/// The records of a page.
const ROWS: usize = 50;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .route("/c/{connection}/records", get(show::<P>))
        .route("/c/{connection}/timeout-queue", get(queue::<P>))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    params: Params,
) -> Result<Response, Problem> {
    listing(ports.as_ref(), caller, &name, params, None).await
}

async fn queue<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    params: Params,
) -> Result<Response, Problem> {
    listing(ports.as_ref(), caller, &name, params, Some(FailingState::TimedOut)).await
}

async fn listing<P: Ports>(
    ports: &P,
    caller: Caller,
    name: &str,
    mut params: Params,
    only: Option<FailingState>,
) -> Result<Response, Problem> {
    params.leave_out_empty();
    params.complete_times(&["failed_from", "failed_to"]);
    let mut filter = filter(&mut params);
    filter.state = only.or(filter.state);
    let cursor = params.raw("cursor");
    let place = cursor.as_deref().map(|text| cursor::read(text, name, &filter));
    if place.as_ref().is_some_and(Option::is_none) {
        params.wrong("cursor", "is not one of this listing", "begin at its first page");
    }
    let (given, mistakes) = params.ended();
    let scene = Scene::of(ports, name, caller).await?;
    let (at, title) = match (only, &filter.error_type) {
        (Some(_), _) => (Place::Queue, Place::Queue.title().to_owned()),
        (None, Some(error_type)) => (Place::Errors, type_title(error_type)),
        (None, None) => (Place::Errors, "Failing records".to_owned()),
    };
    let address = scene.address(&[if only.is_some() { "timeout-queue" } else { "records" }]);
    if !mistakes.is_empty() {
        let wrong = Refused::new(given, mistakes);
        let filters = Filters { address: &address, filter: &filter, only, refused: Some(&wrong) };
        let body = html! {
            (filters.form())
            (empty("Nothing is listed yet", "Correct the filters above, or clear them to see all records."))
        };
        return Ok(refused(of_connection(&scene, at, &title, &body)));
    }
    let page = list(ports, &scene.standing.connection, &filter, ROWS, place.flatten()).await?;
    // Where something was counted, the names are right.
    let misspelt = match page.of {
        0 => misspelt(ports, &scene, filter.error_type.as_ref(), filter.object.as_ref()).await?,
        _ => None,
    };
    let view =
        View { scene: &scene, filter: &filter, page: &page, address, only, is_first: cursor.is_none(), misspelt };
    Ok(of_connection(&scene, at, &title, &view.body()).into_response())
}

struct View<'a> {
    scene: &'a Scene,
    filter: &'a Filter,
    page: &'a Page,
    address: String,
    only: Option<FailingState>,
    is_first: bool,
    /// What is wrong with a name, when nothing fits.
    misspelt: Option<Markup>,
}

impl View<'_> {
    fn body(&self) -> Markup {
        html! {
            @if self.only.is_some() {
                p.lead {
                    "Records whose tries of the 20-minute schedule are used up. All of them are retried every night; "
                    "one that fails again stays here. A resync tries them now."
                }
            }
            (Filters { address: &self.address, filter: self.filter, only: self.only, refused: None }.form())
            @if self.page.records.is_empty() {
                (self.nothing())
            } @else {
                (self.records())
            }
        }
    }

    fn nothing(&self) -> Markup {
        match (&self.page.next, self.is_first) {
            (Some(_), _) => html! {
                (empty("None of these records fits", "Not all were looked at yet. Go on to look further."))
                (self.pager())
            },
            (None, true) if *self.filter == Filter::default() => {
                empty("No record fails", "A record that fails to sync shows up here.")
            }
            (None, true) => html! {
                @if let Some(misspelt) = &self.misspelt { (misspelt) }
                (empty("No failing record fits", "Clear the filters to see all of them."))
            },
            (None, false) => empty("That was the last page", "Go back, or begin anew with the filters above."),
        }
    }

    fn records(&self) -> Markup {
        let look = Look { boxes: self.scene.may_act(), types: self.filter.error_type.is_none() };
        let table = table(self.scene, &self.page.records, "Failing records, oldest of a type first", look);
        html! {
            @if self.scene.may_act() {
                form.bulk method="post" action=(self.scene.address(&["plans"])) {
                    div.toolbar {
                        p.muted { (self.told()) }
                        div.actions {
                            span.muted data-count="record" aria-live="polite" {}
                            button.primary type="submit" name="action" value="resync" { "Resync selected" }
                            button.danger type="submit" name="action" value="delete" { "Delete selected" }
                        }
                    }
                    (table)
                }
            } @else {
                div { div.toolbar { p.muted { (self.told()) } } (table) }
            }
            (self.pager())
            (self.whole())
        }
    }

    fn told(&self) -> Markup {
        let shown = self.page.records.len() as u64;
        html! {
            (count(shown, "record", "records")) " on this page"
            @if self.page.searched > shown || self.page.next.is_some() {
                ", searched " (number(self.page.searched)) " of " (number(self.page.of))
            }
            @if self.page.unreadable > 0 {
                " " (badge(Kind::Warning, &format!("{} cannot be read by this version", self.page.unreadable)))
            }
        }
    }

    fn query(&self) -> String {
        let parts = [
            ("type", self.filter.error_type.as_ref().map(ToString::to_string)),
            ("object", self.filter.object.as_ref().map(ToString::to_string)),
            ("state", self.filter.state.map(|state| state.as_str().to_owned())),
            ("failed_from", self.filter.failed_from.map(|from| from.to_string())),
            ("failed_to", self.filter.failed_to.map(|to| to.to_string())),
            ("message", self.filter.message.as_ref().map(ToString::to_string)),
            ("id", self.filter.id.as_ref().map(ToString::to_string)),
        ];
        let given = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(&value?))));
        given.collect::<Vec<_>>().join("&")
    }

    fn pager(&self) -> Markup {
        let next = self.page.next.as_ref().map(|place| cursor::write(place, self.scene.id().as_str(), self.filter));
        let query = self.query();
        html! {
            nav.pager aria-label="Pages of records" {
                @if !self.is_first { a.button href={ (self.address) "?" (query) } { "First page" } }
                @if let Some(next) = &next { a.button href={ (self.address) "?" (query) "&cursor=" (next) } { "Next page" } }
            }
        }
    }

    /// What is done with all that fit, not with those of this page alone.
    fn whole(&self) -> Markup {
        html! {
            section.panel aria-labelledby="whole" {
                h2 id="whole" { "All records that fit the filters" }
                p.muted { "Not only those of this page. A plan says first how many they are, what it costs and when it ends." }
                div.actions {
                    // A plan knows nothing of messages and ids: it would mean more records than are shown.
                    @if self.scene.may_act() && self.filter.message.is_none() && self.filter.id.is_none() {
                        form method="post" action=(self.scene.address(&["plans"])) {
                            (self.wanted())
                            button type="submit" name="action" value="resync" { "Retry all" }
                            button.danger type="submit" name="action" value="delete" { "Delete all" }
                        }
                    }
                    a.button href=(export(self.scene, &self.query())) download { "Export as CSV" }
                }
            }
        }
    }

    fn wanted(&self) -> Markup {
        html! {
            @if let Some(error_type) = &self.filter.error_type { (hidden("type", error_type.as_str())) }
            @if let Some(object) = &self.filter.object { (hidden("object", object.as_str())) }
            @if let Some(state) = self.filter.state { (hidden("state", state.as_str())) }
            @if let Some(from) = self.filter.failed_from { (hidden("failed_from", &from.to_string())) }
            @if let Some(to) = self.filter.failed_to { (hidden("failed_to", &to.to_string())) }
            @if *self.filter == Filter::default() { (hidden("all", "true")) }
        }
    }
}
