//! A table of failing records, as several pages show it.
//!
//! Must not know: how they were found.

use engine::overview::Line;
use maud::{Markup, html};
use rules::time::Timestamp;

use super::scene::Scene;
use super::when::{when, when_or};
use super::words::{line_state, type_title};

/// How the table is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// With a box before each record.
    pub(super) boxes: bool,
    /// With the type of each record's error.
    pub(super) types: bool,
}

/// The table.
pub(super) fn table(scene: &Scene, lines: &[Line], caption: &str, look: Look) -> Markup {
    html! {
        div.table-wrap {
            table.records {
                caption.visually-hidden { (caption) }
                thead { tr {
                    @if look.boxes { th.box scope="col" { input type="checkbox" data-all="record" aria-label="Select all records of this page" hidden; } }
                    th scope="col" { "Record and last error" }
                    th scope="col" { "State" }
                    th.num scope="col" { "Tries" }
                    th scope="col" { "First failed" }
                    th scope="col" { "Next try" }
                } }
                tbody { @for line in lines { (row(scene, line, look)) } }
            }
        }
    }
}

fn row(scene: &Scene, line: &Line, look: Look) -> Markup {
    let (object, id, now) = (line.object.as_str(), line.external_id.as_str(), scene.now());
    let name = format!("{object}/{id}");
    html! {
        tr {
            @if look.boxes {
                td.box { input type="checkbox" name="record" value=(name) aria-label={ "Select " (name) }; }
            }
            th.record scope="row" {
                a href=(scene.address(&["records", object, id])) { span.muted { (object) "/" } (id) }
                p.message { @if look.types { span.type { (type_title(&line.error_type)) } " " } (line.message) }
            }
            td data-label="State" { (line_state(line.state)) }
            td.num data-label="Tries" { (line.attempts.total()) }
            td data-label="First failed" { (when(line.first_failed, now)) }
            td data-label="Next try" { (next(line.next_try, now)) }
        }
    }
}

fn next(next: Option<Timestamp>, now: Timestamp) -> Markup {
    when_or(next, now, "by no schedule")
}
