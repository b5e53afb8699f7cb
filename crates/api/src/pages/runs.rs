//! What the latest runs of a connection did.
//!
//! Must not know: what a run does.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::routing::get;
use engine::parts::Ports;
use engine::ports::{Reports, RunReport};
use maud::{Markup, html};

use super::Shown;
use super::frame::{Place, of_connection};
use super::parts::empty;
use super::scene::Scene;
use super::when::{number, span, when};
use super::words::{selection, stopped};
use crate::caller::Caller;
use crate::params::Named;

/// How many are listed.
const LATEST: usize = 100;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/c/{connection}/runs", get(show::<P>))
}

async fn show<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let runs = ports.store().reports(scene.id(), LATEST).await?;
    let body = if runs.is_empty() {
        empty("No run yet", "A run starts when a schedule ticks and a record is due. Its report then shows up here.")
    } else {
        html! {
            p.lead { "The last " (runs.len()) " runs, newest first. Reports are kept for "
                (scene.standing.connection.retention.report_days) " days." }
            (table(&scene, &runs))
        }
    };
    Ok(of_connection(&scene, Place::Runs, Place::Runs.title(), &body))
}

fn table(scene: &Scene, runs: &[RunReport]) -> Markup {
    html! {
        div.table-wrap {
            table {
                caption.visually-hidden { "Runs, newest first" }
                thead { tr {
                    th scope="col" { "Started" }
                    th scope="col" { "What" }
                    th scope="col" { "Ended because" }
                    th.num scope="col" { "Tried" }
                    th.num scope="col" { "Resolved" }
                    th.num scope="col" { "Failed" }
                    th.num scope="col" { "Passed over" }
                    th.num scope="col" { "Deleted" }
                    th.num scope="col" { "API calls" }
                    th.num scope="col" { "Took" }
                } }
                tbody { @for run in runs { (row(scene, run)) } }
            }
        }
    }
}

fn row(scene: &Scene, run: &RunReport) -> Markup {
    html! {
        tr {
            th scope="row" { (when(run.started, scene.now())) }
            td data-label="What" { (selection(&run.selection)) }
            td data-label="Ended because" { (stopped(run.stopped)) }
            td.num data-label="Tried" { (number(run.tried)) }
            td.num data-label="Resolved" { (number(run.resolved)) }
            td.num data-label="Failed" { (number(run.failed)) @if run.unknown > 0 { span.muted { " +" (number(run.unknown)) " unknown" } } }
            td.num data-label="Passed over" { (number(run.skipped)) }
            td.num data-label="Deleted" { (number(run.deleted)) }
            td.num data-label="API calls" { (number(run.api_calls)) }
            td.num data-label="Took" { (span(run.ended.since(run.started))) }
        }
    }
}
