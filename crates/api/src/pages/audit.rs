//! Who did what, of one connection or of all.
//!
//! Must not know: what is audited.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::routing::get;
use engine::parts::Ports;
use engine::ports::{AuditEntry, Audits};
use maud::{Markup, html};
use rules::time::Timestamp;

use super::Shown;
use super::frame::{Place, of_all, of_connection};
use super::parts::empty;
use super::scene::{Scene, Viewer};
use super::when::{number, when};
use super::words::action;
use crate::caller::Caller;
use crate::params::Named;

/// How many are listed.
const LATEST: usize = 200;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/audit", get(all::<P>)).route("/c/{connection}/audit", get(one::<P>))
}

async fn all<P: Ports>(State(ports): State<Arc<P>>, Extension(caller): Extension<Caller>) -> Shown {
    let viewer = Viewer::of(ports.as_ref(), caller);
    let entries = ports.store().audits(None, LATEST).await?;
    Ok(of_all(&viewer, Place::Audit, "Audit of all", &body(&entries, true, viewer.now), &html! {}))
}

async fn one<P: Ports>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
) -> Shown {
    let scene = Scene::of(ports.as_ref(), &name, caller).await?;
    let entries = ports.store().audits(Some(scene.id()), LATEST).await?;
    Ok(of_connection(&scene, Place::Audit, Place::Audit.title(), &body(&entries, false, scene.now())))
}

fn body(entries: &[AuditEntry], with_connections: bool, now: Timestamp) -> Markup {
    if entries.is_empty() {
        return empty("Nobody did anything yet", "Every change that a person makes is noted here, with who and when.");
    }
    html! {
        p.lead { "What people did, newest first. Schedules are not in it: see the runs of a connection." }
        div.table-wrap {
            table {
                caption.visually-hidden { "Who did what, newest first" }
                thead { tr {
                    th scope="col" { "When" }
                    th scope="col" { "Who" }
                    th scope="col" { "What" }
                    @if with_connections { th scope="col" { "Connection" } }
                    th scope="col" { "Details" }
                    th.num scope="col" { "Records" }
                } }
                tbody { @for entry in entries { (row(entry, with_connections, now)) } }
            }
        }
    }
}

fn row(entry: &AuditEntry, with_connections: bool, now: Timestamp) -> Markup {
    let connection = entry.connection.as_ref().map_or("–", |connection| connection.as_str());
    html! {
        tr {
            th scope="row" { (when(entry.at, now)) }
            td data-label="Who" { (entry.who) }
            td data-label="What" { (action(entry.action)) }
            @if with_connections { td data-label="Connection" { (connection) } }
            td.subject data-label="Details" { (entry.subject) }
            td.num data-label="Records" { (if entry.records > 0 { number(entry.records) } else { "–".to_owned() }) }
        }
    }
}
