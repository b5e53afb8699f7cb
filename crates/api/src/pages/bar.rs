//! Bars: how much of something is used, or done. Drawn as SVG, because a page may hold no inline style.
//!
//! Must not know: what is measured.

use maud::{Markup, html};

/// The width of a bar in its own units.
const WIDTH: u64 = 1_000;

/// How a part stands to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing to worry about.
    Fine,
    /// Close to the end.
    Near,
    /// At the end.
    Spent,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Near => "near",
            Self::Spent => "spent",
        }
    }
}

/// `part` of `whole` as a share of [`WIDTH`]; a full bar when there is no whole.
pub(super) fn share(part: u64, whole: u64, of: u64) -> u64 {
    let share = u128::from(part) * u128::from(of) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(of).min(of)
}

/// A bar, said in words by `label`.
pub(super) fn bar(part: u64, whole: u64, tone: Tone, label: &str) -> Markup {
    // Whatever is used shows, however little it is.
    let least = if part > 0 { 8 } else { 0 };
    segments(&[(share(part, whole, WIDTH).max(least), tone.class())], label)
}

/// A bar of several parts one after another, each with a class; together at most [`WIDTH`].
pub(super) fn segments(parts: &[(u64, &str)], label: &str) -> Markup {
    let mut from = 0;
    let placed: Vec<(u64, u64, &str)> = parts
        .iter()
        .map(|&(width, class)| {
            let at = from;
            from += width;
            (at, width, class)
        })
        .collect();
    html! {
        svg.bar role="img" aria-label=(label) viewBox="0 0 1000 8" preserveAspectRatio="none" {
            rect.track x="0" y="0" width="1000" height="8" {}
            @for (x, width, class) in &placed {
                rect class=(class) x=(x) y="0" width=(width) height="8" {}
            }
        }
    }
}
