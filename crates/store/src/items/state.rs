//! A record's state as a letter or two, with its instant beside it.
//!
//! Must not know: what a state means, or which index it puts a record in.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::PortError;
use rules::record::{HoldReason, Next, Resolution, State};
use rules::time::Timestamp;

use super::Fields;
use super::fields::{number, text};
use super::index::NEXT_ATTEMPT;

/// The letters.
pub(crate) const STATE: &str = "s";
/// Since when a record is resolved, or when a success was reported.
pub(crate) const DONE_AT: &str = "ra";
/// The letters of the mark that a success leaves on a record that was never seen failing.
pub(crate) const SUCCESS: &str = "m";

/// The attributes of a state.
pub(crate) fn write(state: State) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    let (letters, instant) = match state {
        State::Scheduled(Next::At(next)) => ("a", Some((NEXT_ATTEMPT, next))),
        State::Scheduled(Next::Sweep) => ("w", None),
        State::TimedOut { next } => ("t", Some((NEXT_ATTEMPT, next))),
        State::Held(reason) => (held(reason), None),
        State::Resolved { how, at } => (resolved(how), Some((DONE_AT, at))),
    };
    let instant = instant.map(|(name, at)| (name, number(at.as_millis())));
    std::iter::once((STATE, text(letters))).chain(instant)
}

/// Reads them.
pub(crate) fn read(fields: Fields<'_>) -> Result<State, PortError> {
    let instant = |name| fields.number(name).map(Timestamp::from_millis);
    let resolved = |how| Ok(State::Resolved { how, at: instant(DONE_AT)? });
    match fields.text(STATE)? {
        "a" => Ok(State::Scheduled(Next::At(instant(NEXT_ATTEMPT)?))),
        "w" => Ok(State::Scheduled(Next::Sweep)),
        "t" => Ok(State::TimedOut { next: instant(NEXT_ATTEMPT)? }),
        "he" => Ok(State::Held(HoldReason::ExcludedType)),
        "hp" => Ok(State::Held(HoldReason::PayloadMissing)),
        "rr" => resolved(Resolution::Retried),
        "re" => resolved(Resolution::SucceededElsewhere),
        "rg" => resolved(Resolution::Gone),
        "rd" => resolved(Resolution::Deleted),
        _ => Err(fields.wrong(STATE)),
    }
}

fn held(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::ExcludedType => "he",
        HoldReason::PayloadMissing => "hp",
    }
}

fn resolved(how: Resolution) -> &'static str {
    match how {
        Resolution::Retried => "rr",
        Resolution::SucceededElsewhere => "re",
        Resolution::Gone => "rg",
        Resolution::Deleted => "rd",
    }
}
