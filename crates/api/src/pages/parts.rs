//! The small things that pages are made of: badges, notices, figures, empty states.
//!
//! Must not know: what they are about.

use engine::overview::BudgetNow;
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bar::{Tone, bar};
use super::when::number;

/// What stands as it is in a part of an address: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a part of an address.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A path of these parts, each taken literally.
pub(super) fn path(parts: &[&str]) -> String {
    parts.iter().fold(String::new(), |path, part| path + "/" + &encoded(part))
}

/// How a thing is coloured; the words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing of note.
    Plain,
    /// As it should be.
    Good,
    /// It goes on by itself.
    Info,
    /// A person should look.
    Warning,
    /// Nothing goes on without a person.
    Bad,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A state in a word or two.
pub(super) fn badge(kind: Kind, words: &str) -> Markup {
    html! { span class={ "badge " (kind.class()) } { (words) } }
}

/// Something to know before the rest of the page.
pub(super) fn notice(kind: Kind, title: &str, body: &Markup) -> Markup {
    html! {
        section class={ "notice " (kind.class()) } aria-label=(title) {
            p.notice-title { (title) }
            div.notice-body { (body) }
        }
    }
}

/// A figure with its name.
pub(super) fn figure(name: &str, value: &Markup, more: &Markup) -> Markup {
    html! { div.figure { dt { (name) } dd { span.value { (value) } span.more { (more) } } } }
}

/// What is shown where nothing is.
pub(super) fn empty(title: &str, words: &str) -> Markup {
    html! { div.empty { p.empty-title { (title) } p { (words) } } }
}

/// How near a budget is to its cap.
pub(super) fn tone(budget: &BudgetNow) -> Tone {
    let (used, cap) = (budget.used.0, budget.cap.0);
    if used >= cap {
        Tone::Spent
    } else if used.saturating_mul(5) >= cap.saturating_mul(4) {
        Tone::Near
    } else {
        Tone::Fine
    }
}

/// A budget as a bar with its numbers.
pub(super) fn budget_bar(budget: &BudgetNow) -> Markup {
    let words = format!("{} of {} calls", number(budget.used.0), number(budget.cap.0));
    html! {
        div.budget {
            (bar(budget.used.0, budget.cap.0, tone(budget), &format!("API budget: {words} used or reserved in 24 hours")))
            span.budget-words { (words) }
        }
    }
}

/// A hidden value of a form.
pub(super) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}
