//! The form that narrows a listing of records; one that was refused is shown again, each mistake beside its field.
//!
//! Must not know: how the records are found.

use engine::overview::Filter;
use maud::{Markup, html};
use rules::resync::FailingState;
use rules::time::Timestamp;

use super::form::{Refused, mistakes, mistakes_elsewhere};
use super::words::line_state_name;

/// The fields, by the names of their parameters.
const FIELDS: [&str; 7] = ["type", "object", "id", "message", "failed_from", "failed_to", "state"];

/// A form of filters.
pub(super) struct Filters<'a> {
    /// Where it leads.
    pub(super) address: &'a str,
    /// What is filtered by.
    pub(super) filter: &'a Filter,
    /// The state that the whole page is about.
    pub(super) only: Option<FailingState>,
    /// What was written instead, and is wrong.
    pub(super) refused: Option<&'a Refused>,
}

/// An instant as a field for a date and a time has it, which knows of no zone: to the minute, in UTC.
fn local(at: Timestamp) -> String {
    to_the_minute(&at.to_string())
}

fn to_the_minute(text: &str) -> String {
    text.get(..16).unwrap_or(text).to_owned()
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

impl Filters<'_> {
    /// The form.
    pub(super) fn form(&self) -> Markup {
        let filter = self.filter;
        let message = self.written("message", || shown(filter.message.as_ref()));
        html! {
            form.filters method="get" action=(self.address) role="search" aria-label="Narrow the records" {
                (self.text("type", "Error type", "any", &self.written("type", || shown(filter.error_type.as_ref()))))
                (self.text("object", "Object", "any", &self.written("object", || shown(filter.object.as_ref()))))
                (self.text("id", "External id begins", "any", &self.written("id", || shown(filter.id.as_ref()))))
                @if filter.error_type.is_some() || !message.is_empty() {
                    (self.text("message", "Message contains", "anything", &message))
                }
                (self.time("failed_from", "First failed from (UTC)", filter.failed_from))
                (self.time("failed_to", "until", filter.failed_to))
                @if self.only.is_none() { (self.state()) }
                div.filter-actions {
                    button type="submit" { "Apply" }
                    a href=(self.address) { "Clear" }
                }
                @if let Some(refused) = self.refused { (mistakes_elsewhere(&refused.elsewhere(&FIELDS))) }
            }
        }
    }

    /// What was written, or what is filtered by.
    fn written(&self, name: &str, current: impl FnOnce() -> String) -> String {
        self.refused.map_or_else(current, |refused| refused.written(name).to_owned())
    }

    fn text(&self, name: &str, label: &str, none: &str, value: &str) -> Markup {
        self.field(name, label, &html! {
            input type="text" name=(name) value=(value) autocomplete="off" spellcheck="false" placeholder=(none) aria-invalid=[self.is_wrong(name)];
        })
    }

    fn time(&self, name: &str, label: &str, current: Option<Timestamp>) -> Markup {
        let value = self.written(name, || current.map(local).unwrap_or_default());
        self.field(name, label, &html! {
            input type="datetime-local" name=(name) value=(to_the_minute(&value)) aria-invalid=[self.is_wrong(name)];
        })
    }

    fn state(&self) -> Markup {
        self.field("state", "State", &html! {
            select name="state" aria-invalid=[self.is_wrong("state")] {
                option value="" { "Any" }
                @for state in FailingState::ALL {
                    option value=(state.as_str()) selected[self.filter.state == Some(state)] { (line_state_name(state)) }
                }
            }
        })
    }

    fn field(&self, name: &str, label: &str, input: &Markup) -> Markup {
        html! { label { span { (label) } (input) @if let Some(refused) = self.refused { (mistakes(&refused.of_field(name))) } } }
    }

    fn is_wrong(&self, name: &str) -> Option<&'static str> {
        self.refused.is_some_and(|refused| !refused.of_field(name).is_empty()).then_some("true")
    }
}
