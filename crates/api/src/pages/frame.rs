//! The frame of every page: its head, the ways to the other pages, and what stands against the connection's work.
//!
//! Must not know: what a page shows.

use maud::{DOCTYPE, Markup, html};

use super::assets::{HTMX, OWN, STYLE};
use super::scene::{Scene, Viewer};
use super::suspension::closed;
use super::when::clock_time;
use super::words::health;

/// Where in the console a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All connections.
    Overview,
    /// What a connection's records fail with.
    Errors,
    /// The timeout queue.
    Queue,
    /// API calls.
    Usage,
    /// Runs.
    Runs,
    /// What people asked for.
    Requests,
    /// Who did what.
    Audit,
    /// Settings.
    Settings,
}

impl Place {
    /// The pages of a connection, in the order of the navigation.
    const OF_CONNECTION: [Self; 7] =
        [Self::Errors, Self::Queue, Self::Usage, Self::Requests, Self::Runs, Self::Audit, Self::Settings];

    /// Its name.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Errors => "Sync errors",
            Self::Queue => "Timeout queue",
            Self::Usage => "API usage",
            Self::Runs => "Runs",
            Self::Requests => "Requests",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }

    fn part(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Errors => "errors",
            Self::Queue => "timeout-queue",
            Self::Usage => "usage",
            Self::Runs => "runs",
            Self::Requests => "requests",
            Self::Audit => "audit",
            Self::Settings => "settings",
        }
    }
}

/// A page of a connection: under its title and the gates that are closed.
pub(super) fn of_connection(scene: &Scene, place: Place, title: &str, body: &Markup) -> Markup {
    let name = scene.id().as_str();
    let main = html! {
        div.page-head {
            nav.crumbs aria-label="Breadcrumb" {
                a href="/" { "Overview" } span aria-hidden="true" { "/" }
                a href=(scene.address(&["errors"])) { (name) }
            }
            div.title-line {
                h1 { (title) }
                (health(&scene.standing))
            }
        }
        (closed(scene))
        (body)
    };
    let ways = html! {
        p.side-title id="side-connection" { (name) }
        ul aria-labelledby="side-connection" {
            @for one in Place::OF_CONNECTION {
                li { (way(&scene.address(&[one.part()]), one.title(), one == place)) }
            }
        }
    };
    document(&format!("{title} · {name}"), &scene.viewer, None, &ways, &main)
}

/// A page of no connection.
pub(super) fn of_all(viewer: &Viewer, place: Place, title: &str, body: &Markup, ways: &Markup) -> Markup {
    let main = html! {
        div.page-head { div.title-line { h1 { (title) } } }
        (body)
    };
    document(title, viewer, Some(place), ways, &main)
}

fn way(address: &str, title: &str, is_here: bool) -> Markup {
    html! { a href=(address) aria-current=[is_here.then_some("page")] { (title) } }
}

fn document(title: &str, viewer: &Viewer, place: Option<Place>, ways: &Markup, main: &Markup) -> Markup {
    let (name, now) = (viewer.caller.as_str(), viewer.now);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { (mark()) "Resync" }
                    p.who { span.who-name { (name) } @if !viewer.may_act() { " · viewer" } }
                }
                nav.side aria-label="Pages" {
                    ul {
                        li { (way("/", "Overview", place == Some(Place::Overview))) }
                        li { (way("/audit", "Audit of all", place == Some(Place::Audit))) }
                    }
                    (ways)
                }
                main id="main" tabindex="-1" {
                    (main)
                    @if !viewer.may_act() {
                        p.muted.foot-note { "You may look at everything. Actions are for operators, so their buttons are not shown." }
                    }
                }
                footer.foot {
                    "Times are UTC. This page is of " time datetime=(now) { (clock_time(now, now)) }
                    ". Resync " (env!("CARGO_PKG_VERSION"))
                }
            }
        }
    }
}

/// htmx may neither evaluate text as code nor add a style of its own: the page's policy forbids both.
const HTMX_SETTINGS: &str =
    r#"{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// Two arrows that go round, as the tab's icon.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect width='24' \
    height='24' rx='6' fill='%230b6e5f'/%3E%3Cpath d='M7 12a5 5 0 0 1 8.6-3.5L17 10M17 6.5V10h-3.5M17 12a5 5 0 0 1-8.6 3.5L7 \
    14M7 17.5V14h3.5' fill='none' stroke='%23fff' stroke-width='1.8' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            title { (title) " · Resync" }
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="htmx-config" content=(HTMX_SETTINGS);
            link rel="icon" href=(ICON);
            link rel="stylesheet" href=(STYLE.address());
            script src=(HTMX.address()) defer {}
            script src=(OWN.address()) defer {}
        }
    }
}

fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" aria-hidden="true" {
            rect width="24" height="24" rx="6" {}
            path d="M7 12a5 5 0 0 1 8.6-3.5L17 10M17 6.5V10h-3.5M17 12a5 5 0 0 1-8.6 3.5L7 14M7 17.5V14h3.5" {}
        }
    }
}
